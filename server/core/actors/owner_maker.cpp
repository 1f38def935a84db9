#include "server/core/actors/owner_maker.h"

#include "server/core/context.h"
#include "server/core/internals.h"
#include "server/runtime/shard.h"
#include "storage/storage.h"

namespace clarion::core {

using storage::OwnerKind;

OwnerMaker& owner_maker(const Context& context) { return context.internals().owner_maker; }

std::optional<OwnerMaker::Claim> OwnerMaker::try_claim(OwnerKind kind, std::string address) {
    const auto [at, is_new] = held_.emplace(kind, std::move(address));
    if (!is_new) return std::nullopt;
    return Claim(*this, at);
}

Task<OwnerMaker::Claim> OwnerMaker::claim(OwnerKind kind, std::string address) {
    while (true) {
        auto claim = try_claim(kind, address);
        if (claim) co_return std::move(*claim);
        (void)co_await freed_.wait(context_.shard());
    }
}

Task<Result<storage::OwnerId>> OwnerMaker::find_or_make(std::string address) {
    storage::Owners& owners = context_.storage().owners();
    // Almost always it is there: who only looks need not wait for others.
    const auto known = co_await owners.find(OwnerKind::actor, address);
    if (!known) co_return known.error();
    if (*known) co_return **known;
    const Claim held = co_await claim(OwnerKind::actor, address);
    const auto found = co_await owners.find(OwnerKind::actor, address);
    if (!found) co_return found.error();
    if (*found) co_return **found;
    if (!context_.is_home(address)) co_return fail(error_code::moved, "it lives elsewhere");
    const storage::Owner made{owners.next_id(address), OwnerKind::actor, address};
    owners.put(context_.shard().batch(), made);
    const Result<> committed = co_await context_.shard().committed();
    if (!committed) co_return committed.error();
    co_return made.id;
}

}  // namespace clarion::core
