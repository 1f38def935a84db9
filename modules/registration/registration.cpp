#include "modules/registration/registration.h"

#include <algorithm>
#include <chrono>
#include <functional>

#include "base/clock.h"
#include "base/log.h"
#include "modules/registration/account_maker.h"
#include "modules/registration/early_requests.h"
#include "modules/registration/invitations/invitations.h"
#include "modules/registration/tombstone_codec.h"
#include "modules/registration/tombstones.h"
#include "proto/ns.h"
#include "proto/sasl.h"
#include "server/core/accounts/account_registry.h"
#include "server/core/accounts/administrators.h"
#include "server/core/accounts/session.h"
#include "server/core/events/account_events.h"
#include "server/core/events/server_events.h"
#include "server/core/events/stream_events.h"
#include "server/core/options.h"
#include "server/core/routing/refusal_log.h"
#include "server/core/routing/router.h"
#include "server/runtime/event_bus.h"
#include "server/runtime/scope.h"
#include "server/runtime/shard.h"

namespace clarion::registration {

using core::C2sStream;
using core::Context;
using core::IqAnswer;
using core::IqRequest;
using core::IqTarget;
using Condition = StanzaErrorCondition;

namespace {

constexpr Logger logger{"registration"};

}  // namespace

// ---- Decisions ---------------------------------------------------------------------------------

Result<Jid> read_application(const xml::Element& query, std::string_view host) {
    if (query.child(ns::register_, "remove")) return fail("unexpected-request", "log in first");
    const auto username = query.child_text(ns::register_, "username");
    if (username.empty()) return fail(error_code::not_acceptable, "a username is needed");
    auto jid = Jid::make(username, host);
    if (!jid) return fail(error_code::not_acceptable, jid.error().text);
    auto password = sasl::saslprep(query.child_text(ns::register_, "password"));
    if (!password)
        return fail(error_code::not_acceptable, "a password is needed, of usual characters");
    return std::move(*jid);
}

Result<Wish> read_wish(const xml::Element& query, const Jid& owner) {
    if (query.child(ns::register_, "remove")) {
        if (query.first_child()->next_sibling())
            return fail("bad-request", "<remove/> must stand alone");
        return Wish::remove;
    }
    const auto username = query.child_text(ns::register_, "username");
    if (username.empty() || query.child_text(ns::register_, "password").empty())
        return fail("bad-request", "username and password are needed");
    const auto prepared = prepare_localpart(username);
    if (!prepared || *prepared != owner.local())
        return fail("not-allowed", "the username is not that of this account");
    return Wish::change_password;
}

core::Flow RegistrationLimit::on_registering(events::AccountRegistering& event) {
    if (event.invited == events::Invited::by_host) return core::Flow::next;
    const auto& limits = event.context.options<RegistrationLimits>();
    const SteadyTime now = event.context.clock().steady();
    const bool may = event.invited == events::Invited::by_user
                         ? invited_.take(now, event.network, limits.invited_per_address)
                         : take(now, event.network, limits.registrations_per_address);
    if (may) return core::Flow::next;
    event.refusal = fail(error_code::resource_constraint,
                         "too many accounts were made from this address; try later");
    return core::Flow::stop;
}

namespace {

// ---- Before logging in: an account is made -----------------------------------------------------

/// Under which the invitation is kept that the stream has presented; nullptr: it has none.
std::string* presented_by(Context& context, C2sStream& stream) {
    PresentedSought sought{stream.host(), stream};
    context.bus().fire(sought);
    return sought.key && !sought.key->empty() ? sought.key : nullptr;
}

Task<Result<>> register_invited(Context& context, Jid jid, std::string password,
                                core::ConnectionInfo peer, std::string& key) {
    invitations::Acceptance acceptance{key, std::move(jid), std::move(password), peer.network};
    const Result<> done = co_await invitations::accept_presented(context, std::move(acceptance));
    // It is good for nothing any more: the next attempt is that of somebody who has none.
    if (done || done.error().is(error_code::item_not_found)) key.clear();
    co_return done;
}

Task<Result<>> on_application(Context& context, C2sStream& stream, const xml::Element& query) {
    const std::string host = stream.host();
    const core::ConnectionInfo peer = stream.port().info();
    std::string* const presented = presented_by(context, stream);
    if (!presented && !context.options<RegistrationOptions>(host).registration)
        co_return fail("not-allowed", "accounts are not made here in this way");
    const auto jid = read_application(query, host);
    if (!jid) co_return jid.error();
    const std::string password(query.child_text(ns::register_, "password"));
    if (presented) co_return co_await register_invited(context, *jid, password, peer, *presented);
    Newcomer newcomer{*jid, password, peer.network};
    const Result<> made = co_await make_account(context, std::move(newcomer));
    if (made) logger.info("registered", {{"account", jid->full()}, {"address", peer.address}});
    co_return made;
}

void add_fields(Stanza& answer) {
    auto& query = answer.root().add("query", ns::register_);
    query.add_text_child("instructions", "Choose a username and a password for your account.");
    query.add("username");
    query.add("password");
}

/// XEP-0077, 3.1: where registration is off, nobody is told which fields there are.
Result<> check(Context& context, C2sStream& stream, const xml::Element& iq) {
    if (auto fits = check_early(stream, iq); !fits) return fits;
    if (iq.attr("type") == "get" && !presented_by(context, stream) &&
        !context.options<RegistrationOptions>(stream.host()).registration)
        return fail("service-unavailable");
    return {};
}

Task<C2sStream::Next> before_login(C2sStream& stream, Context& context, const xml::Element& iq) {
    const auto type = iq.attr("type");
    if (type != "get" && type != "set") co_return C2sStream::Next::read;
    Result<> outcome = check(context, stream, iq);
    if (outcome && type == "set")
        outcome = co_await on_application(context, stream, *iq.first_child());
    const bool asks = type == "get";
    const std::function<void(Stanza&)> fill = [asks](Stanza& answer) {
        if (asks) add_fields(answer);
    };
    answer_early(context, stream, iq, outcome, fill);
    co_return C2sStream::Next::read;
}

void offer(events::LoginFeatures& event) {
    if (event.context.options<RegistrationOptions>(event.stream.host).registration)
        event.features.add("register", ns::register_feature);
}

// ---- After logging in: the owner and the account -----------------------------------------------

/// The account that is asked about, if its owner asks: addressed to it or to its host.
core::Account* owned_account(const IqRequest& request) {
    if (request.account) return request.account;
    if (!request.session || request.session->account().host() != request.host) return nullptr;
    return &request.session->account();
}

/// A host has registered only its own.
StanzaError refuse_stranger() { return StanzaError(Condition::registration_required); }

IqAnswer on_get(IqRequest& request) {
    const core::Account* account = owned_account(request);
    if (!account) return refuse_stranger();
    auto result = make_result(*request.stanza);
    auto& query = result->root().add("query", ns::register_);
    query.add("registered");
    query.add_text_child("username", account->jid().local());
    query.add("password");
    return result;
}

/// XEP-0077, 3.2: the answer first, as nothing reaches its session afterwards. The last who
/// administers a host stays: nobody could make another from a client.
Task<IqAnswer> remove(Context& context, Jid owner, StanzaPtr request) {
    const auto without = co_await core::host_left_without(context, owner);
    if (!without) co_return to_stanza_error(without.error());
    if (!without->empty()) {
        logger.warning("not-removed", {{"account", owner.full()}, {"only_admin_of", *without}});
        co_return StanzaError(Condition::not_allowed,
                              *without + " would have no administrator left");
    }
    logger.info("removing", {{"account", owner.full()}});
    context.router().route(make_result(*request));
    const Result<> removed = co_await context.account_registry().remove(owner);
    if (!removed && !removed.error().is(error_code::item_not_found))  // another device was quicker
        logger.error("remove-failed", {{"account", owner.full()}, {"error", removed.error().text}});
    co_return std::shared_ptr<Stanza>();
}

Task<IqAnswer> on_set(Context& context, IqRequest request) {
    const core::Account* account = owned_account(request);
    if (!account) co_return refuse_stranger();
    const Jid owner = account->jid().to_bare();
    const auto wish = read_wish(request.payload(), owner);
    if (!wish) co_return to_stanza_error(wish.error());
    if (*wish == Wish::remove) co_return co_await remove(context, owner, request.stanza);
    std::string password(request.payload().child_text(ns::register_, "password"));
    const std::uint64_t changed_by = request.session ? request.session->number() : 0;
    const Result<> changed =
        co_await context.account_registry().set_password(owner, std::move(password), changed_by);
    if (!changed) co_return to_stanza_error(changed.error());
    context.refusals().tell(logger, owner.full(), "password-changed", {{"account", owner.full()}});
    co_return make_result(*request.stanza);
}

}  // namespace

void RegistrationOptions::declare(OptionTable<RegistrationOptions>& t) {
    t.joins("auth");
    t.add("registration", &RegistrationOptions::registration)
        .live()
        .doc(
            "Let anybody make an account from their client (XEP-0077); see also [limits] "
            "registrations_per_address. Who has an invitation may where it is off, too "
            "([invitations]). Changing one's password and deleting one's account are always "
            "possible.");
    t.add("reserve_deleted_names", &RegistrationOptions::reserve_deleted_names)
        .min(Duration::zero())
        .days()
        .live()
        .doc(
            "So long nobody may make an account from a client under the name of one that was "
            "deleted, whose contacts might take them for its owner. 0: at once. The administrator "
            "may at any time.");
}

void RegistrationLimits::declare(OptionTable<RegistrationLimits>& t) {
    t.joins("limits");
    t.add("registrations_per_address", &RegistrationLimits::registrations_per_address)
        .min(0)
        .doc(
            "Accounts that may be made from one IP address (of IPv6: one /64 network) within an "
            "hour, where [auth] registration is on. Those that are made with an invitation are not "
            "counted.");
    t.add("invited_per_address", &RegistrationLimits::invited_per_address)
        .min(0)
        .max(1'000'000)
        .doc(
            "Accounts that may be made from one IP address (of IPv6: one /64 network) within a day "
            "with invitations of users ([invitations] users_may_invite_accounts). Those of "
            "administrators have no limit. 0: none.");
}

void declare_options(OptionRegistry& registry) {
    registry.add<RegistrationOptions>();
    registry.add<RegistrationLimits>();
}

Result<> check_entry(storage::DataKind, std::string_view key, std::string_view value) {
    if (key != tombstone_key) return fail("bad-record", "a tombstone under another key");
    const auto deleted = decode_tombstone(value);
    return deleted ? Result<>() : deleted.error();
}

void install(core::ModuleSetup& setup) {
    using events::AccountDeleted;
    using events::AccountRegistering;
    using events::LoginFeatures;
    using events::ServerStarted;
    Context& context = setup.context();
    setup.on(LoginFeatures::Stage::offer, &offer);
    Tombstones& tombstones = setup.state<Tombstones>(setup);
    setup.serve_before_login(ns::register_, "query",
                             [](C2sStream& stream, Context& here, const xml::Element& iq) {
                                 return before_login(stream, here, iq);
                             });
    setup.on(AccountDeleted::Stage::drop, tombstones, &Tombstones::on_deleted);
    setup.on<ServerStarted>(ServerStarted::Stage::react, [&tombstones](const ServerStarted& event) {
        event.context.scope().spawn("tombstones", tombstones.clear_away());
    });
    setup.on(AccountRegistering::Stage::check, setup.state<RegistrationLimit>(),
             &RegistrationLimit::on_registering);
    setup.host_feature(ns::register_);
    for (const auto target : {IqTarget::host, IqTarget::account}) {
        setup.serve(target, StanzaType::get, ns::register_, "query", on_get);
        setup.serve_async(
            target, StanzaType::set, ns::register_, "query",
            [&context](IqRequest request) { return on_set(context, std::move(request)); });
    }
}

}  // namespace clarion::registration
