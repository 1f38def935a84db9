// PLAIN (RFC 4616): [authzid] NUL authcid NUL passwd, checked against the stored SCRAM keys.

#include "proto/sasl.h"

#include <utility>

namespace clarion::sasl {

Step ServerExchange::plain_first(std::string_view message) {
    const std::size_t first = message.find('\0');
    const std::size_t second =
        first == std::string_view::npos ? first : message.find('\0', first + 1);
    if (second == std::string_view::npos) {
        return finish(Condition::malformed_request, "PLAIN needs two NULs");
    }
    const std::string_view username = message.substr(first + 1, second - first - 1);
    const std::string_view password = message.substr(second + 1);
    if (username.empty() || password.empty() || password.find('\0') != std::string_view::npos) {
        return finish(Condition::malformed_request, "PLAIN needs a name and a password");
    }
    username_ = username;
    authzid_ = message.substr(0, first);
    password_ = password;
    state_ = State::needs_credentials;
    return NeedCredentials{username_, authzid_};
}

Step ServerExchange::plain_verify(const std::optional<Credentials>& stored) {
    const bool usable = stored && (stored->sha256 || stored->sha1);
    bool accepted = false;
    if (usable) {
        accepted = verify_password(*stored, password_);
    } else {
        // The same work for an account that does not exist, so that time does not tell.
        const auto spent =
            derive_scram(Hash::sha256, password_, options_.decoy_secret, options_.iterations);
        static_cast<void>(spent.ok());
    }
    if (!accepted) return finish(Condition::not_authorized, "wrong name or password");
    state_ = State::done;
    crypto::wipe(password_);
    return Success{{}, std::move(authzid_)};
}

}  // namespace clarion::sasl
