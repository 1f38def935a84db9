// C2sStream: one client's stream from its header to a bound session (RFC 6120, sections 4 to 7).
//
// Pure conversation: it reads elements and writes answers through its SessionPort, and tells the
// connection what to do next. Owned by the connection, travels with it to the account's shard.
// After binding (or resuming) elements go straight to session().
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/task.h"
#include "proto/sasl.h"
#include "proto/xml_stream.h"
#include "server/core/features.h"
#include "server/core/session_port.h"

namespace clarion::core {

class Core;
class PendingLogins;
class Session;
enum class SessionEnd : std::uint8_t;
struct StreamHandlerEntry;

class C2sStream {
public:
    enum class Next : std::uint8_t {
        read,       // go on reading
        start_tls,  // <proceed/> is written: flush, discard what was read ahead, handshake,
                    // restart() the parser
        restart,    // authentication succeeded: restart() the parser, expect a new header
        move,   // go to the shard home(): end this coroutine, start again there with on_arrived()
        close,  // the stream's end (and error, if any) is written: flush and close
    };

    /// `direct_tls`: TLS was there before the stream (XEP-0368). `port` outlives the stream.
    C2sStream(SessionPort& port, bool direct_tls);
    ~C2sStream();

    /// TLS is up: what the channel offers for binding (RFC 9266, RFC 5929), and the name the client
    /// asked for (SNI).
    void on_encrypted(sasl::ChannelBindings bindings);

    /// The parser saw a stream header. Writes our header and features, or the stream error.
    Next on_open(Core& core, const xml::StreamHeader& header);
    /// Our header, for a stream that fails before on_open() (RFC 6120, 4.9.1.2). `to`: the bare JID
    /// that the client's header came from, if it said one.
    void write_header(Core& core, std::string_view to = {});
    /// A top-level element before a session is bound.
    Task<Next> on_element(Core& core, xml::Document element);
    /// Next::move was done: `core` is that of home(). Loads the credentials and goes on.
    Task<Next> on_arrived(Core& core);
    unsigned home() const { return home_; }

    /// Bound or resumed; nullptr before.
    const std::shared_ptr<Session>& session() const { return session_; }
    bool authenticated() const { return state_ >= State::authenticated; }
    /// The host this stream is for, once its header named one.
    const std::string& host() const { return host_; }
    /// Set by a module (stream_management) that resumed a session on this stream.
    void adopt(std::shared_ptr<Session> session);
    /// What it logs in, or has logged in with, is not valid any more: ends it (PendingLogins).
    void revoke(SessionEnd why);
    /// After an await: it was revoked meanwhile, and must not get a session.
    bool revoked() const { return revoked_; }
    const Jid& account() const { return account_; }
    /// The bare JID's account once authenticated, for who resumes.
    SessionPort& port() { return port_; }

private:
    enum class State : std::uint8_t { fresh, negotiating, authenticating, authenticated, bound };

    Next fail(StreamErrorCondition condition, std::string_view text = {});
    /// Whether a stanza that came before a session is for this server or the client's own account.
    bool is_for_us(const xml::Element& stanza) const;
    /// An element that comes too early (RFC 6120, 7.1): a stanza for us gets an error and the
    /// stream stays, anything else ends it.
    Next refuse(Core& core, const xml::Element& element, std::string_view text);
    /// One more of the failures of which a connection has [auth] max_failures.
    Next count_failure(Core& core);
    void write_features(Core& core);
    void add_mechanisms(Core& core, xml::Element& features);
    bool may_log_in(Core& core) const;
    std::vector<sasl::Mechanism> offered(Core& core) const;
    Next on_starttls(Core& core);
    const StreamHandlerEntry* find_handler(Core& core, const xml::Element& root) const;
    Task<Next> on_sasl(Core& core, const xml::Element& element);
    Task<Next> on_auth(Core& core, const xml::Element& auth);
    Task<Next> on_response(Core& core, const xml::Element& response);
    Task<Next> take(Core& core, sasl::Step step);
    Task<Next> auth_failed(Core& core, sasl::Condition condition, std::string_view text);
    Task<Next> succeed(Core& core, sasl::Success success);
    Task<Next> on_bind(Core& core, xml::Document element);
    void leave_pending();
    Next bind_failed(Core& core, std::string_view id, const StanzaError& error);
    void trace_login(Core& core) const;

    SessionPort& port_;
    State state_ = State::fresh;
    bool encrypted_;
    unsigned home_ = 0;
    bool disabled_ = false;  // the account that is logging in
    bool revoked_ = false;
    int failures_ = 0;
    std::string host_;
    std::unique_ptr<sasl::ChannelBindings> bindings_;  // until the login; nullptr: none
    std::unique_ptr<sasl::ServerExchange> exchange_;   // 600 bytes that end with the login
    PendingLogins* pending_ = nullptr;  // where it is, from its credentials to its session
    Jid account_;
    std::shared_ptr<Session> session_;
};

/// Serves an element of a stream before a session is bound (a coroutine parameter by reference: the
/// connection that awaits it owns all three).
using StreamHandler = std::function<Task<C2sStream::Next>(C2sStream&, Core&, const xml::Element&)>;

/// What a stream without a session can be at.
enum class StreamPhase : std::uint8_t {
    login,  // it may log in, and has not yet
    bind,   // it is authenticated
    any,    // either, or it may not even log in before TLS
};

struct StreamHandlerEntry {
    std::string ns, name;
    StreamHandler handler;
    OffHosts off;  // hosts that do not have it
    StreamPhase phase;
};

}  // namespace clarion::core
