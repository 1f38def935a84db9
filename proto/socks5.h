// SOCKS 5 as bytestreams use it (RFC 1928; XEP-0065): the server's side of the words that come
// before the bytes.
//
// A client offers ways to authenticate, of which only "none" is taken, and asks to be CONNECTed to
// a name: forty hexadecimal digits, which say what stream it means. There is nothing else that it
// could ask for: no address that a client names is ever looked up or connected to.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "proto/jid.h"

namespace clarion::socks5 {

/// RFC 1928, 6.
enum class Reply : std::uint8_t {
    succeeded = 0,
    general_failure = 1,
    not_allowed = 2,  // by the ruleset
    connection_refused = 5,
    command_not_supported = 7,
    address_type_not_supported = 8,
};

/// What both connections of a stream ask for as DST.ADDR (XEP-0065, 5.3.2): SHA-1 of the stream's
/// id and both addresses, as the requester and the target know each other, in lower-case
/// hexadecimal.
std::string stream_address(std::string_view sid, const Jid& requester, const Jid& target);

class ServerNegotiation {
public:
    enum class Step : std::uint8_t {
        more,     // bytes are needed
        asked,    // for address(): whoever joins the connections answers with reply()
        refused,  // the last words are written: close
    };

    /// Takes what came, and appends to `out` what is to be written. What comes behind the request
    /// is ignored (XEP-0065, 11.1): no stream is active yet.
    Step feed(std::string_view bytes, std::string& out);
    /// In lower case. REQUIRES: asked.
    const std::string& address() const { return address_; }
    /// The answer to the request: with the address and port as they were asked for.
    /// REQUIRES: asked, for succeeded.
    std::string reply(Reply code) const;
    /// What it holds in memory, besides itself.
    std::size_t memory() const;

private:
    enum class Awaits : std::uint8_t { greeting, request };

    /// How many bytes the message at hand has when the next thing can be decided.
    std::size_t needed() const;
    Step decide(std::string& out);
    Step take_greeting(std::string& out);
    Step take_head(std::string& out);
    Step take_address(std::string& out);
    Step refuse(Reply code, std::string& out);
    unsigned at(std::size_t i) const { return static_cast<unsigned char>(message_[i]); }

    Awaits awaits_ = Awaits::greeting;
    Step step_ = Step::more;
    std::string message_;  // what came of the message at hand
    std::string address_;
};

}  // namespace clarion::socks5
