// The opening handshake of a WebSocket for XMPP (RFC 6455, 4.2; RFC 7395, 3.1).
#pragma once

#include <optional>
#include <span>
#include <string>

#include "base/option.h"
#include "server/core/http/http_message.h"

namespace clarion::net {

/// [websocket].
struct WebsocketOptions {
    std::string path = "/ws";
    std::vector<std::string> origins;
    static void declare(OptionTable<WebsocketOptions>& table);
};

/// Why a request cannot become a WebSocket; nullopt: it can. `origins`: of pages that may open one,
/// "https://chat.example.org"; none: any.
std::optional<core::HttpResponse> refuse_websocket(const core::HttpRequest& request,
                                                   std::span<const std::string> origins);

/// The head that is answered. REQUIRES: it is not refused.
std::string accept_websocket(const core::HttpRequest& request);

}  // namespace clarion::net
