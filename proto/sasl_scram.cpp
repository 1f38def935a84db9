// SCRAM (RFC 5802, RFC 7677) with channel binding and the downgrade hash of XEP-0474.
//
//     C: gs2-cbind-flag , [a=authzid] , n=username , r=nonce [, extensions]
//     S: r=nonce , s=salt , i=iterations [, h=hash of what was advertised]
//     C: c=channel-binding , r=nonce [, extensions] , p=proof
//     S: v=verifier

#include "base/text.h"
#include "proto/sasl.h"
#include "proto/unicode_text.h"

#include <algorithm>
#include <utility>

namespace clarion::sasl {

namespace {

constexpr std::size_t max_nonce_size = 1024;

// Walks the comma-separated fields of a message; a trailing comma is a last, empty field.
class Fields {
public:
    explicit Fields(std::string_view text) : rest_(text) {}

    std::optional<std::string_view> next() {
        if (ended_) return std::nullopt;
        const std::size_t comma = rest_.find(',');
        const std::string_view field = rest_.substr(0, comma);
        ended_ = comma == std::string_view::npos;
        rest_ = ended_ ? std::string_view{} : rest_.substr(comma + 1);
        return field;
    }

    /// The value of the next field, which must be `key`=value with a value that is not empty.
    std::optional<std::string_view> next(char key) {
        const auto field = next();
        if (!field || field->size() < 3 || (*field)[0] != key || (*field)[1] != '=') return {};
        return field->substr(2);
    }

    std::string_view rest() const { return rest_; }

private:
    std::string_view rest_;
    bool ended_ = false;
};

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// All that may follow are optional extensions; a mandatory one ('m') is one we do not know.
bool only_extensions(Fields& fields) {
    while (const auto field = fields.next()) {
        if (field->size() < 3 || !is_letter((*field)[0]) || (*field)[1] != '=') return false;
        if ((*field)[0] == 'm') return false;
    }
    return true;
}

bool is_nonce(std::string_view nonce) {
    return !nonce.empty() && nonce.size() <= max_nonce_size &&
           std::all_of(nonce.begin(), nonce.end(),
                       [](char c) { return c >= 0x21 && c <= 0x7e && c != ','; });
}

// saslname: "=2C" stands for a comma, "=3D" for an equals sign, no other '=' may occur.
std::optional<std::string> unescape(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '=') {
            out += text[i];
            continue;
        }
        const std::string_view code = text.substr(i + 1, 2);
        if (code != "2C" && code != "3D") return std::nullopt;
        out += code == "2C" ? ',' : '=';
        i += 2;
    }
    return out;
}

// What an account that does not exist, or lacks this hash, answers: always the same, and unknown to
// those who do not know the secret. No password leads to these keys.
ScramCredentials decoy(Hash hash, const ExchangeOptions& options, std::string_view account) {
    std::string seed(hash == Hash::sha1 ? "sha1 " : "sha256 ");
    seed.append(account).append(1, '\0');
    std::string salt = crypto::hmac_sha256(options.decoy_secret, seed + "salt");
    salt.resize(salt_size);
    return {std::move(salt), options.iterations,
            crypto::hmac(hash, options.decoy_secret, seed + "stored"),
            crypto::hmac(hash, options.decoy_secret, seed + "server")};
}

bool proof_fits(Hash hash, const ScramCredentials& account, std::string_view auth_message,
                std::string proof) {
    const std::string signature = crypto::hmac(hash, account.stored_key, auth_message);
    if (proof.size() != signature.size()) return false;
    for (std::size_t i = 0; i < proof.size(); ++i) {
        proof[i] = static_cast<char>(proof[i] ^ signature[i]);
    }
    return crypto::constant_time_equal(crypto::digest(hash, proof), account.stored_key);
}

}  // namespace

Step ServerExchange::scram_first(std::string_view message) {
    const auto malformed = [&](std::string_view text) {
        return finish(Condition::malformed_request, text);
    };
    if (message.find('\0') != std::string_view::npos) return malformed("a NUL");
    Fields fields(message);
    const std::string_view flag = *fields.next();
    if (auto refusal = scram_channel(flag)) return malformed(refusal->text);
    const auto authzid = fields.next();
    if (!authzid) return malformed("no gs2 header");
    const std::size_t header_size = flag.size() + authzid->size() + 2;
    if (!authzid->empty()) {
        const auto name = authzid->starts_with("a=") ? unescape(authzid->substr(2)) : std::nullopt;
        if (!name || name->empty()) {
            return finish(Condition::invalid_authzid, "a malformed authorization identity");
        }
        authzid_ = *name;
    }
    first_bare_ = fields.rest();
    const auto username = fields.next('n');
    const auto nonce = username ? fields.next('r') : std::nullopt;
    if (!nonce || !is_nonce(*nonce)) return malformed("expected n=name,r=nonce");
    if (!only_extensions(fields)) return malformed("an extension that is malformed or mandatory");
    auto unescaped = unescape(*username);
    if (!unescaped) return malformed("a malformed name");
    username_ = *std::move(unescaped);
    channel_.insert(0, message.substr(0, header_size));
    nonce_.append(*nonce).append(options_.server_nonce);
    state_ = State::needs_credentials;
    return NeedCredentials{username_, authzid_};
}

// Judges the gs2-cbind-flag; leaves the data of the binding that the client chose in channel_.
std::optional<Failure> ServerExchange::scram_channel(std::string_view flag) {
    const auto refuse = [](std::string_view text) {
        return Failure{Condition::malformed_request, text};
    };
    if (flag.starts_with("p=")) {
        if (!is_plus(options_.mechanism)) return refuse("channel binding without -PLUS");
        const std::string* data = options_.bindings.find(flag.substr(2));
        if (data == nullptr) return refuse("a channel binding type we do not have here");
        channel_ = *data;
        return std::nullopt;
    }
    if (flag != "n" && flag != "y") return refuse("a malformed gs2 header");
    if (is_plus(options_.mechanism)) return refuse("-PLUS without channel binding");
    if (flag == "y" && options_.plus_offered) {
        return refuse(
            "the client says that it saw no -PLUS, which was offered: somebody in between removed "
            "it, or the client does not keep to RFC 5802");
    }
    return std::nullopt;
}

Step ServerExchange::scram_challenge(std::string_view account,
                                     const std::optional<Credentials>& stored) {
    const bool usable = stored && stored->of(hash()) && stored->of(hash())->iterations > 0;
    account_known_ = usable;
    scram_ = usable ? *stored->of(hash()) : decoy(hash(), options_, account);
    server_first_.append("r=").append(nonce_);
    server_first_.append(",s=").append(base64_encode(scram_.salt));
    server_first_.append(",i=").append(std::to_string(scram_.iterations));
    if (!options_.advertised.empty()) {
        server_first_.append(",h=");
        server_first_.append(base64_encode(crypto::digest(hash(), options_.advertised)));
    }
    state_ = State::challenged;
    return Challenge{server_first_};
}

Step ServerExchange::scram_final(std::string_view message) {
    const auto malformed = [&](std::string_view text) {
        return finish(Condition::malformed_request, text);
    };
    if (message.size() > max_message_size) return malformed("a message over 8 KB");
    if (!valid_utf8(message) || message.find('\0') != std::string_view::npos) {
        return malformed("not UTF-8, or a NUL");
    }
    const std::size_t proof_at = message.rfind(",p=");
    if (proof_at == std::string_view::npos) return malformed("no proof at the end");
    const auto proof = base64_decode(message.substr(proof_at + 3));
    const std::string_view without_proof = message.substr(0, proof_at);
    Fields fields(without_proof);
    const auto channel = fields.next('c');
    const auto nonce = channel ? fields.next('r') : std::nullopt;
    if (!nonce || !proof.ok()) return malformed("expected c=binding,r=nonce,p=proof");
    if (!only_extensions(fields)) return malformed("an extension that is malformed or mandatory");
    const auto binding = base64_decode(*channel);
    if (!binding.ok()) return malformed("a channel binding that is not base64");
    if (!crypto::constant_time_equal(binding.value(), channel_)) {
        return finish(Condition::not_authorized, "the channel binding does not match");
    }
    if (!crypto::constant_time_equal(*nonce, nonce_)) {
        return finish(Condition::not_authorized, "not our nonce");
    }
    std::string auth_message = first_bare_;
    auth_message.append(1, ',').append(server_first_).append(1, ',').append(without_proof);
    const bool fits = proof_fits(hash(), scram_, auth_message, proof.value());
    if (!fits || !account_known_) {
        return finish(Condition::not_authorized, "wrong name or password");
    }
    state_ = State::done;
    const std::string verifier = crypto::hmac(hash(), scram_.server_key, auth_message);
    return Success{"v=" + base64_encode(verifier), std::move(authzid_)};
}

}  // namespace clarion::sasl
