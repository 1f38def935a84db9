#include "proto/sasl.h"

#include "base/text.h"
#include "proto/unicode_text.h"

#include <unicode/unistr.h>
#include <unicode/usprep.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <stdexcept>
#include <utility>
#include <vector>

namespace clarion::sasl {

namespace {

constexpr std::array<std::pair<Mechanism, std::string_view>, 5> mechanism_names{{
    {Mechanism::scram_sha_256_plus, "SCRAM-SHA-256-PLUS"},
    {Mechanism::scram_sha_1_plus, "SCRAM-SHA-1-PLUS"},
    {Mechanism::scram_sha_256, "SCRAM-SHA-256"},
    {Mechanism::scram_sha_1, "SCRAM-SHA-1"},
    {Mechanism::plain, "PLAIN"},
}};

constexpr std::array preference{Mechanism::scram_sha_256_plus, Mechanism::scram_sha_1_plus,
                                Mechanism::scram_sha_256, Mechanism::scram_sha_1, Mechanism::plain};

// In the order of the enumeration.
constexpr std::array<std::string_view, 11> condition_names{
    "aborted",
    "account-disabled",
    "credentials-expired",
    "encryption-required",
    "incorrect-encoding",
    "invalid-authzid",
    "invalid-mechanism",
    "malformed-request",
    "mechanism-too-weak",
    "not-authorized",
    "temporary-auth-failure",
};

const UStringPrepProfile* saslprep_profile() {
    static const UStringPrepProfile* const profile = [] {
        UErrorCode status = U_ZERO_ERROR;
        const auto* opened = usprep_openByType(USPREP_RFC4013_SASLPREP, &status);
        if (U_FAILURE(status)) throw std::runtime_error("ICU has no SASLprep profile");
        return opened;
    }();
    return profile;
}

// Printable ASCII is what SASLprep leaves as it is: nearly every password.
bool is_plain_ascii(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c <= 0x7e; });
}

Error not_acceptable() {
    return fail(error_code::not_acceptable, "no such password can exist (RFC 4013)");
}

Result<std::string> saslprep_unicode(std::string_view text) {
    const auto source = icu::UnicodeString::fromUTF8(
        icu::StringPiece(text.data(), static_cast<std::int32_t>(text.size())));
    std::u16string prepared(static_cast<std::size_t>(source.length()) * 2 + 16, u'\0');
    std::int32_t length = 0;
    UErrorCode status = U_BUFFER_OVERFLOW_ERROR;
    // The second round happens when normalisation made the text longer than guessed.
    for (int round = 0; round < 2 && status == U_BUFFER_OVERFLOW_ERROR; ++round) {
        status = U_ZERO_ERROR;
        prepared.resize(std::max(prepared.size(), static_cast<std::size_t>(length)));
        length = usprep_prepare(saslprep_profile(), source.getBuffer(), source.length(),
                                prepared.data(), static_cast<std::int32_t>(prepared.size()),
                                USPREP_ALLOW_UNASSIGNED, nullptr, &status);
    }
    if (U_FAILURE(status) || length == 0) return not_acceptable();
    std::string out;
    icu::UnicodeString(prepared.data(), length).toUTF8String(out);
    return out;
}

std::string join_sorted(std::span<const std::string_view> names) {
    std::vector<std::string_view> sorted(names.begin(), names.end());
    std::sort(sorted.begin(), sorted.end());
    std::string joined;
    for (std::string_view each : sorted) {
        if (!joined.empty()) joined += '\x1e';
        joined += each;
    }
    return joined;
}

}  // namespace

// ---- Credentials -------------------------------------------------------------------------------

Result<std::string> saslprep(std::string_view text) {
    constexpr std::size_t longest = 1U << 20;
    if (text.empty() || text.size() > longest || !valid_utf8(text)) return not_acceptable();
    if (is_plain_ascii(text)) return std::string(text);
    return saslprep_unicode(text);
}

Result<ScramCredentials> derive_scram(Hash hash, std::string_view password, std::string_view salt,
                                      std::uint32_t iterations) {
    Result<std::string> prepared = saslprep(password);
    if (!prepared) return prepared.error();
    std::string salted = crypto::pbkdf2(hash, *prepared, salt, iterations);
    std::string client_key = crypto::hmac(hash, salted, "Client Key");
    ScramCredentials derived{std::string(salt), iterations, crypto::digest(hash, client_key),
                             crypto::hmac(hash, salted, "Server Key")};
    crypto::wipe(*prepared);
    crypto::wipe(salted);
    crypto::wipe(client_key);
    return derived;
}

Result<Credentials> make_credentials(std::string_view password, std::uint32_t iterations) {
    auto sha1 = derive_scram(Hash::sha1, password, crypto::random_bytes(salt_size), iterations);
    if (!sha1) return sha1.error();
    auto sha256 = derive_scram(Hash::sha256, password, crypto::random_bytes(salt_size), iterations);
    if (!sha256) return sha256.error();
    return Credentials{*std::move(sha1), *std::move(sha256)};
}

bool verify_password(const Credentials& stored, std::string_view password) {
    const Hash hash = stored.sha256 ? Hash::sha256 : Hash::sha1;
    const std::optional<ScramCredentials>& kept = stored.of(hash);
    if (!kept || kept->iterations == 0) return false;
    const auto derived = derive_scram(hash, password, kept->salt, kept->iterations);
    return derived.ok() &&
           crypto::constant_time_equal(derived.value().stored_key, kept->stored_key);
}

// ---- Names -------------------------------------------------------------------------------------

std::span<const Mechanism> all_mechanisms() { return preference; }

std::string_view name(Mechanism mechanism) {
    return mechanism_names[static_cast<std::size_t>(mechanism)].second;
}

std::optional<Mechanism> parse_mechanism(std::string_view name) {
    for (const auto& [mechanism, known] : mechanism_names) {
        if (known == name) return mechanism;
    }
    return std::nullopt;
}

bool is_plus(Mechanism mechanism) {
    return mechanism == Mechanism::scram_sha_256_plus || mechanism == Mechanism::scram_sha_1_plus;
}

std::string_view name(Condition condition) {
    return condition_names[static_cast<std::size_t>(condition)];
}

const std::string* ChannelBindings::find(std::string_view type) const {
    const std::optional<std::string>* found = nullptr;
    if (type == "tls-exporter") found = &tls_exporter;
    if (type == "tls-server-end-point") found = &tls_server_end_point;
    if (type == "tls-unique") found = &tls_unique;
    return found != nullptr && found->has_value() ? &**found : nullptr;
}

bool ChannelBindings::announces(std::string_view type) const {
    return find(type) != nullptr && (announce_tls_unique || type != "tls-unique");
}

std::string advertised_list(std::span<const std::string_view> mechanisms,
                            std::optional<std::span<const std::string_view>> bindings) {
    std::string list = join_sorted(mechanisms);
    if (bindings) list.append(1, '\x1f').append(join_sorted(*bindings));
    return list;
}

std::string make_nonce() { return base64_encode(crypto::random_bytes(18)); }

// ---- The exchange: what all mechanisms share ---------------------------------------------------

ServerExchange::ServerExchange(ExchangeOptions options) : options_(std::move(options)) {
    assert(options_.mechanism == Mechanism::plain || !options_.server_nonce.empty());
}

ServerExchange::~ServerExchange() { crypto::wipe(password_); }

Step ServerExchange::start(std::optional<std::string_view> initial) {
    if (state_ != State::initial) {
        return finish(Condition::malformed_request, "the exchange has begun already");
    }
    state_ = State::awaiting_first;
    if (!initial) return Challenge{};  // RFC 4422 section 5: both kinds begin with the client
    return first_message(*initial);
}

Step ServerExchange::credentials(std::string_view account,
                                 const std::optional<Credentials>& stored) {
    if (state_ != State::needs_credentials) {
        return finish(Condition::malformed_request, "nobody asked for credentials");
    }
    if (options_.mechanism == Mechanism::plain) return plain_verify(stored);
    return scram_challenge(account, stored);
}

Step ServerExchange::response(std::string_view bytes) {
    if (state_ == State::awaiting_first) return first_message(bytes);
    if (state_ == State::challenged) return scram_final(bytes);
    return finish(Condition::malformed_request, "a response to no challenge");
}

Step ServerExchange::first_message(std::string_view bytes) {
    if (bytes.size() > max_message_size) {
        return finish(Condition::malformed_request, "a message over 8 KB");
    }
    if (!valid_utf8(bytes)) return finish(Condition::malformed_request, "not UTF-8");
    return options_.mechanism == Mechanism::plain ? plain_first(bytes) : scram_first(bytes);
}

Step ServerExchange::finish(Condition condition, std::string_view text) {
    state_ = State::done;
    crypto::wipe(password_);
    return Failure{condition, text};
}

Hash ServerExchange::hash() const {
    const Mechanism mechanism = options_.mechanism;
    const bool old =
        mechanism == Mechanism::scram_sha_1 || mechanism == Mechanism::scram_sha_1_plus;
    return old ? Hash::sha1 : Hash::sha256;
}

}  // namespace clarion::sasl
