#include "server/net/http/http_exchange.h"

namespace clarion::net {

void HttpExchange::respond(core::HttpResponse response) {
    UniqueFunction<void()> answered = std::exchange(answered_, {});
    if (!answered) return;
    gone_ = {};
    response_ = std::move(response);
    answered();
}

void HttpExchange::client_is_gone() {
    answered_ = {};
    if (UniqueFunction<void()> gone = std::exchange(gone_, {})) gone();
}

}  // namespace clarion::net
