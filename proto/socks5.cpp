#include "proto/socks5.h"

#include <algorithm>

#include "base/memory.h"
#include "base/text.h"
#include "proto/crypto.h"

namespace clarion::socks5 {

namespace {

// RFC 1928, 3 and 4
constexpr unsigned version = 5;
constexpr unsigned no_authentication = 0;
constexpr char no_acceptable_methods = '\xff';
constexpr unsigned connect = 1;
constexpr unsigned domain_name = 3;

constexpr std::size_t greeting_head = 2;  // VER, NMETHODS
constexpr std::size_t request_head = 5;   // VER, CMD, RSV, ATYP, the length of DST.ADDR
constexpr std::size_t digest_digits = 40;
constexpr std::size_t request_size = request_head + digest_digits + 2;  // and DST.PORT

bool is_digest(std::string_view text) {
    return text.size() == digest_digits && std::all_of(text.begin(), text.end(), [](char c) {
               return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
           });
}

}  // namespace

std::string stream_address(std::string_view sid, const Jid& requester, const Jid& target) {
    std::string text(sid);
    text.append(requester.full()).append(target.full());
    return hex_encode(crypto::sha1(text));
}

ServerNegotiation::Step ServerNegotiation::feed(std::string_view bytes, std::string& out) {
    while (step_ == Step::more && !bytes.empty()) {
        const std::size_t taken = std::min(bytes.size(), needed() - message_.size());
        message_.append(bytes.substr(0, taken));
        bytes.remove_prefix(taken);
        step_ = decide(out);
    }
    return step_;
}

std::size_t ServerNegotiation::needed() const {
    if (message_.empty()) return 1;
    if (awaits_ == Awaits::request)
        return message_.size() < request_head ? request_head : request_size;
    return message_.size() < greeting_head ? greeting_head : greeting_head + at(1);
}

/// REQUIRES: something has come.
ServerNegotiation::Step ServerNegotiation::decide(std::string& out) {
    if (at(0) != version) {
        if (awaits_ == Awaits::request) return refuse(Reply::general_failure, out);
        return Step::refused;  // whatever it speaks, it would not understand us
    }
    const std::size_t size = message_.size();
    if (awaits_ == Awaits::greeting)
        return size >= greeting_head && size == needed() ? take_greeting(out) : Step::more;
    if (size == request_head) return take_head(out);
    return size == request_size ? take_address(out) : Step::more;
}

ServerNegotiation::Step ServerNegotiation::take_greeting(std::string& out) {
    const std::string_view methods = std::string_view(message_).substr(greeting_head);
    const bool offered = methods.find(static_cast<char>(no_authentication)) != methods.npos;
    out += static_cast<char>(version);
    out += offered ? static_cast<char>(no_authentication) : no_acceptable_methods;
    if (!offered) return Step::refused;
    message_.clear();
    awaits_ = Awaits::request;
    return Step::more;
}

ServerNegotiation::Step ServerNegotiation::take_head(std::string& out) {
    if (at(2) != 0) return refuse(Reply::general_failure, out);
    if (at(1) != connect) return refuse(Reply::command_not_supported, out);
    if (at(3) != domain_name) return refuse(Reply::address_type_not_supported, out);
    return at(4) == digest_digits ? Step::more : refuse(Reply::not_allowed, out);
}

ServerNegotiation::Step ServerNegotiation::take_address(std::string& out) {
    address_ = to_lower_ascii(std::string_view(message_).substr(request_head, digest_digits));
    const bool has_port = at(message_.size() - 2) != 0 || at(message_.size() - 1) != 0;
    if (has_port || !is_digest(address_)) return refuse(Reply::not_allowed, out);
    return Step::asked;
}

ServerNegotiation::Step ServerNegotiation::refuse(Reply code, std::string& out) {
    out += reply(code);
    return Step::refused;
}

/// BND.ADDR and BND.PORT are what the client gave (XEP-0065, 5.3.2). Of a request that is not
/// understood there are none: 0.0.0.0 port 0.
std::string ServerNegotiation::reply(Reply code) const {
    std::string text{static_cast<char>(version), static_cast<char>(code), '\0'};
    if (!address_.empty()) return text.append(message_, 3);
    return text.append("\1\0\0\0\0\0\0", 7);
}

std::size_t ServerNegotiation::memory() const {
    return heap_bytes(message_) + heap_bytes(address_);
}

}  // namespace clarion::socks5
