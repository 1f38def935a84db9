#include "modules/registration/invitations/subscribe_requests.h"

#include <functional>
#include <utility>

#include "base/log.h"
#include "modules/registration/invitations/befriending.h"
#include "modules/registration/invitations/book.h"
#include "proto/ns.h"
#include "server/core/accounts/account_directory.h"
#include "server/core/delivery/presence.h"
#include "server/core/routing/router.h"
#include "server/runtime/scope.h"
#include "server/runtime/shard.h"

namespace clarion::registration::invitations {

using core::Account;
using core::Flow;

namespace {

constexpr Logger logger{"invitations"};

const xml::Element* token_of(const Stanza& presence) {
    return presence.root().child(ns::pars, "preauth");
}

Jid contact_of(const Account& account, const Stanza& request) {
    return Jid::trusted(account.roster().key_of(request.from()));
}

/// Whether a token has anything to do for them.
bool may_become_contacts(const Account& account, const Jid& contact) {
    const auto state = core::state_of(account.roster().find(contact.full()));
    return contact != account.jid() && !(state.shown() && state.seen()) &&
           !core::roster_full(account, contact.full());
}

}  // namespace

StanzaPtr without_tokens(const Stanza& presence) {
    auto copy = presence.clone();
    while (const xml::Element* token = token_of(*copy)) copy->root().remove(*token);
    return copy;
}

Flow SubscribeRequests::on_presence(events::PresenceReceiving& event) {
    if (event.presence.type() != StanzaType::subscribe) return Flow::next;
    const xml::Element* token = token_of(event.presence);
    if (!token) return Flow::next;
    Request request{event.presence.clone(), std::string(event.account.jid().bare()),
                    key_of_token(token->attr("token"))};
    if (const core::Ticket* cause = context_.shard().cause()) request.ticket = *cause;
    context_.scope().spawn("preauth", decide(std::move(request)));
    return Flow::stop;
}

/// As if it came now: to where its addressee is at home.
void SubscribeRequests::pass_on(const Request& request, StanzaPtr stanza) const {
    const core::WriteHold hold(context_.shard(), request.ticket);
    context_.router().route(std::move(stanza));
}

Task<> SubscribeRequests::decide(Request request) {
    const Result<> granted = co_await try_to_grant(request);
    if (granted) co_return;
    // Its new home decides.
    if (granted.error().is(error_code::moved)) co_return pass_on(request, request.stanza);
    logger.debug("not-granted", {{"account", request.account},
                                 {"contact", request.stanza->from().full()},
                                 {"error", granted.error().text}});
    pass_on(request, without_tokens(*request.stanza));
}

/// An error: it is a request like any other.
Task<Result<>> SubscribeRequests::try_to_grant(const Request& request) {
    const auto pin = co_await context_.accounts().load(request.account);
    if (!pin) co_return pin.error();
    const std::string host((*pin)->host());
    const Jid contact = contact_of(**pin, *request.stanza);
    if (!may_become_contacts(**pin, contact)) co_return fail("not-allowed", "no new contact");
    using Late = OpenInvitations::Late;
    const std::function<Task<Result<Invitation>>(Book&)> begin = [&](Book& book) {
        return book.begin(host, request.key, Late::no);
    };
    const auto begun = co_await at_book<Invitation>(context_, host, begin);
    if (!begun) co_return begun.error();
    Result<> fits = check_purpose(*begun, Purpose::subscribe);
    if (fits && begun->inviter != request.account)
        fits = fail(error_code::item_not_found, "the invitation is somebody else's");
    Account* const account = pin->alive();
    if (fits && (!account || !context_.is_home(request.account))) fits = fail(error_code::moved);
    // Others may have come meanwhile, or the same again.
    if (fits && !may_become_contacts(*account, contact)) fits = fail("not-allowed");
    if (fits) {
        const core::WriteHold hold(context_.shard(), request.ticket);
        grant_request(*account, contact, request.stanza->id());
    }
    const std::function<Task<Result<>>(Book&)> settle = [&](Book& book) {
        return fits ? book.finish(host, request.key) : book.give_back(host, request.key);
    };
    const Result<> settled = co_await at_book<void>(context_, host, settle);
    const std::string id = id_of_key(request.key);
    if (!settled) logger.error("not-settled", {{"id", id}, {"error", settled.error().text}});
    if (fits)
        logger.info("used", {{"id", id},
                             {"kind", name_of(begun->kind)},
                             {"account", contact.full()},
                             {"inviter", request.account}});
    co_return fits;
}

}  // namespace clarion::registration::invitations
