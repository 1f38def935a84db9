#include "server/net/c2s/websocket_connection.h"

#include <algorithm>

#include "proto/ns.h"
#include "proto/unicode_text.h"
#include "server/core/routing/refusal_log.h"
#include "server/net/c2s/client_admission.h"

namespace clarion::net {

namespace {

/// TLS that ends at a proxy encrypts, but nothing can be bound to it.
C2sConnection::Channel channel_of(const core::HttpPeer& peer) {
    return {.encryption = peer.encrypted ? c2s::Encryption::direct : c2s::Encryption::none,
            .may_start_tls = false,
            .form = xml::XmlStream::Form::messages};
}

/// Whether a piece of a text is no UTF-8. It may begin and end within a character.
bool is_broken(std::string_view piece) {
    constexpr std::size_t longest_rest = 3;
    const auto continues = [](char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; };
    for (std::size_t i = 0; i < longest_rest && !piece.empty() && continues(piece.front()); ++i)
        piece.remove_prefix(1);
    for (std::size_t cut = 0; cut <= std::min(longest_rest, piece.size()); ++cut)
        if (valid_utf8(piece.substr(0, piece.size() - cut))) return false;
    return true;
}

}  // namespace

void WebsocketConnection::accept(ShardNet& net, std::unique_ptr<Transport> transport, Start start) {
    auto place = admit_client(net, start.peer.network);
    if (!place) return;
    auto connection = std::make_unique<WebsocketConnection>(net, std::move(transport),
                                                            std::move(*place), std::move(start));
    if (!connection->peer_.proxied && connection->peer_.encrypted) connection->on_encrypted();
    run(net, std::move(connection), Step::parse);
}

WebsocketConnection::WebsocketConnection(ShardNet& net, std::unique_ptr<Transport> transport,
                                         ConnectionCounts::Place place, Start start)
    : C2sConnection(net, std::move(transport), std::move(place), channel_of(start.peer)),
      peer_(std::move(start.peer)),
      rest_(std::move(start.rest)) {
    reader_.feed(rest_);
}

core::ConnectionInfo WebsocketConnection::info() const {
    core::ConnectionInfo info = C2sConnection::info();
    info.address = peer_.address;
    info.network = peer_.network;
    info.encrypted = peer_.encrypted;
    if (!peer_.proxied) return info;
    info.port = 0;
    info.tls_version.clear();
    info.tls_cipher.clear();
    return info;
}

// --- reading ------------------------------------------------------------------------------------

void WebsocketConnection::keep_rest() {
    C2sConnection::keep_rest();
    std::string rest(reader_.rest().data(), reader_.rest().size());
    rest_ = std::move(rest);
    reader_.feed(rest_);
}

C2sConnection::Step WebsocketConnection::on_need_more() {
    for (;;) {
        if (!second_part_.empty()) {
            xml_.feed(std::exchange(second_part_, {}));
            return Step::parse;
        }
        switch (reader_.next()) {
            case websocket::FrameReader::Event::need_more:
                std::string().swap(rest_);
                return Step::read;
            case websocket::FrameReader::Event::piece: {
                const auto [first, second] = declaration_.filter(reader_.payload());
                second_part_ = second;
                if (first.empty()) break;
                xml_.feed(first);
                return Step::parse;
            }
            case websocket::FrameReader::Event::message_end: {
                const Step step = on_message_end();
                if (step != Step::parse) return step;
                break;
            }
            case websocket::FrameReader::Event::ping:
                if (is_open()) websocket::append_pong(out(), reader_.payload());
                break;
            case websocket::FrameReader::Event::close: return on_close();
            case websocket::FrameReader::Event::error: return on_protocol_error();
        }
    }
}

/// The parser says the same of what is no XML and what is no text; RFC 6455, 8.1, does not.
void WebsocketConnection::on_bad_xml() {
    is_text_broken_ = is_broken(reader_.payload());
    C2sConnection::on_bad_xml();
}

/// A message is one element (RFC 7395, 3.3.3). White space is none, and harms nobody.
C2sConnection::Step WebsocketConnection::on_message_end() {
    elements_ = 0;
    if (declaration_.end().empty() && xml_.is_between_elements()) return Step::parse;
    return refuse(StreamErrorCondition::not_well_formed, "a message ends within an element");
}

/// The peer says nothing more, without an end of its stream: it may come back and resume.
C2sConnection::Step WebsocketConnection::on_close() {
    if (!is_open()) return Step::finish;
    websocket::append_close(out(), reader_.close_code());
    end_was_written();
    return Step::finish;
}

C2sConnection::Step WebsocketConnection::on_protocol_error() {
    if (!is_open()) return Step::finish;
    context().refusals().on_stream(traced(nullptr), counted_as(), address(), "websocket-error",
                                   reader_.error_text());
    websocket::append_close(out(), reader_.close_code());
    end_was_written();
    return Step::finish;
}

C2sConnection::Step WebsocketConnection::refuse(StreamErrorCondition condition,
                                                std::string_view text) {
    begin_close(condition, text);
    return Step::finish;
}

C2sConnection::Step WebsocketConnection::on_element(xml::Document&& element) {
    if (++elements_ > 1)
        return refuse(StreamErrorCondition::bad_format, "a message has more than one element");
    const xml::Element& root = element.root();
    if (is_websocket_close(root)) return on_end();
    if (const auto header = read_websocket_open(root)) {
        if (!open_due_) return refuse(StreamErrorCondition::bad_format, "the stream is open");
        open_due_ = false;
        return on_open(*header);
    }
    if (root.is(ns::framing, root.name()) || (open_due_ && root.name() == "open"))
        return refuse(StreamErrorCondition::invalid_namespace, "this is not how a stream opens");
    if (open_due_) return refuse(StreamErrorCondition::bad_format, "the stream is not open");
    return C2sConnection::on_element(std::move(element));
}

C2sConnection::Step WebsocketConnection::restart() {
    open_due_ = true;
    header_due_ = true;
    return Step::parse;
}

// --- writing ------------------------------------------------------------------------------------

std::size_t WebsocketConnection::begin_message(std::string& out) const {
    return websocket::begin_message(out);
}

void WebsocketConnection::end_message(std::string& out, std::size_t begin) const {
    websocket::end_message(out, begin);
}

void WebsocketConnection::append_transport_end(std::string& out) const {
    using websocket::CloseCode;
    websocket::append_close(out, is_text_broken_ ? CloseCode::invalid_payload : CloseCode::normal);
}

}  // namespace clarion::net
