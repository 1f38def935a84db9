// ScramLogin: the client's side of SCRAM-SHA-1 and SCRAM-SHA-256 (RFC 5802, 7677), made for logging
// in many times: the slow part, PBKDF2, is done once for each (password, salt, iterations), and
// can be kept for the next run.
//
// ScramKeys: one per run. ScramLogin: one per exchange.
#pragma once

#include <iosfwd>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/result.h"
#include "proto/crypto.h"

namespace clarion::bench {

/// Salted passwords by what they were made of.
class ScramKeys {
public:
    const std::string& salted(crypto::Hash hash, std::string_view password, std::string_view salt,
                              std::uint32_t iterations);

    /// One line for each, until the end of the stream.
    void save(std::ostream& out) const;
    void load(std::istream& in);

private:
    std::unordered_map<std::string, std::string> known_;
};

class ScramLogin {
public:
    /// REQUIRES: a username without ',' and '='.
    ScramLogin(ScramKeys& keys, crypto::Hash hash, std::string_view username,
               std::string_view password);

    /// The client-first-message.
    std::string first() const { return "n,," + first_bare_; }
    /// The client-final-message. Error "scram" if the server's first is not understood.
    Result<std::string> final_message(std::string_view server_first);
    /// Whether the server proved that it knows the account's keys.
    bool verify(std::string_view server_final) const;

private:
    ScramKeys& keys_;
    crypto::Hash hash_;
    std::string password_;
    std::string nonce_;
    std::string first_bare_;
    std::string server_signature_;
};

}  // namespace clarion::bench
