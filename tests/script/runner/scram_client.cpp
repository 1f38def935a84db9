#include "tests/script/runner/scram_client.h"

#include "base/text.h"
#include "proto/crypto.h"
#include "proto/sasl.h"

namespace clarion::script {

namespace {

constexpr std::string_view gs2_header = "n,,";

/// The value of "k=..." in a SCRAM message; empty if absent.
std::string_view field(std::string_view message, char key) {
    for (const auto part : split(message, ',')) {
        if (part.size() >= 2 && part[0] == key && part[1] == '=') return part.substr(2);
    }
    return {};
}

std::string escaped_name(std::string_view name) {
    std::string out;
    for (const char c : name) {
        if (c == ',') {
            out += "=2C";
        } else if (c == '=') {
            out += "=3D";
        } else {
            out += c;
        }
    }
    return out;
}

}  // namespace

ScramClient::ScramClient(std::string_view username, std::string_view password)
    : username_(escaped_name(username)),
      password_(sasl::saslprep(password).value_or(std::string(password))),
      nonce_(sasl::make_nonce()) {}

std::string ScramClient::first() const {
    return std::string(gs2_header) + "n=" + username_ + ",r=" + nonce_;
}

Result<std::string> ScramClient::final_message(std::string_view server_first) {
    const auto nonce = field(server_first, 'r');
    const auto salt = base64_decode(field(server_first, 's'));
    const auto iterations = parse_int(field(server_first, 'i'));
    if (!nonce.starts_with(nonce_) || !salt || !iterations || *iterations <= 0) {
        return fail("scram", "the server's first SCRAM message is wrong");
    }
    const auto salted = crypto::pbkdf2(crypto::Hash::sha256, password_, *salt,
                                       static_cast<std::uint32_t>(*iterations));
    const auto without_proof = "c=" + base64_encode(gs2_header) + ",r=" + std::string(nonce);
    const auto messages =
        first().substr(gs2_header.size()) + "," + std::string(server_first) + "," + without_proof;
    const auto client_key = crypto::hmac_sha256(salted, "Client Key");
    auto proof = crypto::hmac_sha256(crypto::sha256(client_key), messages);
    for (std::size_t i = 0; i < proof.size(); ++i) {
        proof[i] = static_cast<char>(proof[i] ^ client_key[i]);
    }
    server_signature_ = crypto::hmac_sha256(crypto::hmac_sha256(salted, "Server Key"), messages);
    return without_proof + ",p=" + base64_encode(proof);
}

bool ScramClient::verify(std::string_view server_final) const {
    return field(server_final, 'v') == base64_encode(server_signature_);
}

}  // namespace clarion::script
