// SASL, server side: PLAIN and the SCRAM family, and the credentials an account stores for them.
//
// Owner: the stream that negotiates. A ServerExchange is a plain value without I/O, clock or XML:
// the caller decodes base64, feeds bytes in and does what the returned Step says, for SASL1 (RFC
// 6120 section 6) and SASL2 (XEP-0388) alike. It may be moved to another thread between any two
// steps; that is the point of NeedCredentials: the exchange names the account, the connection moves
// to the account's shard, and the credentials are checked there.
//
//     start(initial) ──> Challenge{""}         the client sent no initial response; then response()
//                    ──> NeedCredentials ──> credentials(account, stored) ──> Challenge (SCRAM)
//                    ──> Failure                                          ──> Success/Failure
//                    (PLAIN)
//     response(bytes) ─> Success | Failure     after the SCRAM challenge
//
// Sources: RFC 4616 (PLAIN), RFC 5802 and 7677 (SCRAM), RFC 5929 and 9266 (channel bindings),
// RFC 4013 (SASLprep), RFC 6120 section 6.5 (conditions), XEP-0474 (downgrade protection).
#pragma once

#include "base/result.h"
#include "proto/crypto.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

namespace clarion::sasl {

using crypto::Hash;

// ---- What an account stores --------------------------------------------------------------------

/// What the server keeps instead of a password (RFC 5802 section 3). All raw bytes.
struct ScramCredentials {
    std::string salt;
    std::uint32_t iterations = 0;
    std::string stored_key;
    std::string server_key;
};

/// Everything stored for an account. Either half may be missing (imported accounts).
struct Credentials {
    std::optional<ScramCredentials> sha1;
    std::optional<ScramCredentials> sha256;

    const std::optional<ScramCredentials>& of(Hash hash) const {
        return hash == Hash::sha1 ? sha1 : sha256;
    }
};

/// Length of the salts we make, and of those we pretend to have for unknown accounts.
inline constexpr std::size_t salt_size = 16;

/// RFC 4013. Error "not-acceptable" when the result is empty or `text` has characters that no
/// password may have. Characters newer than Unicode 3.2 pass, or emoji could not be typed.
Result<std::string> saslprep(std::string_view text);

/// Prepares the password and derives both keys. Slow on purpose: one PBKDF2. REQUIRES: iterations >
/// 0.
Result<ScramCredentials> derive_scram(Hash hash, std::string_view password, std::string_view salt,
                                      std::uint32_t iterations);

/// Credentials for both hashes with fresh random salts: what a new password is stored as.
Result<Credentials> make_credentials(std::string_view password, std::uint32_t iterations);

/// Whether `password` is the account's. Slow on purpose: one PBKDF2. Prefers the SHA-256 half.
bool verify_password(const Credentials& stored, std::string_view password);

// ---- Mechanisms --------------------------------------------------------------------------------

/// In order of preference, best first: offer them in this order.
enum class Mechanism : std::uint8_t {
    scram_sha_256_plus,
    scram_sha_1_plus,
    scram_sha_256,
    scram_sha_1,
    plain,
};

/// All of them, in order of preference.
std::span<const Mechanism> all_mechanisms();
/// The registered name, e.g. "SCRAM-SHA-256-PLUS".
std::string_view name(Mechanism mechanism);
/// Exact, case-sensitive match of a registered name.
std::optional<Mechanism> parse_mechanism(std::string_view name);
/// Whether the mechanism binds to the TLS channel; such ones are offered only when there is one.
bool is_plus(Mechanism mechanism);

/// The failure conditions of RFC 6120 section 6.5. The exchange itself yields only not_authorized,
/// malformed_request and invalid_authzid; the others are for the stream around it.
enum class Condition : std::uint8_t {
    aborted,
    account_disabled,
    credentials_expired,
    encryption_required,
    incorrect_encoding,
    invalid_authzid,
    invalid_mechanism,
    malformed_request,
    mechanism_too_weak,
    not_authorized,
    temporary_auth_failure,
};

/// The element name: "not-authorized".
std::string_view name(Condition condition);

/// Raw bytes of each binding that this TLS channel can give; none over plain TCP.
/// tls_exporter (RFC 9266) exists from TLS 1.3 or with the extended master secret. tls_unique is
/// registered up to TLS 1.2 only, but clients ask for it without looking (slixmpp 1.8, which would
/// fall back to PLAIN): it is taken in TLS 1.3 too, where it binds as well, and not announced.
struct ChannelBindings {
    std::optional<std::string> tls_exporter;
    std::optional<std::string> tls_server_end_point;
    std::optional<std::string> tls_unique;
    bool announce_tls_unique = true;

    bool any() const { return tls_exporter || tls_server_end_point || tls_unique; }
    /// By registered name ("tls-exporter"); nullptr if unknown or not available.
    const std::string* find(std::string_view type) const;
    /// Whether XEP-0440 lists it.
    bool announces(std::string_view type) const;
};

/// XEP-0474: the string whose hash the server-first-message carries. `bindings` are the types
/// announced by XEP-0440; nullopt if none were announced.
std::string advertised_list(std::span<const std::string_view> mechanisms,
                            std::optional<std::span<const std::string_view>> bindings);

// ---- The exchange ------------------------------------------------------------------------------

/// Load the account `username` names and call credentials(). The username is as sent (UTF-8
/// checked, =2C and =3D undone) and still has to be prepared as a localpart; an empty authzid means
/// "the same".
struct NeedCredentials {
    std::string username;
    std::string authzid;
};
/// Send these bytes (perhaps none) as a challenge, then call response().
struct Challenge {
    std::string bytes;
};
/// Authenticated. The caller must still refuse (invalid-authzid) an authzid that is not the
/// account.
struct Success {
    std::string additional_data;  ///< SCRAM's server-final-message; empty for PLAIN
    std::string authzid;
};
/// Refused; `text` is a constant sentence for the log.
struct Failure {
    Condition condition;
    std::string_view text;
};
using Step = std::variant<NeedCredentials, Challenge, Success, Failure>;

/// Longest message accepted from the client, in bytes after base64.
inline constexpr std::size_t max_message_size = 8192;

struct ExchangeOptions {
    Mechanism mechanism = Mechanism::plain;
    ChannelBindings bindings;
    bool plus_offered = false;  ///< a -PLUS was in the features: then a client's 'y' is a downgrade
    std::string server_nonce;   ///< from make_nonce(), or fixed in tests
    std::string
        decoy_secret;  ///< per server, stable across restarts: makes unknown accounts' salts
    std::uint32_t iterations = 10000;  ///< what accounts without credentials pretend to use
    std::string advertised;            ///< advertised_list(), or empty: no XEP-0474 hash is sent
};

/// A printable nonce without commas, 24 characters of 144 random bits.
std::string make_nonce();

class ServerExchange {
public:
    explicit ServerExchange(ExchangeOptions options);
    ServerExchange(ServerExchange&&) noexcept = default;
    ServerExchange& operator=(ServerExchange&&) noexcept = default;
    ~ServerExchange();  ///< wipes what is secret

    /// `initial` is nullopt when the client sent no initial response at all.
    Step start(std::optional<std::string_view> initial);

    /// Before credentials(): ExchangeOptions::iterations, once it is known whose name it is.
    void pretend(std::uint32_t iterations) { options_.iterations = iterations; }

    /// After NeedCredentials. `account` is the prepared bare JID: the decoy salt of an account that
    /// does not exist depends on it, so that different spellings of one name look alike. `stored`
    /// is nullopt for such an account; the exchange then goes on and fails at its end like any
    /// other. For PLAIN, this is where the PBKDF2 runs.
    Step credentials(std::string_view account, const std::optional<Credentials>& stored);

    /// The client's next message. A message at the wrong moment is malformed-request.
    Step response(std::string_view bytes);

    Mechanism mechanism() const { return options_.mechanism; }

private:
    enum class State : std::uint8_t {
        initial,
        awaiting_first,
        needs_credentials,
        challenged,
        done
    };

    Step first_message(std::string_view bytes);
    Step finish(Condition condition, std::string_view text);

    Step plain_first(std::string_view message);
    Step plain_verify(const std::optional<Credentials>& stored);

    Step scram_first(std::string_view message);
    std::optional<Failure> scram_channel(std::string_view flag);
    Step scram_challenge(std::string_view account, const std::optional<Credentials>& stored);
    Step scram_final(std::string_view message);

    Hash hash() const;

    ExchangeOptions options_;
    State state_ = State::initial;
    std::string username_;
    std::string authzid_;
    std::string password_;      ///< PLAIN only, until credentials()
    std::string channel_;       ///< SCRAM: gs2 header and binding data, what 'c' must decode to
    std::string first_bare_;    ///< client-first-message-bare
    std::string server_first_;  ///< what we answered
    std::string nonce_;         ///< client's and server's nonce
    ScramCredentials scram_;
    bool account_known_ = false;
};

}  // namespace clarion::sasl
