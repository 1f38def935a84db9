#include "modules/registration/invitations/befriending.h"

#include <functional>
#include <string>

#include "base/log.h"
#include "server/core/accounts/account.h"
#include "server/core/accounts/account_directory.h"
#include "server/core/context.h"
#include "server/core/delivery/presence.h"
#include "server/core/setup/remote_call.h"
#include "server/runtime/shard.h"

namespace clarion::registration::invitations {

using core::Account;
using core::Context;
using core::SubscriptionState;

namespace {

constexpr Logger logger{"invitations"};

/// Both ways; presence is exchanged at once, should they both be there already.
Task<Result<>> add_contact(Context& home, Jid owner, Jid contact) {
    auto pin = co_await home.accounts().load(std::string(owner.bare()));
    if (!pin) co_return pin.error();
    Account* const account = pin->alive();
    if (!account || !home.is_home(owner.bare())) co_return fail(error_code::moved);
    if (core::roster_full(*account, contact.full()))
        co_return fail(error_code::resource_constraint, "the roster is full");
    const SubscriptionState before = core::state_of(account->roster().find(contact.full()));
    const SubscriptionState both{.subscription = core::Subscription::both};
    core::change_subscription(*account, contact.full(), both);
    if (!before.shown()) core::show_presence(*account, contact);
    co_return co_await home.shard().committed();
}

Task<Result<>> add_at_home(Context& here, Jid owner, Jid contact) {
    const std::function<Task<Result<>>(Context&)> work = [&](Context& home) {
        return add_contact(home, owner, contact);
    };
    co_return co_await core::ask_at_home<void>(here, std::string(owner.bare()), work);
}

}  // namespace

Task<> befriend(Context& here, Jid inviter, Jid newcomer) {
    Result<> done = co_await add_at_home(here, inviter, newcomer);
    if (done) done = co_await add_at_home(here, newcomer, inviter);
    if (!done)
        logger.warning("no-contacts", {{"inviter", inviter.full()},
                                       {"account", newcomer.full()},
                                       {"error", done.error().text}});
}

Granted grant(SubscriptionState before) {
    before.approved = true;
    SubscriptionState granted = core::inbound(before, StanzaType::subscribe).state;
    granted.approved = false;
    if (granted.seen()) return {granted, false};
    return {core::outbound(granted, StanzaType::subscribe).state, true};
}

void grant_request(Account& account, const Jid& contact, std::string_view id) {
    const SubscriptionState before = core::state_of(account.roster().find(contact.full()));
    const Granted granted = grant(before);
    core::change_subscription(account, contact.full(), granted.state);
    core::send_subscription(account, contact, StanzaType::subscribed, id);
    if (!before.shown()) core::show_presence(account, contact);
    if (granted.asks) core::send_subscription(account, contact, StanzaType::subscribe);
}

}  // namespace clarion::registration::invitations
