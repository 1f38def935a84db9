// Delivery: what is done with a stanza at the home of its addressee, a host or an account of ours
// (RFC 6121, section 8).
//
// One per shard. The queue brings it what the router put in. The tables of section 8.5 have a file
// each: deliver_message.cpp, deliver_presence.cpp, deliver_iq.cpp; send_presence.cpp is a client's
// own presence on its way out.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "server/core/accounts/account.h"
#include "server/core/accounts/session_outlet.h"
#include "server/core/actors/iq_table.h"
#include "server/core/delivery/slow_requests.h"
#include "server/core/delivery/unknown_names.h"
#include "server/core/routing/delivery_queue.h"
#include "server/core/routing/envelope.h"

namespace clarion::core {

class Context;

class Delivery final : public Recipients, public SessionOutlet {
public:
    explicit Delivery(Context& context) : context_(context), slow_requests_(context) {}

    // Recipients
    void deliver_to_account(Envelope envelope) override;
    void deliver_to_host(Envelope envelope) override;
    void deliver_to_session(Session& session, Envelope envelope) override;
    bool may_leave(Envelope& envelope) override;

    // SessionOutlet
    void send_presence(Session& session, Envelope envelope) override;
    void send_unavailable(Session& session) override;
    void redeliver(Account& account, Session* ended, Envelope envelope) override;

    /// A request to a domain of ours, to an account or to an actor of a service, by the IQ table.
    /// `owner`: the account or actor; nullptr: it is to a domain. REQUIRES: it is at home here.
    void answer_request(IqTarget target, Actor* owner, Envelope envelope);
    /// See OtherModules.
    Task<IqAnswer> ask(AccountPin account, StanzaPtr request, std::string_view except);

private:
    void deliver_to_unknown(Envelope envelope, const Error& error);
    bool tries_many_names(const Jid& from);
    void deliver_to_account(Account& account, Envelope envelope);

    void deliver_message(Account& account, Envelope envelope);
    bool send_to_full(Account& account, Envelope& envelope);
    void send_to_bare(Account& account, Envelope envelope);
    using Takers = std::vector<Session*>;
    void send_to_takers(Account& account, Envelope envelope, const Takers& takers, bool kept);
    bool keep_for_missing(Account& account, Envelope& envelope);
    bool refuse_message(const Account& account, Envelope& envelope);
    static void unspool_unless_acknowledged(Account& account, Envelope& envelope,
                                            const Takers& takers);
    void keep_for_holders(Account& account, Envelope envelope);
    void spool_until_acknowledged(Account& account, Envelope& envelope);

    void deliver_presence(Account& account, Envelope envelope);

    void deliver_iq(Account& account, Envelope envelope);
    void refuse_request(IqTarget target, const IqTable::Entry* entry, Envelope envelope);
    void answer_stranger(Envelope envelope);
    void run_request(const IqTable::Entry& entry, IqTarget target, Actor* owner, Envelope envelope);
    void run_waiting_request(const IqTable::Entry& entry, IqTarget target, Actor* owner,
                             Envelope envelope);
    void answer(const Envelope& envelope, IqAnswer answer);
    Task<> run_slow_requests(AccountPin account, std::uint64_t session);
    Task<> run_slow_request(const IqTable::Entry& entry, IqTarget target, Actor* owner,
                            Envelope envelope);
    Task<> run_for_other(const IqTable::Entry& entry, IqTarget target, Actor* owner,
                         Envelope envelope, SlowRequests::Place place);
    void fail_slow_request(const Envelope& envelope, const Error& error);
    void finish_slow_request(const Envelope& envelope, IqAnswer answer);

    Context& context_;
    SlowRequests slow_requests_;
    UnknownNames unknown_names_;
};

}  // namespace clarion::core
