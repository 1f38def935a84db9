#include "modules/registration/tombstones.h"

#include <optional>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "modules/registration/registration.h"
#include "modules/registration/tombstone_codec.h"
#include "server/core/accounts/account.h"
#include "server/core/actors/owner_maker.h"
#include "server/core/address/domains.h"
#include "server/runtime/scope.h"
#include "server/runtime/shard.h"
#include "storage/storage.h"

namespace clarion::registration {
namespace {

constexpr Logger logger{"registration"};
constexpr std::size_t names_at_once = 100;
constexpr Duration slice_pause = std::chrono::milliseconds(20);

/// As in the row of the module: tombstones are looked for where no module's state is at hand.
constexpr std::string_view module_name = "registration";

std::string_view host_of(std::string_view address) { return address.substr(address.find('@') + 1); }

bool is_over(const core::Context& context, std::string_view host, std::string_view value) {
    const auto deleted = decode_tombstone(value);
    if (!deleted) return true;
    const auto& options = context.options<RegistrationOptions>(host);
    return context.clock().lasting() - *deleted >= options.reserve_deleted_names;
}

}  // namespace

Task<Result<bool>> has_tombstone(core::Context& context, std::string address) {
    const auto id = co_await context.storage().owners().find(storage::OwnerKind::actor, address);
    if (!id) co_return id.error();
    if (!id->has_value()) co_return false;
    const storage::DataSpace space{**id, module_name, storage::DataKind::stored};
    const auto value =
        co_await context.storage().module_data().get(space, std::string(tombstone_key));
    if (!value) co_return value.error();
    co_return value->has_value() && !is_over(context, host_of(address), **value);
}

Tombstones::Tombstones(core::ModuleSetup& setup)
    : context_(setup.context()), entries_(setup.stored_data()) {}

storage::Owners& Tombstones::owners() const { return context_.storage().owners(); }

void Tombstones::on_deleted(const events::AccountDeleted& event) {
    const auto& options = context_.options<RegistrationOptions>(event.account.host());
    if (options.reserve_deleted_names == Duration::zero()) return;
    context_.scope().spawn("tombstone", set_up(std::string(event.account.jid().bare())));
}

/// It and its entry are one batch, so that no name is kept by an owner that nothing clears away.
Task<> Tombstones::set_up(std::string address) {
    const auto claim =
        co_await core::owner_maker(context_).claim(storage::OwnerKind::actor, address);
    const auto found = co_await owners().find(storage::OwnerKind::actor, address);
    if (!found) logger.error("no-tombstone", {{"account", address}, {"error", found.error().text}});
    if (!found || !context_.is_home(address)) co_return;
    storage::OwnerId id = found->value_or(storage::OwnerId::none);
    if (id == storage::OwnerId::none) {
        id = owners().next_id(address);
        const storage::Owner owner{.id = id, .kind = storage::OwnerKind::actor, .address = address};
        owners().put(context_.shard().batch(), owner);
    }
    entries_.put_uncounted(id, tombstone_key, encode_tombstone(context_.clock().lasting()));
    (void)co_await context_.shard().committed();
}

Task<Result<>> Tombstones::clear_one(std::string address) const {
    const auto claim = core::owner_maker(context_).try_claim(storage::OwnerKind::actor, address);
    if (!claim) co_return Result<>{};  // it is being set up
    const auto id = co_await owners().find(storage::OwnerKind::actor, address);
    if (!id) co_return id.error();
    if (!id->has_value()) co_return Result<>{};
    const auto value = co_await entries_.get(**id, std::string(tombstone_key));
    if (!value) co_return value.error();
    const bool over = value->has_value() && is_over(context_, host_of(address), **value);
    if (!over || !context_.is_home(address)) co_return Result<>{};
    const storage::Owner owner{
        .id = **id, .kind = storage::OwnerKind::actor, .address = std::move(address)};
    owners().remove(context_.shard().batch(), owner);
    co_return co_await context_.shard().committed();
}

/// Those at a host behind `after`; false: there are no more.
Task<Result<bool>> Tombstones::clear_some(std::string host, std::string& after) const {
    const auto names =
        co_await owners().list(storage::OwnerKind::actor, std::move(host), after, names_at_once);
    if (!names) co_return names.error();
    if (!names->empty()) after = names->back();
    for (const std::string& name : *names) {
        if (!context_.is_home(name)) continue;
        const auto done = co_await clear_one(name);
        if (!done) co_return done.error();
    }
    co_return names->size() == names_at_once;
}

Task<> Tombstones::clear_away() const {
    co_await context_.shard().sleep(first_clearing);
    while (!context_.stopping()) {
        const std::vector<std::string> hosts = context_.domains().hosts();
        for (const std::string& host : hosts) {
            std::string after;
            for (bool more = true; more && !context_.stopping();) {
                const auto done = co_await clear_some(host, after);
                if (!done)
                    logger.error("clearing-failed", {{"host", host}, {"error", done.error().text}});
                more = done && *done;
                if (more) co_await context_.shard().sleep(slice_pause);
            }
        }
        co_await context_.shard().sleep(clearing_interval);
    }
}

}  // namespace clarion::registration
