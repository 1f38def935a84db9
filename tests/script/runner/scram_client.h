// ScramClient: the client's side of SCRAM-SHA-256 (RFC 5802, RFC 7677), without channel binding.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace clarion::script {

class ScramClient {
public:
    ScramClient(std::string_view username, std::string_view password);

    std::string first() const;
    /// The client-final-message. Error "scram" if the server's first is not understood.
    Result<std::string> final_message(std::string_view server_first);
    /// Whether the server proved that it knows the account's keys.
    bool verify(std::string_view server_final) const;

private:
    std::string username_;
    std::string password_;
    std::string nonce_;
    std::string server_signature_;
};

}  // namespace clarion::script
