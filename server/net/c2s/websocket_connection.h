// WebsocketConnection: a client's stream over WebSocket (RFC 7395): what differs from TCP is how
// messages are framed and how the stream begins and ends.
//
// HttpConnection makes it of a connection on which the opening handshake is done. No extensions, so
// no compression, which could tell secrets by its length. Sources: RFC 6455, RFC 7395.
#pragma once

#include <string>

#include "proto/websocket.h"
#include "server/core/http/http_message.h"
#include "server/net/c2s/c2s_connection.h"

namespace clarion::net {

class WebsocketConnection final : public C2sConnection {
public:
    struct Start {
        core::HttpPeer peer;  // who asked for it
        std::string rest;     // what came behind the handshake
    };
    /// Takes over a connection, unless a limit is reached.
    static void accept(ShardNet& net, std::unique_ptr<Transport> transport, Start start);

    WebsocketConnection(ShardNet& net, std::unique_ptr<Transport> transport,
                        ConnectionCounts::Place place, Start start);

    core::ConnectionInfo info() const override;
    const Framing& framing() const override { return websocket_framing(); }

private:
    // StreamConnection, StreamDriver
    std::string_view kind() const override { return "websocket"; }
    std::size_t object_size() const override { return sizeof *this; }
    std::string address() const override { return peer_.address; }
    void feed(std::span<char> bytes) override { reader_.feed(bytes); }
    void keep_rest() override;
    std::size_t begin_message(std::string& out) const override;
    void end_message(std::string& out, std::size_t begin) const override;
    void append_transport_end(std::string& out) const override;
    Step on_need_more() override;
    void on_bad_xml() override;
    Step on_element(xml::Document&& element) override;
    Step restart() override;

    Step on_message_end();
    Step on_close();
    Step on_protocol_error();
    Step refuse(StreamErrorCondition condition, std::string_view text);

    const core::HttpPeer peer_;
    websocket::FrameReader reader_;
    websocket::DeclarationFilter declaration_;
    std::string rest_;              // frames that were read and are not parsed
    std::string_view second_part_;  // of a piece: what comes when the first is parsed
    std::uint8_t elements_ = 0;     // in the message that is being read
    bool is_text_broken_ = false;   // what was read last is no UTF-8
    bool open_due_ = true;          // the client's, of the stream or restarted stream
};

}  // namespace clarion::net
