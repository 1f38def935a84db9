// RFC 6120 section 8.2.3 and RFC 6121 section 8.5: requests to accounts and hosts, answers to
// sessions.
#include <boost/system/system_error.hpp>
#include <optional>

#include "base/log.h"
#include "server/core/accounts/account_directory.h"
#include "server/core/accounts/session.h"
#include "server/core/actors/iq_table.h"
#include "server/core/address/domains.h"
#include "server/core/context.h"
#include "server/core/delivery/delivery.h"
#include "server/core/events/iq_events.h"
#include "server/core/internals.h"
#include "server/core/options.h"
#include "server/core/routing/router.h"
#include "server/runtime/event_bus.h"
#include "server/runtime/scope.h"
#include "server/runtime/shard.h"

namespace clarion::core {

namespace {

constexpr Logger logger{"iq"};

/// The session of a local account that sent this, if the account lives on this shard.
Session* asking_session(Context& context, const Jid& from) {
    Account* account = from.is_full() ? context.accounts().find(from.bare()) : nullptr;
    return account ? account->find_session(from.resource()) : nullptr;
}

const IqTable::Entry* find_handler(Context& context, IqTarget target, const Stanza& request,
                                   std::string_view except = {}) {
    const std::string_view domain = request.to().domain();
    return context.internals().iqs.find({target, request.type(), *request.payload(), domain,
                                         context.domains().module_of(domain), except});
}

/// What was addressed to no account and no actor.
IqTarget target_of_domain(Context& context, std::string_view domain) {
    return context.domains().is_host(domain) ? IqTarget::host : IqTarget::service;
}

/// `stanza` outlives the request.
IqRequest make_request(Context& context, IqTarget target, Actor* owner, const StanzaPtr& stanza) {
    const Jid& from = stanza->from();
    return {.stanza = stanza,
            .from = from,
            .target = target,
            .host = stanza->to().domain(),
            .owner = owner,
            .account = target == IqTarget::account ? static_cast<Account*>(owner) : nullptr,
            .relation = owner ? owner->relation_to(from) : Relation::stranger,
            .session = asking_session(context, from)};
}

/// What becomes of the batch of the turn in which a request begins to be dealt with: if that fails
/// its ticket may fail, and its handler says that it failed, too. nullptr: no ticket is held.
std::shared_ptr<const Result<>> note_failure(Shard& shard) {
    if (!shard.cause()) return nullptr;
    auto noted = std::make_shared<Result<>>();
    shard.after_commit([noted](const Result<>& committed) { *noted = committed; });
    return noted;
}

bool says_failure(const IqAnswer& reply, const Result<>& committed) {
    const auto* error = std::get_if<StanzaError>(&reply);
    return error && !committed && error->condition == to_stanza_error(committed.error()).condition;
}

/// `entry`: who serves it; nullptr: nobody does.
bool may_ask(const Actor* owner, const Jid& who, const IqTable::Entry* entry) {
    return !owner || owner->relation_to(who) >= (entry ? entry->audience : Relation::owner);
}

}  // namespace

void Delivery::deliver_iq(Account& account, Envelope envelope) {
    events::IqReceiving event{account, envelope};
    if (context_.bus().fire(event) == Flow::stop) return;
    if (envelope.stanza->to().is_full()) {
        Session* session = account.find_session(envelope.stanza->to().resource());
        if (session && session->state() != SessionState::ended)
            return session->send(std::move(envelope));
        return context_.router().bounce(std::move(envelope),
                                        {StanzaErrorCondition::service_unavailable});
    }
    if (!envelope.stanza->is_request()) return context_.router().take_answer(std::move(envelope));
    answer_request(IqTarget::account, &account, std::move(envelope));
}

void Delivery::answer_request(IqTarget target, Actor* owner, Envelope envelope) {
    const Stanza& stanza = *envelope.stanza;
    const auto* entry = find_handler(context_, target, stanza);
    if (!may_ask(owner, stanza.from(), entry))
        return refuse_request(target, entry, std::move(envelope));
    Session* session = asking_session(context_, stanza.from());
    const bool own = session && (!owner || owner == &session->account());
    const bool waits = own && (!session->pending_requests().empty() || (entry && entry->async));
    if (!waits) {
        if (!entry)
            return context_.router().bounce(std::move(envelope),
                                            {StanzaErrorCondition::service_unavailable});
        return run_request(*entry, target, owner, std::move(envelope));
    }
    // Behind a slow one, or slow itself: in order (RFC 6120, 10.1). The ack window limits how many
    // wait, and the session reads no more while too many slow ones are among them.
    auto& pending = session->pending_requests();
    if (entry && entry->async) session->begin_slow_request();
    pending.push_back(std::move(envelope));
    if (pending.size() == 1)
        context_.scope_of(session->account().id())
            .spawn("slow-requests",
                   run_slow_requests(AccountPin(session->account()), session->number()));
}

/// A request by somebody who may not ask that. Which accounts exist is hidden from strangers.
void Delivery::refuse_request(IqTarget target, const IqTable::Entry* entry, Envelope envelope) {
    if (target == IqTarget::account) return answer_stranger(std::move(envelope));
    context_.router().bounce(
        std::move(envelope),
        {entry ? StanzaErrorCondition::forbidden : StanzaErrorCondition::service_unavailable});
}

/// A request to an account by somebody to whom it does not answer, and to one that does not exist:
/// they are answered alike.
void Delivery::answer_stranger(Envelope envelope) {
    const Stanza& stanza = *envelope.stanza;
    const auto* entry =
        stanza.to().is_bare() ? find_handler(context_, IqTarget::hidden, stanza) : nullptr;
    if (!entry)
        return context_.router().bounce(std::move(envelope),
                                        {StanzaErrorCondition::service_unavailable});
    run_request(*entry, IqTarget::hidden, nullptr, std::move(envelope));
}

void Delivery::run_request(const IqTable::Entry& entry, IqTarget target, Actor* owner,
                           Envelope envelope) {
    if (entry.async) {
        // Asked by somebody who has no session here: no order to keep, but the owner must stay.
        auto place = slow_requests_.begin(envelope);
        if (!place) return;
        Scope& scope = owner ? context_.scope_of(owner->id()) : context_.scope();
        scope.spawn("slow-request",
                    run_for_other(entry, target, owner, std::move(envelope), std::move(*place)));
        return;
    }
    IqRequest request = make_request(context_, target, owner, envelope.stanza);
    answer(envelope, entry.handler(request));
}

Task<> Delivery::run_slow_request(const IqTable::Entry& entry, IqTarget target, Actor* owner,
                                  Envelope envelope) {
    std::optional<ActorPin<Actor>> pin;
    if (owner) pin.emplace(*owner);
    IqRequest request = make_request(context_, target, owner, envelope.stanza);
    IqAnswer reply = StanzaError(StanzaErrorCondition::internal_server_error);
    const auto failure = note_failure(context_.shard());
    try {
        reply = co_await entry.async(std::move(request));
    } catch (const boost::system::system_error&) {
        throw;                               // cancelled: the server stops
    } catch (const std::exception& error) {  // those behind it must not wait for ever
        logger.error("request-failed", {{"ns", entry.ns}, {"error", error.what()}});
    }
    if (pin && (*pin)->gone()) co_return;
    if (failure && says_failure(reply, *failure) && envelope.ticket)
        fail_slow_request(envelope, failure->error());
    else
        finish_slow_request(envelope, std::move(reply));
}

/// What it wrote was not kept. Its ticket's failure answers it, and that once.
void Delivery::fail_slow_request(const Envelope& envelope, const Error& error) {
    context_.shard().hold(envelope.ticket);
    envelope.ticket.fail(error);
}

/// What was said and written before waits for nobody's turn and is charged to nobody: of one asker
/// few run at a time, and each answers with a page at most. The answer is charged to the request.
void Delivery::finish_slow_request(const Envelope& envelope, IqAnswer reply) {
    context_.shard().hold(envelope.ticket);  // what it wrote, and perhaps what others did
    const WriteHold hold(context_.shard(), envelope.ticket);
    answer(envelope, std::move(reply));
}

/// `place`: given up when it has answered.
Task<> Delivery::run_for_other(const IqTable::Entry& entry, IqTarget target, Actor* owner,
                               Envelope envelope, SlowRequests::Place /*place*/) {
    co_await run_slow_request(entry, target, owner, std::move(envelope));
}

Task<IqAnswer> Delivery::ask(AccountPin account, StanzaPtr request, std::string_view except) {
    IqTarget target = IqTarget::account;
    const auto* entry = find_handler(context_, target, *request, except);
    if (!may_ask(&*account, request->from(), entry)) {
        target = IqTarget::hidden;
        entry = find_handler(context_, target, *request, except);
    }
    if (!entry || account->gone()) co_return StanzaError(StanzaErrorCondition::service_unavailable);
    Actor* const owner = target == IqTarget::account ? &*account : nullptr;
    IqRequest asked = make_request(context_, target, owner, request);
    if (entry->async) co_return co_await entry->async(std::move(asked));
    IqAnswer answer = entry->handler(asked);
    if (request->type() == StanzaType::set) {
        const auto committed = co_await context_.shard().committed();
        if (!committed) co_return to_stanza_error(committed.error());
    }
    co_return answer;
}

/// One that waited behind a slow one.
void Delivery::run_waiting_request(const IqTable::Entry& entry, IqTarget target, Actor* owner,
                                   Envelope envelope) {
    const WriteHold hold(context_.shard(), envelope.ticket);
    run_request(entry, target, owner, std::move(envelope));
}

Task<> Delivery::run_slow_requests(AccountPin account, std::uint64_t number) {
    while (true) {
        Session* session = account->find_session_by_number(number);
        if (!session || session->pending_requests().empty()) co_return;
        Envelope envelope = session->pending_requests().front();
        const Stanza& stanza = *envelope.stanza;
        const IqTarget target = stanza.to().has_local()
                                    ? IqTarget::account
                                    : target_of_domain(context_, stanza.to().domain());
        const auto* entry = find_handler(context_, target, stanza);
        Account* const of = target == IqTarget::account ? &*account : nullptr;
        if (!entry)
            context_.router().bounce(std::move(envelope),
                                     {StanzaErrorCondition::service_unavailable});
        else if (entry->async)
            co_await run_slow_request(*entry, target, of, std::move(envelope));
        else
            run_waiting_request(*entry, target, of, std::move(envelope));
        session = account->find_session_by_number(number);
        if (!session) co_return;
        session->pending_requests().erase(session->pending_requests().begin());
        if (entry && entry->async) session->end_slow_request();
    }
}

void Delivery::answer(const Envelope& envelope, IqAnswer answer) {
    if (const auto* error = std::get_if<StanzaError>(&answer))
        return context_.router().bounce(Envelope(envelope), *error);
    auto& result = std::get<std::shared_ptr<Stanza>>(answer);
    if (result) context_.router().route(std::move(result));
}

}  // namespace clarion::core
