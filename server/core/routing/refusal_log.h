// RefusalLog: one line in the log for everything that is refused, so that an operator sees why a
// client complains:
//
//     info refusal stanza from=romeo@example.org/orchard to=example.org kind=iq type=get
//         payload=urn:example:none condition=service-unavailable text=""
//     info refusal stream kind=c2s peer=romeo@example.org/orchard domain="" address=192.0.2.1
//         condition=policy-violation text="too much waits for this client"
//     info refusal more peer=romeo@example.org lines=31 condition=service-unavailable
//
// One per shard, on its thread. No peer can fill the log: in ten seconds an account, a server or
// an address has [log] refusals_per_peer lines, and all of them on this shard [log] refusals; the
// others are counted, and told in one line each when the ten seconds are over (at level debug they
// are written all the same). What a peer may bring about as often as it likes, and is no refusal,
// goes the same way (tell()), but leaves the lines for all others alone. Never a body, never a
// secret: of a stanza only addresses, kind and the namespace of its payload.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/log.h"
#include "proto/stanza.h"
#include "proto/stream_error.h"
#include "server/core/routing/trace.h"
#include "server/runtime/shard.h"
#include "server/runtime/ticket.h"

namespace clarion::core {

class Context;

class RefusalLog {
public:
    explicit RefusalLog(Context& context) : context_(context) {}
    ~RefusalLog();

    /// `refused` is answered with `error`.
    void on_stanza(const Stanza& refused, const StanzaError& error);
    /// The same of what a client, a component or a server sent and is no stanza, or can be none.
    void on_element(std::string_view from, const xml::Element& refused, const StanzaError& error);
    /// The same of a stanza that was accepted and failed later.
    void on_failed(const AckSink::Origin& origin, const StanzaError& error);
    /// A request of a stream, not of a stanza: SASL, STARTTLS, stream management, dialback.
    /// `peer`: whom it counts as, if not the account `from` is of.
    void on_request(std::string_view from, std::string_view ns, std::string_view condition,
                    std::string_view text, std::string_view peer = {});
    /// A stream is ended because of its peer. `peer`: whom it counts as; who says who they are and
    /// has not proved it counts as their network.
    void on_stream(const TracedStream& stream, std::string_view peer, std::string_view address,
                   std::string_view condition, std::string_view text);

    /// A line of another area about something that `peer`, who has proved to be it, can bring about
    /// as often as it likes. `event`: a literal.
    void tell(const Logger& logger, std::string_view peer, std::string_view event,
              Logger::Fields fields);

    /// Whether another line about `peer` may be written now at level info; counts it. `condition`:
    /// a literal, what the line that sums up gives as an example.
    bool admit(std::string_view peer, std::string_view condition);

private:
    enum class Counts : bool { by_peer, by_all };
    bool admit(std::string_view peer, std::string_view condition, Counts counts);
    struct Lines {
        std::int64_t written = 0;
        std::uint64_t left_out = 0;
        std::string_view condition;  // the last one left out
    };
    struct Line;
    void write(const Line& line, std::string_view condition, std::string_view text);
    std::string_view peer_of(const Jid& from) const;
    Lines& lines_of(std::string_view peer);
    void sum_up();

    Context& context_;
    std::unordered_map<std::string, Lines, TextHash, std::equal_to<>> peers_;
    Lines others_;  // of those that peers_ has no room for
    std::int64_t written_ = 0;
    SteadyTime began_{};
    TimerId timer_{};
};

}  // namespace clarion::core
