// C2sStream: one client's stream from its header to a bound session (RFC 6120, sections 4 to 7).
//
// A thin shell around c2s::Negotiation (proto/negotiation_c2s.h), which holds the conversation:
// here its steps are done (credentials read and checked, resources bound, modules asked), its
// answers written to the SessionPort, and the connection told what to do next. Owned by the
// connection, travels with it to the account's shard. After binding (or resuming) elements go
// straight to session().
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/task.h"
#include "proto/negotiation_c2s.h"
#include "server/core/accounts/session_port.h"
#include "server/core/actors/features.h"
#include "server/core/streams/login_throttle.h"
#include "server/runtime/slots.h"

namespace clarion::core {

class Context;
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
                // (also if it is this one)
        close,  // the stream's end (and error, if any) is written: flush and close
    };

    /// `encryption`: none, or direct if what carries the stream is encrypted. `may_start_tls`:
    /// whether STARTTLS can be done if it is not; over HTTP it cannot. `port` outlives the stream.
    C2sStream(SessionPort& port, c2s::Encryption encryption, bool may_start_tls);
    ~C2sStream();

    /// TLS is up: what the channel offers for binding (RFC 9266, RFC 5929).
    void on_encrypted(sasl::ChannelBindings bindings);

    /// The parser saw a stream header. Writes our header and features, or the stream error.
    Next on_open(Context& context, const xml::StreamHeader& header);
    /// Our header, for a stream that fails before on_open() (RFC 6120, 4.9.1.2).
    void write_header(Context& context);
    /// A top-level element before a session is bound.
    Task<Next> on_element(Context& context, xml::Document element);
    /// Next::move was done: `core` is that of home(). Loads the credentials, or does what its
    /// client asked for last, and goes on.
    Task<Next> on_arrived(Context& context);
    unsigned home() const { return home_; }

    /// Bound or resumed; nullptr before.
    const std::shared_ptr<Session>& session() const { return session_; }
    bool authenticated() const { return negotiation_.authenticated(); }
    /// The host this stream is for, once its header named one.
    const std::string& host() const { return negotiation_.host(); }
    /// Set by a module (stream_management) that resumed a session on this stream.
    void adopt(std::shared_ptr<Session> session);
    /// What it logs in, or has logged in with, is not valid any more: ends it (PendingLogins).
    void revoke(SessionEnd why);
    /// After an await: it was revoked meanwhile, and must not get a session.
    bool revoked() const { return revoked_; }
    /// Waits while its account comes to a shard or leaves it. False: it is at home on another one,
    /// home().
    Task<bool> comes_home(Context& context);
    /// Who is logging in, or has, until there is a session.
    const Jid& account() const { return negotiation_.account(); }
    SessionPort& port() { return port_; }
    /// What modules keep with it until there is a session.
    Slots& slots() { return slots_; }

private:
    class Surroundings;
    Next end(const c2s::Close& close);
    Next refuse(Context& context, const xml::Element& element);
    const StreamHandlerEntry* find_handler(Context& context, const xml::Element& root) const;
    Task<Next> act(Context& context, c2s::Step step);
    Task<c2s::Step> try_password(Context& context);
    Task<c2s::Step> find_credentials(Context& context);
    Task<c2s::Step> delay_failure(Context& context, c2s::LoginFailed failed);
    Task<c2s::Step> bind(Context& context, c2s::BindResource wanted);
    Task<Next> go_on(Context& context);
    Task<bool> is_still_valid(Context& context);
    void on_authenticated(Context& context, sasl::Mechanism mechanism);
    void write(Context& context, const c2s::Output& out);
    void leave_pending();
    void trace_login(Context& context) const;

    /// From its credentials to its session.
    struct Login {
        PendingLogins* pending = nullptr;               // where it is
        std::optional<LoginThrottle::Attempt> attempt;  // while credentials are checked, there
        std::string stored_key;                         // what it was checked against
        // What was asked for, and is to be done once it is at home:
        xml::Document element;
        std::optional<c2s::BindResource> resource;
    };
    Login& login();

    SessionPort& port_;
    c2s::Negotiation negotiation_;
    unsigned home_ = 0;
    bool revoked_ = false;
    Slots slots_;
    std::unique_ptr<Login> login_;
    std::shared_ptr<Session> session_;
};

/// Serves an element of a stream before a session is bound (a coroutine parameter by reference: the
/// connection that awaits it owns all three).
using StreamHandler =
    std::function<Task<C2sStream::Next>(C2sStream&, Context&, const xml::Element&)>;

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
