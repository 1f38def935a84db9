#include "server/net/http/websocket_handshake.h"

#include "base/text.h"
#include "proto/websocket.h"
#include "server/net/http/page_origin.h"

namespace clarion::net {

namespace {

constexpr std::string_view subprotocol = "xmpp";

/// Whether a field, which may be there several times, lists this word.
bool lists(const core::HttpRequest& request, std::string_view name, std::string_view word) {
    for (const auto& [field, value] : request.fields) {
        if (!equal_ignoring_case(field, name)) continue;
        for (const std::string_view each : split(value, ','))
            if (equal_ignoring_case(trim(each), word)) return true;
    }
    return false;
}

core::HttpResponse upgrade_required(std::string_view text) {
    core::HttpResponse response = core::http_text(426, text);
    response.fields.emplace_back("Upgrade", "websocket");
    response.fields.emplace_back("Sec-WebSocket-Version", "13");
    return response;
}

}  // namespace

void WebsocketOptions::declare(OptionTable<WebsocketOptions>& t) {
    t.section("websocket", "XMPP over WebSocket (RFC 7395), on listeners of type https and http.")
        .live();
    t.add("path", &WebsocketOptions::path).doc("Where it is found, and announced; empty: nowhere.");
    t.add("origins", &WebsocketOptions::origins)
        .doc(
            "Sites whose pages may connect, such as \"https://chat.example.org\"; empty: all may. "
            "A "
            "browser says whose page it is; other clients say nothing, and may connect.");
}

std::optional<core::HttpResponse> refuse_websocket(const core::HttpRequest& request,
                                                   std::span<const std::string> origins) {
    if (request.method != "GET") {
        core::HttpResponse response = core::http_text(405, "a WebSocket is opened with GET");
        response.fields.emplace_back("Allow", "GET");
        return response;
    }
    if (!lists(request, "Upgrade", "websocket") || !lists(request, "Connection", "upgrade"))
        return upgrade_required("XMPP over WebSocket is spoken here");
    if (trim(request.field("Sec-WebSocket-Version")) != "13")
        return upgrade_required("only version 13 of WebSocket is spoken here");
    if (!websocket::is_key(trim(request.field("Sec-WebSocket-Key"))))
        return core::http_text(400, "Sec-WebSocket-Key is not 16 bytes in base64");
    if (!lists(request, "Sec-WebSocket-Protocol", subprotocol))
        return core::http_text(400, "the subprotocol must be xmpp");
    if (!may_connect(request.field("Origin"), origins))
        return core::http_text(403, "pages of this origin may not connect");
    return std::nullopt;
}

std::string accept_websocket(const core::HttpRequest& request) {
    std::string head =
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Accept: ";
    head += websocket::accept_key(trim(request.field("Sec-WebSocket-Key")));
    head.append("\r\nSec-WebSocket-Protocol: ").append(subprotocol).append("\r\n\r\n");
    return head;
}

}  // namespace clarion::net
