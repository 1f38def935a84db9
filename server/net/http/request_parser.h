// RequestParser: the bytes of a connection in, requests out, heads whole and bodies in pieces.
//
// Over Beast's parser, which is strict (RFC 9112): no bare line feeds, no white space before a
// colon, not two lengths, not a length and chunks. One for each request. Pure, without sockets.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "server/core/http/http_message.h"

namespace clarion::net {

class RequestParser {
public:
    enum class State : std::uint8_t {
        head,    // is not whole
        body,    // is to come, or comes
        done,    // what follows is the next request
        failed,  // with error()
    };
    /// What is wrong with a request, as a status and a sentence.
    struct Failure {
        unsigned status;
        std::string_view text;
    };

    /// `max_head`: in bytes; beyond it is 431, also of what is around the chunks of the body.
    explicit RequestParser(std::size_t max_head);
    ~RequestParser();

    /// Takes bytes: the head, or of the body at most one piece. Returns how many were used; none:
    /// it needs more than these. The head must be offered from its beginning until it is whole.
    std::size_t put(std::string_view bytes);
    /// The piece of the body in what put() used, into its bytes; may be empty.
    std::string_view piece() const { return piece_; }

    State state() const { return state_; }
    const Failure& failure() const { return failure_; }

    /// From State::body on; once. Without peer.
    core::HttpRequest take_request() { return std::move(request_); }
    bool has_body() const;
    bool keep_alive() const;
    /// The client waits for "100 Continue" before it sends the body.
    bool awaits_continue() const { return awaits_continue_; }
    /// It was told so.
    void note_continue() { awaits_continue_ = false; }
    /// 10 or 11.
    unsigned version() const { return version_; }

private:
    class Beast;
    void fail(unsigned status, std::string_view text);
    void check_head();
    void check_framing(std::size_t offered, std::size_t used);
    void check_host();
    void check_target();

    std::unique_ptr<Beast> beast_;
    core::HttpRequest request_;
    std::string target_;
    std::string_view piece_;
    std::size_t framing_left_;  // bytes around the chunks of the body
    Failure failure_{400, {}};
    unsigned version_ = 11;
    State state_ = State::head;
    bool awaits_continue_ = false;
};

}  // namespace clarion::net
