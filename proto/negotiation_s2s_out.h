// OutgoingNegotiation: a stream from us to another server, until stanzas may flow (see
// negotiation_s2s.h).
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "proto/negotiation_s2s.h"
#include "proto/xml.h"
#include "proto/xml_stream.h"

namespace clarion::s2s {

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

}  // namespace clarion::s2s
