#include "modules/registration/account_maker.h"

#include <functional>
#include <optional>

#include "base/metrics.h"
#include "modules/registration/guess.h"
#include "modules/registration/invitations/invitations.h"
#include "modules/registration/tombstones.h"
#include "server/core/accounts/account_registry.h"
#include "server/core/accounts/administrators.h"
#include "server/core/context.h"
#include "server/core/events/account_events.h"
#include "server/core/setup/remote_call.h"
#include "server/runtime/event_bus.h"
#include "storage/storage.h"

namespace clarion::registration {

using core::Context;

namespace {

Task<Result<bool>> exists(Context& context, Jid jid) {
    const auto found = co_await context.storage().accounts().find(std::string(jid.bare()));
    if (!found) co_return found.error();
    co_return found->has_value();
}

/// Asks everybody who may object.
Task<Result<>> ask_leave(Context& context, const Newcomer& newcomer) {
    std::optional<Error> refusal = fail("service-unavailable", "the server is stopping");
    std::function<Task<>(Context&)> ask = [&](Context& there) -> Task<> {
        events::AccountRegistering event{there, newcomer.jid.domain(), newcomer.jid,
                                         newcomer.network, newcomer.invited};
        there.bus().fire(event);
        refusal = std::move(event.refusal);
        co_return;
    };
    co_await core::call_at_home(context, newcomer.network, std::move(ask));
    if (!refusal) co_return Result<>{};
    co_return *refusal;
}

/// The cheap checks come first: what is refused must not cost a key derivation.
Task<Result<>> check(Context& context, const Newcomer& newcomer) {
    Guess guess(context, newcomer.jid.domain(), newcomer.network);
    const Result<> admitted = co_await guess.begin();
    if (!admitted) co_return admitted;
    Result<bool> free = true;
    if (newcomer.name_is_theirs) {
        const auto taken = co_await exists(context, newcomer.jid);
        free = taken ? Result<bool>(!*taken) : taken;
    } else {
        free = co_await is_free(context, newcomer.jid);
    }
    if (!free) co_return free.error();
    if (*free) co_return co_await ask_leave(context, newcomer);
    co_await guess.was_wrong();
    co_return fail(error_code::conflict, "the username is taken");
}

}  // namespace

Task<Result<bool>> is_free(Context& context, Jid jid) {
    if (core::is_named_administrator(context.config(), context.domains(), jid)) co_return false;
    const auto taken = co_await exists(context, jid);
    if (!taken) co_return taken.error();
    if (*taken) co_return false;
    const auto buried = co_await has_tombstone(context, std::string(jid.bare()));
    if (!buried) co_return buried.error();
    if (*buried) co_return false;
    const auto reserved = co_await invitations::is_reserved(context, jid);
    if (!reserved) co_return reserved.error();
    co_return !*reserved;
}

Task<Result<>> make_account(Context& context, Newcomer newcomer) {
    const Result<> allowed = co_await check(context, newcomer);
    if (!allowed) co_return allowed;
    const std::function<Task<Result<>>(Context&)> create = [&newcomer](Context& home) {
        return home.account_registry().create(newcomer.jid, newcomer.password);
    };
    const Result<> made =
        co_await core::ask_at_home<void>(context, std::string(newcomer.jid.bare()), create);
    if (!made) co_return made;
    static Counter& counter = metrics().counter("clarion_registrations_total",
                                                "Accounts made by their owners (XEP-0077)");
    counter.add();
    co_return made;
}

}  // namespace clarion::registration
