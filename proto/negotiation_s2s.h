// What both ends of server-to-server streams have in common: stages, proofs, questions about
// dialback keys.
//
// The ends themselves are pure state machines: negotiation_s2s_out.h, negotiation_s2s_in.h. The
// owner feeds stream headers and top-level elements in, sends what was appended to `out`, and does
// what the returned step says. No I/O, no clock, no globals; random stream ids come from the
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

#include <cstdint>
#include <string>
#include <string_view>

#include "proto/stanza_error.h"

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

}  // namespace clarion::s2s
