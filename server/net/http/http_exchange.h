// HttpExchange: a request that is answered later, by whoever took it: BOSH keeps one until there is
// something to say.
//
// Held by its connection and by who answers it; on the connection's shard only.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "server/core/http/http_message.h"
#include "server/runtime/unique_function.h"

namespace clarion::net {

class HttpExchange {
public:
    HttpExchange(core::HttpRequest request, UniqueFunction<void()> answered)
        : request_(std::move(request)), answered_(std::move(answered)) {}
    HttpExchange(const HttpExchange&) = delete;
    HttpExchange& operator=(const HttpExchange&) = delete;

    core::HttpRequest& request() { return request_; }
    /// The answer; what is said after the first, or when the client is gone, means nothing. It is
    /// sent in a later turn.
    void respond(core::HttpResponse response);
    /// Called once if the client goes away before it was answered.
    void on_gone(UniqueFunction<void()> gone) { gone_ = std::move(gone); }
    bool is_open() const { return static_cast<bool>(answered_); }

    // For the connection.
    std::optional<core::HttpResponse> take_response() { return std::exchange(response_, {}); }
    bool has_response() const { return response_.has_value(); }
    void client_is_gone();

private:
    core::HttpRequest request_;
    UniqueFunction<void()> answered_;  // empty: answered, or nobody is there
    UniqueFunction<void()> gone_;
    std::optional<core::HttpResponse> response_;
};

}  // namespace clarion::net
