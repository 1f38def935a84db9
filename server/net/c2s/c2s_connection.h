// C2sConnection: one client's TCP connection: the bytes under C2sStream and Session.
//
// StreamDriver reads; here C2sStream negotiates, and once a session is bound it is handed
// elements synchronously. Writing is a function: text collects during a turn and leaves in one
// write at its end. When the exchange names an account that lives on another shard, the connection
// moves there (docs/design/001-core.md, idea 1).
#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "base/task.h"
#include "server/core/accounts/session_port.h"
#include "server/core/routing/trace.h"
#include "server/core/streams/c2s_stream.h"
#include "server/net/stream_driver.h"

namespace clarion::net {

class C2sConnection : public core::SessionPort, public StreamDriver {
public:
    /// Take over an accepted socket, unless a limit is reached; with TLS from the start a handshake
    /// comes first, or was done.
    static void accept(ShardNet& net, std::unique_ptr<Transport> transport);
    static void accept_tls(ShardNet& net, std::unique_ptr<Transport> transport);
    static void accept_encrypted(ShardNet& net, std::unique_ptr<Transport> transport);

    /// What the stream runs over.
    struct Channel {
        c2s::Encryption encryption = c2s::Encryption::none;
        bool may_start_tls = true;
        xml::XmlStream::Form form = xml::XmlStream::Form::stream;
    };

    C2sConnection(ShardNet& net, std::unique_ptr<Transport> transport,
                  ConnectionCounts::Place place, Channel channel);
    ~C2sConnection() override;

    // SessionPort
    void write(const Stanza& stanza) override;
    void write_xml(std::string_view xml) override;
    bool has_send_room() const override;
    void tell_send_room() override { tells_send_room_ = true; }
    void close(std::optional<StreamErrorCondition> error, std::string_view text = {},
               const xml::Element* application = nullptr) override;
    void abandon() override;
    void cut_off(bool flush) override;
    void resume_reading() override;
    core::ConnectionInfo info() const override;
    const Framing& framing() const override { return tcp_framing(); }

protected:
    static void run(ShardNet& net, std::unique_ptr<C2sConnection> connection, Step first);

    Step on_open(const xml::StreamHeader& header);
    Step on_element(xml::Document&& element) override;
    void on_encrypted() override;
    core::TracedStream traced(const xml::Element* element) const override;
    std::string_view counted_as() const override;
    void on_bad_xml() override;

private:
    Step after(core::C2sStream::Next next);
    void note_authenticated();
    void watch_silence(Duration from_now);
    void on_silence();
    void ping();

    // StreamConnection, StreamDriver
    std::string_view kind() const override { return "c2s"; }
    std::size_t object_size() const override { return sizeof *this; }
    std::size_t max_send_buffer() const override;
    Duration send_timeout() const override;
    std::int64_t bytes_per_second() const override;
    void write_header() override;
    Step on_header() override;
    void on_peer_closed() override;
    Task<Step> take_time(Step how) override;
    void on_worked(SteadyTime now, SteadyTime::duration worked) override;
    bool has_room() override;
    bool waits_for_send_room() const override { return true; }
    unsigned home() const override { return stream_.home(); }
    TlsSettings tls_settings() const override;
    SteadyTime handshake_deadline() const override;
    void on_tls_failed(std::string_view why) override;
    void on_detached() override;
    void on_sent() override;
    void on_deadline() override;

    core::C2sStream stream_;
    xml::Document element_;
    const SteadyTime accepted_;
    SteadyTime pinged_at_{};         // zero: it was not, or has said something since
    core::TimerId silence_timer_{};  // with [c2s] ping_interval only
    bool authenticated_ = false;
    bool detached_ = false;  // the session hears nothing more
    bool tells_send_room_ = false;
    mutable std::unique_ptr<const std::string> address_;  // as text, once somebody traced it
};

}  // namespace clarion::net
