// Peer: a scripted client or component, from the outside: what scripts make it do.
//
// Talks plain XMPP over a Connection: stream, STARTTLS, SASL (SCRAM-SHA-256 or PLAIN), bind,
// stream management (XEP-0198) and the component handshake (XEP-0114). Every operation that waits
// for the server does so through the Poller, so that all other peers go on reading meanwhile.
// One thread; owned by the Stage.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "proto/xml.h"
#include "tests/script/runner/connection.h"
#include "tests/script/runner/script.h"
#include "tests/script/runner/transcript.h"

namespace clarion::script {

/// Lets all peers read until something is so.
class Poller {
public:
    /// False if `timeout` passed first.
    virtual bool wait_until(const std::function<bool()>& condition, Millis timeout) = 0;

protected:
    ~Poller() = default;
};

/// Something received that no action has taken yet.
struct Received {
    xml::Document document;
    bool quiet = false;  // <r/> and <a/>: seen only by those who ask for them
};

class Peer {
public:
    Peer(const Actor& actor, Endpoint endpoint, Poller& poller, Transcript& transcript,
         Millis timeout);

    // --- what scripts say -----------------------------------------------------------------------
    Result<void> connect();       // all of it: until bound, or the component's handshake is done
    Result<void> open_socket();   // TCP only
    Result<void> open_stream();   // and the stream header
    Result<void> authenticate();  // until SASL succeeded and the stream was restarted
    Result<void> bind();
    Result<void> disconnect();  // </stream:stream>, and waits a moment for the server's
    void cut();                 // the TCP connection is reset
    void close_frozen();  // the connections that froze, this one or an earlier one, are closed
    void freeze() { frozen_ = true; }  // nothing is read or acknowledged any more; TCP stays
    Result<void> enable_sm(bool resumable);
    Result<void> resume();
    void acknowledge(std::optional<std::uint32_t> count);
    void answer_requests(bool automatically) { auto_ack_ = automatically; }
    void request_ack();

    /// The elements below `wrapper`. Dropped with a note if there is no connection any more.
    void send(const xml::Element& wrapper);
    void send_raw(std::string_view bytes);

    // --- what others need to know ---------------------------------------------------------------
    const Actor& actor() const { return actor_; }
    const std::string& full_jid() const { return full_jid_; }
    const std::string& sm_id() const { return sm_id_; }
    const std::string& stream_id() const { return stream_id_; }
    std::uint32_t handled() const { return handled_; }
    std::deque<Received>& inbox() { return inbox_; }
    bool is_connected() const { return connection_->is_open() && !stream_closed_; }
    /// The server ended the stream or the connection.
    bool was_closed() const { return stream_closed_ || !connection_->is_open(); }

    /// For poll(): -1 when there is nothing to read from.
    int fd() const { return frozen_ ? -1 : connection_->fd(); }
    void on_readable();

private:
    void on_event(Incoming&& event);
    void on_element(xml::Document&& document);
    void on_sm(const xml::Element& element);
    void forget_acknowledged(std::uint32_t server_handled);
    void write(std::string_view bytes);
    void write_element(const xml::Element& element);
    Error problem(std::string text) const;  // code "peer"
    Error refused(std::string text) const;  // code "login": the server said no
    std::string_view content_ns() const;

    Result<xml::Document> start_tls();  // and the features there
    Result<void> component_handshake();
    Result<void> sasl_plain();
    Result<void> sasl_scram();
    Result<void> restart_stream();
    /// The next element, taken from the inbox.
    Result<xml::Document> next_element(std::string_view what);
    /// The next <enabled/>, <resumed/> or <failed/>, wherever in the inbox it is.
    Result<xml::Document> sm_answer();

    const Actor& actor_;
    Endpoint endpoint_;
    Poller& poller_;
    Transcript& transcript_;
    Millis timeout_;

    std::unique_ptr<Connection> connection_ = std::make_unique<Connection>();
    std::unique_ptr<Connection> abandoned_;  // a frozen one: still open, nobody reads
    std::deque<Received> inbox_;
    std::string full_jid_;
    std::string stream_id_;
    bool header_seen_ = false;
    bool stream_closed_ = false;
    bool ending_ = false;  // </stream:stream> was sent
    bool frozen_ = false;

    // stream management
    std::string sm_id_;
    bool sm_counting_in_ = false;
    bool sm_counting_out_ = false;
    bool auto_ack_ = true;
    std::uint32_t handled_ = 0;  // stanzas received since <enabled/>
    std::uint32_t acknowledged_by_server_ = 0;
    std::deque<std::string> unacknowledged_;  // sent since <enable/>, in order
};

}  // namespace clarion::script
