// IncomingNegotiation: a stream from another server to us, and which pairs of domains it may carry
// (see negotiation_s2s.h).
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "proto/negotiation_s2s.h"
#include "proto/stanza.h"
#include "proto/stream_error.h"
#include "proto/stream_limits.h"
#include "proto/xml.h"
#include "proto/xml_stream.h"

namespace clarion::s2s {

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
    StreamLimits limits{};     ///< of an authenticated peer's stream (XEP-0478)
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
