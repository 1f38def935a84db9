#include "tools/bench/scram_login.h"

#include <istream>
#include <ostream>

#include "base/text.h"

namespace clarion::bench {

namespace {

/// The value of "k=…" in a SCRAM message; empty if absent.
std::string_view field(std::string_view message, char key) {
    for (const auto part : split(message, ',')) {
        if (part.size() >= 2 && part[0] == key && part[1] == '=') return part.substr(2);
    }
    return {};
}

std::string exclusive_or(std::string a, std::string_view b) {
    for (std::size_t i = 0; i < a.size(); ++i) a[i] = static_cast<char>(a[i] ^ b[i]);
    return a;
}

}  // namespace

const std::string& ScramKeys::salted(crypto::Hash hash, std::string_view password,
                                     std::string_view salt, std::uint32_t iterations) {
    std::string made_of(1, hash == crypto::Hash::sha1 ? '1' : '2');
    made_of.append(std::to_string(iterations)).append(",").append(salt).append(password);
    auto [entry, is_new] = known_.try_emplace(std::move(made_of));
    if (is_new) entry->second = crypto::pbkdf2(hash, password, salt, iterations);
    return entry->second;
}

void ScramKeys::save(std::ostream& out) const {
    for (const auto& [made_of, salted] : known_)
        out << base64_encode(made_of) << ' ' << base64_encode(salted) << '\n';
}

void ScramKeys::load(std::istream& in) {
    for (std::string made_of, salted; in >> made_of >> salted;) {
        auto key = base64_decode(made_of);
        auto value = base64_decode(salted);
        if (key && value) known_.try_emplace(std::move(*key), std::move(*value));
    }
}

ScramLogin::ScramLogin(ScramKeys& keys, crypto::Hash hash, std::string_view username,
                       std::string_view password)
    : keys_(keys),
      hash_(hash),
      password_(password),
      nonce_(base64url_encode(crypto::random_bytes(18))),
      first_bare_("n=" + std::string(username) + ",r=" + nonce_) {}

Result<std::string> ScramLogin::final_message(std::string_view server_first) {
    const auto nonce = field(server_first, 'r');
    const auto salt = base64_decode(field(server_first, 's'));
    const auto iterations = parse_int(field(server_first, 'i'));
    if (!nonce.starts_with(nonce_) || !salt || !iterations || *iterations <= 0) {
        return fail("scram", "the server's first SCRAM message is wrong");
    }
    const auto& salted =
        keys_.salted(hash_, password_, *salt, static_cast<std::uint32_t>(*iterations));
    const auto without_proof = "c=" + base64_encode("n,,") + ",r=" + std::string(nonce);
    const auto messages = first_bare_ + "," + std::string(server_first) + "," + without_proof;
    const auto client_key = crypto::hmac(hash_, salted, "Client Key");
    const auto signature = crypto::hmac(hash_, crypto::digest(hash_, client_key), messages);
    server_signature_ = crypto::hmac(hash_, crypto::hmac(hash_, salted, "Server Key"), messages);
    return without_proof + ",p=" + base64_encode(exclusive_or(client_key, signature));
}

bool ScramLogin::verify(std::string_view server_final) const {
    return field(server_final, 'v') == base64_encode(server_signature_);
}

}  // namespace clarion::bench
