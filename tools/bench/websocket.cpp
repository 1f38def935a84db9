#include "tools/bench/websocket.h"

namespace clarion::bench {

namespace {

constexpr std::string_view client_ns = " xmlns='jabber:client'";

bool is_stanza(std::string_view name) {
    return name == "message" || name == "presence" || name == "iq";
}

/// Masked with zeros: a server unmasks them all the same.
void append_frame_head(std::string& out, std::size_t size) {
    out += '\x81';
    const std::size_t bytes = size < 126 ? 0 : size < 65536 ? 2 : 8;
    const std::size_t marker = bytes == 0 ? size : bytes == 2 ? 126 : 127;
    out += static_cast<char>(marker | 0x80);
    for (std::size_t i = bytes; i-- > 0;) out += static_cast<char>(size >> (8 * i));
    out.append(4, '\0');
}

}  // namespace

std::string WebsocketCoat::handshake(const std::string& domain, const std::string& path) {
    return "GET " + path + " HTTP/1.1\r\nHost: " + domain +
           "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
           "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: xmpp\r\n\r\n";
}

std::string WebsocketCoat::open_tag(const std::string& domain) {
    return "<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='" + domain + "' version='1.0'/>";
}

std::string WebsocketCoat::wrap(std::string_view elements) {
    std::string out;
    sent_.feed(elements);
    for (std::string_view element;;) {
        const auto piece = sent_.next(element);
        if (piece == StanzaScanner::Piece::need_more) return out;
        if (piece != StanzaScanner::Piece::element) continue;
        const std::string_view name = element_name(element);
        const bool adds = is_stanza(name) && attribute(element, "xmlns").empty();
        append_frame_head(out, element.size() + (adds ? client_ns.size() : 0));
        const std::size_t split = adds ? 1 + name.size() : 0;
        out.append(element.substr(0, split)).append(adds ? client_ns : "");
        out.append(element.substr(split));
    }
}

/// The answer to the handshake.
bool WebsocketCoat::take_head() {
    const std::size_t end = buffer_.find("\r\n\r\n");
    if (end == std::string::npos) return false;
    is_open_ = buffer_.starts_with("HTTP/1.1 101 ");
    buffer_.erase(0, end + 4);
    return is_open_;
}

WebsocketCoat::Heard WebsocketCoat::unwrap(std::string_view bytes, std::string& text) {
    buffer_ += bytes;
    if (!is_open_) {
        if (take_head()) return Heard::opened;
        return buffer_.empty() ? Heard::end : Heard::more;
    }
    std::size_t at = 0;
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(buffer_[at + i]); };
    Heard heard = Heard::more;
    while (buffer_.size() - at >= 2) {
        const std::size_t marker = byte(1) & 0x7f;
        const std::size_t extra = marker == 126 ? 2 : marker == 127 ? 8 : 0;
        if (buffer_.size() - at < 2 + extra) break;
        std::size_t size = extra == 0 ? marker : 0;
        for (std::size_t i = 0; i < extra; ++i) size = size << 8 | byte(2 + i);
        if (buffer_.size() - at < 2 + extra + size) break;
        const unsigned opcode = byte(0) & 0x0f;
        if (opcode == 8) return Heard::end;
        if (opcode <= 2) {
            text.append(buffer_, at + 2 + extra, size);
            heard = Heard::text;
        }
        at += 2 + extra + size;
    }
    buffer_.erase(0, at);
    if (buffer_.empty()) std::string().swap(buffer_);
    return heard;
}

}  // namespace clarion::bench
