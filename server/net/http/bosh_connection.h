// BoshConnection: a client's session over HTTP requests, under C2sStream and Session (XEP-0124,
// XEP-0206). What C2sConnection is over TCP.
//
// One coroutine owns it, reads what its requests say and does what may take time; else it waits to
// be woken. When the exchange names an account that lives on another shard, it moves there;
// BoshSessions brings its requests after it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/task.h"
#include "server/core/accounts/session_port.h"
#include "server/core/streams/c2s_stream.h"
#include "server/net/http/bosh_stream.h"

namespace clarion::core {
struct C2sOptions;
}

namespace clarion::net {

class BoshConnection final : public core::SessionPort, public BoshStream {
public:
    /// Begins a session, unless its request or a limit forbids that; then it is answered so.
    static void begin(ShardNet& net, std::string sid, BoshRequest request);

    BoshConnection(ShardNet& net, std::string sid, BoshRequest request,
                   ConnectionCounts::Place place);
    ~BoshConnection() override;

    // SessionPort
    void write(const Stanza& stanza) override;
    void write_xml(std::string_view xml) override;
    bool has_send_room() const override;
    void tell_send_room() override { tells_send_room_ = true; }
    void close(std::optional<StreamErrorCondition> error, std::string_view text = {},
               const xml::Element* application = nullptr) override;
    void abandon() override;
    void cut_off(bool flush) override;
    void resume_reading() override { wake(); }
    core::ConnectionInfo info() const override;
    const Framing& framing() const override { return bosh_framing(); }

private:
    /// What drive() does next.
    enum class Step : std::uint8_t {
        read,       // what requests say
        wait,       // to be woken
        negotiate,  // an element before there is a session
        arrived,    // the same, at home after a move
        move,       // to the shard home()
        finish,
    };
    static Task<> drive(std::unique_ptr<BoshConnection> self, Step first);
    static void move(std::unique_ptr<BoshConnection> self);

    // Reading.
    Step read();
    Step read_some();
    bool may_read();
    Step on_open();
    Step on_element();
    void on_terminate();
    void on_malformed();
    void on_refused();
    xml::Limits limits() const;
    // Negotiation.
    Task<Step> take_time(Step how);
    Step after(core::C2sStream::Next next);
    void note_authenticated();
    const core::C2sOptions& options() const;

    // BoshStream
    std::size_t object_size() const override { return sizeof *this; }
    core::TracedStream traced() const override;
    std::string_view counted_as() const override;
    std::size_t max_send_buffer() const override;
    void on_detached() override;
    void on_sent() override;
    void on_deadline() override;

    core::C2sStream stream_;
    xml::Document element_;
    bool restart_due_ = false;  // it has logged in
    bool authenticated_ = false;
    bool detached_ = false;  // the session hears nothing more
    bool tells_send_room_ = false;
};

}  // namespace clarion::net
