// Client: one account's session, from connect to `ready`, then stanzas in and out.
//
//     connect ─> [TLS] ─> [WebSocket] ─> header ─> features ─> [STARTTLS ─> TLS ─> header ─> features]
//             ─> SASL ─> header ─> features ─> bind ─> SM, carbons, push, presence (one write) ─>
//             ready ─> closing, until the server has ended its stream, too
//
// or, where a session hibernates, <resume/> instead of bind and what follows it.
//
// It answers <r/> by itself. Owner: the Crowd, which hears of it as ClientEvents; all clients of a
// run share one Shared. The client must outlive the round of the loop in which it is closed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "tools/bench/scram_login.h"
#include "tools/bench/settings.h"
#include "tools/bench/stanza_scanner.h"
#include "tools/bench/websocket.h"
#include "tools/bench/wire.h"

namespace clarion::bench {

class Client;

class ClientEvents {
public:
    enum class During : std::uint8_t { login, session, closing };

    virtual ~ClientEvents() = default;
    virtual void on_client_ready(Client& client) = 0;
    /// Its login failed, its connection broke later, or before the server had answered its end.
    virtual void on_client_lost(Client& client, During during, std::string_view reason) = 0;
    /// Both sides have ended their streams, as close() began.
    virtual void on_client_closed(Client& client) = 0;
    /// A message, presence or iq after `ready`; valid during the call only.
    virtual void on_stanza(Client& client, std::string_view stanza) = 0;
    /// The answer to request_ack().
    virtual void on_ack(Client& client, std::int64_t nanoseconds) = 0;
};

class Client final : public WireOwner {
public:
    struct Shared {
        const Settings& settings;
        Loop& loop;
        ScramKeys keys;
        TlsContext tls;
        ClientEvents* events = nullptr;
    };
    /// What each client asks for beyond Crowding.
    struct Wishes {
        std::string push_node;      // enable push at the component, with this node
        std::string resume_id;      // resume this session instead of binding a new one
        std::uint32_t handled = 0;  // how many of its stanzas were handled before
    };

    Client(Shared& shared, std::size_t index);

    void start(const Endpoint& endpoint, Wishes wishes);
    /// Complete stanzas; they leave at the end of the round.
    void send(std::string_view stanzas);
    /// Sends <r/> unless one is outstanding. REQUIRES: stream management.
    void request_ack();
    /// Says how many stanzas have been handled. REQUIRES: stream management.
    void acknowledge();
    /// Ends the stream, reads on until the server has ended its own, then closes: who closes with
    /// something unread resets the connection, and a server that writes into that takes the
    /// session for lost, and lets it hibernate. REQUIRES: is_ready().
    void close();
    /// Ends the connection only: the session may hibernate.
    void cut();
    /// Ends the connection as one that is lost.
    void give_up(std::string_view reason);

    std::size_t index() const { return index_; }
    bool is_ready() const { return state_ == State::ready; }
    bool is_closed() const { return state_ == State::closed; }
    /// When its login began, or its end.
    std::int64_t started_ns() const { return started_ns_; }
    /// "authenticating": for the message that says where a login got stuck.
    std::string_view state_name() const;
    /// What the server refused of what was asked ("carbons"); empty if nothing.
    const std::string& refused() const { return refused_; }

    // Stream management, as XEP-0198 counts. They stay after cut().
    /// By which the session can be resumed, as the server wrote it; empty if it cannot.
    const std::string& sm_id() const { return sm_id_; }
    /// Stanzas that came in.
    std::uint32_t handled() const { return handled_; }
    /// Stanzas that logging in sent.
    std::uint32_t sent_at_login() const { return sent_at_login_; }
    /// What the server says it has handled.
    std::uint32_t acknowledged() const { return acknowledged_; }
    /// From <resume/> to <resumed/>; 0 for a session that was not resumed.
    std::int64_t resume_ns() const { return resume_ns_; }

    void on_connected() override;
    void on_secured() override;
    void on_bytes(std::string_view bytes) override;
    void on_lost(std::string_view reason) override;

private:
    enum class State : std::uint8_t {
        closed,
        connecting,
        securing,
        negotiating,  // waits for features
        authenticating,
        binding,
        enabling,  // SM, carbons, push, presence
        resuming,
        ready,
        closing,  // waits for the server's end
    };

    void say(std::string_view elements);
    void open_websocket();
    void open_stream();
    void on_text(std::string_view text);
    void on_element(std::string_view element);
    void on_features(std::string_view features);
    void authenticate(std::string_view features);
    void on_sasl(std::string_view element);
    void on_challenge(std::string_view element);
    void on_bound(std::string_view answer);
    void on_enabling(std::string_view element);
    void on_resuming(std::string_view element);
    void become_ready();
    void note_answer(std::string_view iq);
    void on_live(std::string_view element);
    bool on_sm(std::string_view element);
    void wait_no_more(unsigned what);
    void on_stream_end();
    ClientEvents::During during() const;

    Shared& shared_;
    std::size_t index_;
    std::string name_;
    Wire wire_;
    StanzaScanner scanner_;
    std::optional<WebsocketCoat> websocket_;
    std::optional<ScramLogin> scram_;
    Wishes wishes_;
    std::string refused_;
    std::int64_t started_ns_ = 0;
    std::int64_t ack_asked_ns_ = 0;  // 0: none outstanding
    std::int64_t resume_ns_ = 0;     // when it was asked for, then how long it took
    std::string sm_id_;
    std::uint32_t handled_ = 0;
    std::uint32_t sent_at_login_ = 0;
    std::uint32_t acknowledged_ = 0;
    unsigned waiting_for_ = 0;  // answers that are missing before `ready`
    State state_ = State::closed;
    bool secured_ = false;
    bool authenticated_ = false;
    bool counts_ = false;  // <enabled/> was seen
};

}  // namespace clarion::bench
