// C2sConnection: one client's TCP connection: the bytes under C2sStream and Session.
//
// One coroutine, run(), owns it: it reads, lets C2sStream negotiate, and once a session is bound
// hands it elements synchronously. Writing is a function: text collects during a turn and leaves in
// one write at its end. When the exchange names an account that lives on another shard, run() ends
// here and starts there, with the same object (docs/design/001-core.md, idea 1).
// Source: RFC 6120, sections 4 (streams), 5 (STARTTLS); XEP-0368 (TLS from the start).
#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "base/task.h"
#include "server/core/c2s_stream.h"
#include "server/core/session_port.h"
#include "server/net/stream_connection.h"

namespace clarion::net {

class C2sConnection final : public core::SessionPort, public StreamConnection {
public:
    /// Takes over an accepted socket. `direct_tls`: a TLS handshake comes first.
    static void start(ShardNet& net, std::unique_ptr<Transport> transport,
                      ConnectionCounts::Place place, bool direct_tls);

    C2sConnection(ShardNet& net, std::unique_ptr<Transport> transport,
                  ConnectionCounts::Place place, bool direct_tls);
    ~C2sConnection() override;

    // SessionPort
    void write(const Stanza& stanza) override;
    void write_xml(std::string_view xml) override;
    bool has_send_room() const override;
    void tell_send_room() override { tells_send_room_ = true; }
    void close(std::optional<StreamErrorCondition> error, std::string_view text = {},
               const xml::Element* application = nullptr) override;
    void abandon() override;
    void resume_reading() override;
    core::ConnectionInfo info() const override;
    const Framing& framing() const override { return tcp_framing(); }

private:
    /// What run() does next.
    enum class Step : std::uint8_t {
        parse,      // what was read already
        read,       // more bytes
        wait,       // for bytes
        yield,      // let others have their turn, then read
        pause,      // until resume_reading(), or our own end
        negotiate,  // element_ is for C2sStream, which may take its time
        arrived,    // home: C2sStream goes on with what made us move
        start_tls,
        move,
        finish,  // both sides are done, or nothing more can be understood
    };

    static Task<> run(std::unique_ptr<C2sConnection> self, Step first);
    static void move_home(std::unique_ptr<C2sConnection> self);
    Task<Step> negotiate(Step how);
    Task<Step> start_tls();

    Step read();
    Step parse();
    Step on_element();
    Step on_peer_closed();
    Step on_xml_error();
    Step after(core::C2sStream::Next next);
    Step restart();
    bool may_go_on() const;
    void note_authenticated();
    void watch_silence(Duration from_now);
    void on_silence();
    void ping();

    // StreamConnection
    std::string_view kind() const override { return "c2s"; }
    core::TracedStream traced(const xml::Element* element) const override;
    std::size_t max_send_buffer() const override;
    Duration send_timeout() const override;
    std::int64_t bytes_per_second() const override;
    void write_header() override;
    void on_detached() override;
    void on_sent() override;
    void on_deadline() override;

    core::C2sStream stream_;
    xml::Document element_;
    const SteadyTime accepted_;
    SteadyTime pinged_at_{};         // zero: it was not, or has said something since
    core::TimerId silence_timer_{};  // with [c2s] ping_interval only
    const bool direct_tls_;
    bool authenticated_ = false;
    bool detached_ = false;  // the session hears nothing more
    bool tells_send_room_ = false;
    ConnectionCounts::Place place_;
    mutable std::unique_ptr<const std::string> address_;  // as text, once somebody traced it
};

}  // namespace clarion::net
