// Negotiation of a client's stream, from its header to a session, as a pure state machine.
//
// The owner feeds stream headers and top-level elements in, sends what is in Output, does what the
// returned Step says, and feeds the outcome back. No I/O, no clock, no storage; random ids and what
// the server allows come from Server. Everything a client can repeat is counted.
//
//     <- header                            on_open()
//     header, features ->
//     <- STARTTLS, handshake, new header   StartTls, then on_encrypted()
//     <- <auth/>, <response/>              FindCredentials, then check() and on_checked()
//     <failure/> ->                        LoginFailed, then on_paused() when that was long enough
//     <success/> ->, new header            Restart
//     <- <bind/>                           BindResource, then on_bound() or on_bind_refused()
//     <- what modules serve (<resume/>)    Other: serve it, then on_session(), or refuse() it
//
// Another way to log in (SASL2, XEP-0388) is another element that begins an exchange, other words
// in the functions under "What SASL says", and another end of succeed(): where SASL1 restarts the
// stream, SASL2 has a Step for what was asked for inline, and says its outcome in <success/>.
//
// Sources: RFC 6120 sections 4 to 7, XEP-0440 (channel bindings announced), XEP-0368 (TLS from the
// first byte).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "proto/framing.h"
#include "proto/jid.h"
#include "proto/sasl.h"
#include "proto/stanza_error.h"
#include "proto/stream_error.h"
#include "proto/xml.h"
#include "proto/xml_stream.h"

namespace clarion::c2s {

// ---- What is known, and asked ------------------------------------------------------------------

enum class Encryption : std::uint8_t {
    none,
    starttls,  // begun on the stream (RFC 6120, section 5)
    direct,    // there before the stream (XEP-0368)
};

/// What is known of a stream without session: who adds features decides by it.
struct StreamFacts {
    std::string_view host;  // of ours
    Encryption encryption = Encryption::none;
    /// What a login can be bound to; nullptr: nothing, or it has logged in.
    const sasl::ChannelBindings* bindings = nullptr;
};

/// What features are for.
enum class Offer : std::uint8_t {
    login,    // it may log in, and has not yet
    session,  // it is authenticated and has no session
};

/// What a host asks of its clients.
struct Policy {
    bool can_encrypt = true;  // it has a certificate
    bool require_encryption = true;
    bool allow_plain_without_encryption = false;
    std::int64_t max_failures = 5;  // before a session; the last one ends the stream
    std::uint32_t iterations = 10000;
};

/// The server as the conversation sees it. Asked whenever something is needed: options may change.
class Server {
public:
    virtual bool is_host(std::string_view domain) const = 0;
    /// Our name on a stream that is for none of our hosts; may be empty.
    virtual std::string_view usual_host() const = 0;
    virtual Policy policy(std::string_view host) const = 0;
    virtual const Framing& framing() const = 0;
    /// ExchangeOptions::decoy_secret.
    virtual std::string_view decoy_secret() const = 0;
    /// Fresh and unguessable: a stream's id, and a nonce (sasl::make_nonce()).
    virtual std::string make_stream_id() const = 0;
    virtual std::string make_nonce() const = 0;
    /// Appends the features of others.
    virtual void add_features(const StreamFacts& stream, Offer offer,
                              xml::Element& features) const = 0;

protected:
    ~Server() = default;
};

/// What a client asked for and did not get, though its stream may go on: for the log.
struct Refusal {
    std::string_view ns, condition;
    std::string text;
};

/// What a call leads to beside its Step.
struct Output {
    std::vector<std::string> messages{};  // to be sent, each one message of the framing
    std::optional<Refusal> refusal{};
};

// ---- What is to be done next -------------------------------------------------------------------

/// Go on reading.
struct Read {};
/// Discard what was read ahead, handshake as server, on_encrypted(), restart the parser.
struct StartTls {};
/// Read what is stored for account(), at its home; then on_checked(check(…)), or on_unreadable().
struct FindCredentials {};
/// A login failed: wait, if guessing must be slow, then on_paused() with this condition.
struct LoginFailed {
    sasl::Condition condition;
    std::string_view text;  // for the log
};
/// account() is authenticated: restart the parser, and expect a new header.
struct Restart {
    sasl::Mechanism mechanism;
};
/// A resource is wanted (empty: any) for account(): on_bound() or on_bind_refused() with this id.
struct BindResource {
    std::string id, resource;
};
/// The element is none of the negotiation's: somebody may serve it, or refuse() it.
struct Other {};
/// End the stream, with this error if there is one.
struct Close {
    std::optional<StreamErrorCondition> error{};
    std::string_view text{};
};
using Step =
    std::variant<Read, StartTls, FindCredentials, LoginFailed, Restart, BindResource, Other, Close>;

// ---- The conversation --------------------------------------------------------------------------

class Negotiation {
public:
    /// `may_start_tls`: whether STARTTLS is possible (XEP-0206 and RFC 7395 leave encryption to
    /// HTTP).
    explicit Negotiation(Encryption encryption, bool may_start_tls = true)
        : encryption_(encryption), may_start_tls_(may_start_tls) {}

    /// TLS is up: what its channel offers for binding (RFC 9266, RFC 5929).
    void on_encrypted(sasl::ChannelBindings bindings);
    Step on_open(const Server& server, const xml::StreamHeader& header, Output& out);
    Step on_element(const Server& server, const xml::Element& element, Output& out);

    /// What an account that does not exist pretends to: other than Policy::iterations if those of
    /// passwords differ. REQUIRES: the last Step was FindCredentials.
    void pretend(std::uint32_t iterations) { exchange_->pretend(iterations); }
    /// What the exchange says to what is stored (nullopt: no such account). Slow for PLAIN: one
    /// PBKDF2, which may run on any thread while nothing else is called.
    /// REQUIRES: the last Step was FindCredentials.
    sasl::Step check(const std::optional<sasl::Credentials>& stored);
    bool checks_slowly() const { return exchange_->mechanism() == sasl::Mechanism::plain; }
    /// `disabled`: the account may not log in, which only its owner is told.
    Step on_checked(sasl::Step result, bool disabled, Output& out);
    /// Nothing could be read or checked.
    Step on_unreadable(std::string_view text);
    Step on_paused(const Server& server, sasl::Condition condition, Output& out);

    /// `jid`: the full address that was bound.
    Step on_bound(const Server& server, std::string_view id, const Jid& jid, Output& out);
    Step on_bind_refused(const Server& server, std::string_view id, const StanzaError& error,
                         Output& out);
    /// The stream has got a session by other means: it was resumed.
    void on_session();

    /// An Other that nobody serves comes too early (RFC 6120, 7.1): a stanza for us is answered and
    /// the stream stays, anything else ends it.
    Step refuse(const Server& server, const xml::Element& element, Output& out);
    /// Our header, for a stream that ends before on_open() (RFC 6120, 4.9.1.2). `to`: the bare JID
    /// that the client's header came from, if it said one.
    void write_header(const Server& server, std::string_view to, Output& out) const;
    /// Whatever comes is too late: the next Step is Close, without an error.
    void revoke() { state_ = State::closed; }

    StreamFacts facts() const { return {host_, encryption_, bindings_.get()}; }
    /// The host this stream is for, once its header named one.
    const std::string& host() const { return host_; }
    /// Who is logging in, or has, until there is a session.
    const Jid& account() const { return account_; }
    /// REQUIRES: the last Step was FindCredentials.
    sasl::Mechanism mechanism() const { return exchange_->mechanism(); }
    bool encrypted() const { return encryption_ != Encryption::none; }
    bool authenticated() const;
    /// Its features were sent, it may log in and has not begun to.
    bool awaits_login(const Server& server) const;
    /// It relies on credentials that were read, and has no session yet.
    bool holds_credentials() const;

private:
    enum class State : std::uint8_t {
        login,          // before it, or after one that failed
        exchange,       // the client owes its first message
        checking,       // FindCredentials
        challenged,     // by what is stored
        failing,        // LoginFailed
        authenticated,  // and no session
        binding,        // BindResource
        bound,
        closed,
    };

    Step close(StreamErrorCondition condition, std::string_view text);
    std::optional<Close> check_header(const Server& server, const xml::StreamHeader& header,
                                      bool ours, bool changed);
    bool may_log_in(const Policy& policy) const;
    bool offers_tls(const Policy& policy) const;
    std::vector<sasl::Mechanism> offered(const Policy& policy) const;
    void write_features(const Server& server, Output& out) const;
    void add_mechanisms(const Policy& policy, xml::Element& features) const;
    Step on_starttls(const Server& server, Output& out);
    Step on_sasl(const Server& server, const xml::Element& element, Output& out);
    Step on_auth(const Server& server, const xml::Element& auth, Output& out);
    std::vector<std::string_view> announced_bindings() const;
    std::string advertised(std::span<const sasl::Mechanism> list) const;
    sasl::ExchangeOptions exchange_options(const Server& server, sasl::Mechanism mechanism,
                                           std::span<const sasl::Mechanism> list) const;
    Step take(sasl::Step step, Output& out);
    Step succeed(const sasl::Success& success, Output& out);
    Step fail(sasl::Condition condition, std::string_view text);
    Step count_failure(const Server& server);
    Step on_bind(const Server& server, const xml::Element& iq, Output& out);
    bool is_for_us(const xml::Element& stanza) const;

    State state_ = State::login;
    Encryption encryption_;
    bool may_start_tls_;
    bool header_due_ = true;  // the client's, of the stream or restarted stream
    bool disabled_ = false;   // the account that is logging in
    std::uint16_t failures_ = 0;
    std::string host_;
    std::unique_ptr<sasl::ChannelBindings> bindings_;  // until the login; nullptr: none
    std::unique_ptr<sasl::ServerExchange> exchange_;   // 600 bytes that end with the login
    Jid account_;
};

}  // namespace clarion::c2s
