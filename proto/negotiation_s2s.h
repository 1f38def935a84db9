// Negotiation of server-to-server streams, both ends, as pure state machines.
//
// The owner feeds stream headers and top-level elements in, sends what was appended to `out`, and
// does what the returned step says. No I/O, no clock, no globals; random stream ids come from the
// owner. Everything a peer can repeat (domain pairs, verifications) is bounded by the policy.
//
//     OutgoingNegotiation                        IncomingNegotiation
//       header ->                                  <- header
//       <- header, features                        header, features ->
//       STARTTLS, handshake, new header            STARTTLS, handshake, new header
//       Next::secured: db:verify may flow          answers db:verify at any time
//       SASL EXTERNAL, else <db:result/>           Next::verify: somebody asks the domain itself
//       Next::up: stanzas may flow                 pairs(): who may send stanzas to whom
//
// Sources: RFC 6120 sections 4 to 6 and 9.2, RFC 7590, RFC 7712 section 4, XEP-0178 (EXTERNAL),
// XEP-0220 (dialback), XEP-0368 (TLS from the first byte). Dialback conditions: XEP-0220, 2.4.2.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "proto/stanza.h"
#include "proto/stream_error.h"
#include "proto/xml.h"
#include "proto/xml_stream.h"

namespace clarion::s2s {

/// The stage at which a stream stands or failed; what `clarionctl s2s test` and the log call it.
enum class Stage : std::uint8_t { resolve, connect, open, secure, authenticate, up };
std::string_view name(Stage stage);

/// How the two ends know each other.
enum class Proof : std::uint8_t { none, certificate, dialback };
std::string_view name(Proof proof);

/// Why an outgoing stream did not come up. `condition` is what waiting stanzas are returned with.
struct Failure {
    Stage stage;
    StanzaErrorCondition condition;
    std::string text;
};

/// "Is this key genuine?", asked of the domain that is said to have made it (XEP-0220, 2.1.2).
struct VerifyRequest {
    std::string local;      ///< our domain, which received the key: 'from' of <db:verify/>
    std::string remote;     ///< the domain that is asked: 'to'
    std::string stream_id;  ///< id of the stream on which we received the key
    std::string key;
};
enum class Verdict : std::uint8_t {
    valid,
    invalid,
    not_found,  ///< the domain does not exist, or its server does not know it
    timeout,    ///< its server could not be asked
};
/// An answer; it belongs to the request with the same four names but the key.
struct VerifyAnswer {
    std::string local, remote, stream_id;
    Verdict verdict;
};

// ---- From us to them ---------------------------------------------------------------------------

struct OutgoingPolicy {
    std::string local, remote;    ///< prepared domains
    std::string dialback_secret;  ///< XEP-0185
    bool can_encrypt = true;      ///< TLS is configured at all
    bool require_encryption = true;
    bool require_valid_certificate = false;  ///< the peer's
    bool have_certificate = false;           ///< ours, for SASL EXTERNAL
};

class OutgoingNegotiation {
public:
    enum class Next : std::uint8_t {
        read,       ///< send `out`, go on reading
        start_tls,  ///< discard what was read ahead, handshake as client, then on_encrypted()
        secured,    ///< send `out`; ask() and authenticate() are possible now
        restart,    ///< restart the parser, send `out`, go on reading
        up,         ///< authenticated: stanzas may be sent
        failed,     ///< failure() says why: send `out`, end the stream
    };

    /// `encrypted`: TLS came before the stream (XEP-0368); then call on_encrypted() first.
    explicit OutgoingNegotiation(OutgoingPolicy policy) : policy_(std::move(policy)) {}

    /// Writes the first header.
    void start(std::string& out);
    Next on_encrypted(bool certificate_valid, std::string& out);
    Next on_open(const xml::StreamHeader& header, std::string& out);
    /// Also once the stream is up: answers to ask(), stream errors, late features.
    Next on_element(const xml::Element& element, std::string& out);

    /// Proves who we are: by certificate if the peer offers that, else by dialback.
    /// REQUIRES: secured() and not called before.
    Next authenticate(std::string& out);
    /// Writes <db:verify/>. REQUIRES: may_ask().
    void ask(const VerifyRequest& request, std::string& out) const;
    /// The answer the element just given to on_element() was; the owner matches it with what it
    /// asked.
    std::optional<VerifyAnswer> take_answer() { return std::exchange(answer_, std::nullopt); }

    Stage stage() const { return stage_; }
    bool encrypted() const { return encrypted_; }
    bool certificate_valid() const { return certificate_valid_; }
    /// Features were exchanged over a channel that is good enough.
    bool secured() const { return state_ == State::secured; }
    /// Not while SASL is going on (the stream starts anew after it).
    bool may_ask() const {
        return state_ == State::secured || state_ == State::dialback || state_ == State::up;
    }
    bool is_up() const { return state_ == State::up; }
    Proof proof() const { return proof_; }
    const Failure& failure() const { return *failure_; }
    const std::string& stream_id() const { return stream_id_; }

private:
    enum class State : std::uint8_t {
        header,
        features,
        tls,
        secured,
        external,
        external_header,
        external_features,
        dialback,
        up,
        failed,
    };
    void write_header(std::string& out) const;
    Next on_features(const xml::Element& features, std::string& out);
    Next enter_secured();
    Next start_dialback(std::string& out);
    Next on_external(const xml::Element& element, std::string& out);
    Next on_dialback(const xml::Element& element);
    Next on_stream_error(const xml::Element& error);
    Next come_up(Proof proof);
    Next fail(Stage stage, StanzaErrorCondition condition, std::string text);

    OutgoingPolicy policy_;
    State state_ = State::header;
    Stage stage_ = Stage::open;
    bool encrypted_ = false;
    bool certificate_valid_ = false;
    bool offers_external_ = false;
    bool offers_dialback_ = false;
    Proof proof_ = Proof::none;
    std::string stream_id_;
    std::optional<VerifyAnswer> answer_;
    std::optional<Failure> failure_;
};

// ---- From them to us ---------------------------------------------------------------------------

struct IncomingPolicy {
    std::string dialback_secret;
    std::size_t max_pairs = 100;  ///< authenticated and being verified, together
    /// Whether a prepared domain is one of ours: a host or a component.
    std::function<bool(std::string_view)> is_ours;
    /// Whether TLS can be had, and must be, for this domain of ours.
    std::function<bool(std::string_view)> can_encrypt, require_encryption;
    /// Whether peers must have a certificate that names their domain, to talk to this one of ours.
    std::function<bool(std::string_view)> require_certificate;
    /// Whether the peer's certificate is valid for this domain. Called once TLS is up.
    std::function<bool(std::string_view)> certificate_covers;
    std::string default_host;  ///< our 'from' where the peer's 'to' is none of ours (4.9.1.3)
};

class IncomingNegotiation {
public:
    enum class Next : std::uint8_t {
        read,       ///< send `out`, go on reading
        start_tls,  ///< send `out`, then handshake as server, then on_encrypted()
        restart,    ///< SASL authenticated newest_pair(): send `out`, restart the parser, go on
        verify,     ///< send `out`; request() is to be asked, then on_verdict()
        pair,       ///< send `out`; newest_pair() was authenticated
        stanza,     ///< the element is none of the negotiation's: check_stanza() it
        close,      ///< a stream error or failure is in `out`; error_text() says why
    };
    /// Originating (theirs) and receiving (ours) domain.
    using Pair = std::pair<std::string, std::string>;
    struct PairLess {
        using is_transparent = void;
        using View = std::pair<std::string_view, std::string_view>;
        bool operator()(const View& a, const View& b) const { return a < b; }
    };
    using Pairs = std::set<Pair, PairLess>;

    explicit IncomingNegotiation(IncomingPolicy policy) : policy_(std::move(policy)) {}

    void on_encrypted();
    /// `stream_id`: fresh and unguessable; the answer's header gets it.
    Next on_open(const xml::StreamHeader& header, std::string stream_id, std::string& out);
    Next on_element(const xml::Element& element, std::string& out);

    /// What Next::verify is about.
    VerifyRequest take_request() { return std::move(request_); }
    /// Its result: writes <db:result type=…/>. Next::read, pair or close.
    Next on_verdict(const VerifyAnswer& answer, std::string& out);

    /// May the stanza be accepted? (RFC 6120, 8.1.1.2, 8.1.2.2)
    std::optional<StreamErrorCondition> check_stanza(const Jid& from, const Jid& to) const;

    /// What the element just given to on_element() was refused with, though the stream goes on: for
    /// the log. `peer`: the domain that asked.
    struct Refusal {
        std::string_view ns, condition;
        std::string peer;
    };
    std::optional<Refusal> take_refusal() { return std::exchange(refusal_, std::nullopt); }

    /// For an owner who ends the stream before there was a header of ours: writes one, if so, with
    /// this id.
    void ensure_header(std::string stream_id, std::string& out);

    const Pairs& pairs() const { return pairs_; }
    const Pair& newest_pair() const { return newest_; }
    bool encrypted() const { return encrypted_; }
    Proof proof() const { return proof_; }
    const std::string& from() const {
        return from_;
    }  ///< as its header said; prepared, maybe empty
    const std::string& to() const { return to_; }
    const std::string& stream_id() const { return stream_id_; }
    const std::string& error_text() const { return error_text_; }

private:
    enum class State : std::uint8_t { header, open, tls, closed };

    std::optional<StreamErrorCondition> check_header(const xml::StreamHeader& header);
    void write_header(std::string& out);
    void start_over();
    void write_features(std::string& out) const;
    bool needs_tls() const { return !encrypted_ && policy_.require_encryption(to_); }
    bool offers_tls() const { return !encrypted_ && policy_.can_encrypt(to_); }
    bool offers_external() const;
    bool offers_dialback() const;
    Next refuse_auth(std::string_view condition, std::string& out);
    Next on_starttls(std::string& out);
    Next on_auth(const xml::Element& auth, std::string& out);
    Next on_result(const xml::Element& result, std::string& out);
    Next on_verify(const xml::Element& verify, std::string& out);
    std::optional<StanzaErrorCondition> refusal(const Pair& pair) const;
    Next accept(Pair pair, Proof proof, std::string& out);
    Next end(StreamErrorCondition condition, std::string_view text, std::string& out);

    IncomingPolicy policy_;
    State state_ = State::header;
    bool encrypted_ = false;
    bool header_sent_ = false;
    bool old_peer_ = false;  ///< no version: no features, no SASL (RFC 6120, 4.7.5)
    bool sasl_done_ = false;
    unsigned sasl_failures_ = 0;
    Proof proof_ = Proof::none;
    std::string from_, to_, stream_id_, error_text_;
    VerifyRequest request_;
    std::optional<Refusal> refusal_;
    Pairs pairs_;
    Pairs verifying_;
    Pair newest_;
};

}  // namespace clarion::s2s
