// StreamDriver: the one coroutine of a stream that others open to us: it reads, parses, pauses
// while there is no room, starts TLS, moves home, and ends in order.
//
// Clients, components and servers derive from it and say what they do with a header and an element.
// Sources: RFC 6120, 5 (STARTTLS); XEP-0368 (TLS from the start).
#pragma once

#include <memory>
#include <string_view>

#include "base/task.h"
#include "server/net/stream_connection.h"

namespace clarion::net {

class StreamDriver : public StreamConnection {
protected:
    using StreamConnection::StreamConnection;

    /// What drive() does next.
    enum class Step : std::uint8_t {
        parse,      // what was read already
        read,       // more bytes
        wait,       // for bytes
        yield,      // let others have their turn, then read
        pause,      // until may_go_on(), or our own end
        negotiate,  // what take_time() does
        arrived,    // the same, at home after a move
        start_tls,  // <proceed/> is written
        direct_tls,
        move,    // to the shard home()
        finish,  // both sides are done, or nothing more can be understood
    };

    /// The coroutine, which owns the connection. `Owner`: a unique_ptr or shared_ptr to
    /// StreamDriver.
    template <class Owner>
    static Task<> drive(Owner self, Step first);

    /// The stream begins anew; what the peer sent behind its last message belongs to the new one.
    virtual Step restart();
    /// The peer's header, for who traces.
    void trace_header(const xml::StreamHeader& header) const;
    /// The peer ended its stream.
    Step on_end();
    /// There is room again: a paused connection goes on, if it may.
    void go_on_if_paused();
    /// For has_room(): the shard has more to deliver than a turn may, so this connection causes
    /// nothing new; it is asked again behind all that was said. REQUIRES: it moves no more.
    bool waits_for_deliveries(std::weak_ptr<StreamDriver> self);

    // What differs.
    /// xml_ has the peer's header. Who takes it up clears header_due_ and traces it.
    virtual Step on_header() = 0;
    virtual Step on_element(xml::Document&& element) = 0;
    /// The peer ended its stream, or nothing more can be understood (xml_.error()): what is to be
    /// done before ours ends.
    virtual void on_peer_closed() {}
    virtual void on_bad_xml() {}
    /// xml_ has used up what it was given: parse, if it was given more.
    virtual Step on_need_more() { return Step::read; }
    /// Does Step::negotiate or Step::arrived, which may wait for others. Only called where
    /// on_header() or on_element() return one of them.
    virtual Task<Step> take_time(Step how);
    /// What was read took so long to parse and to deal with.
    virtual void on_worked(SteadyTime /*now*/, SteadyTime::duration /*worked*/) {}
    /// Whether another element may be taken now.
    virtual bool has_room() { return true; }
    /// Whether the peer's end is not waited for once ours is written.
    virtual bool ends_at_once() const { return false; }
    /// Step::move: where to, and what comes first there.
    virtual unsigned home() const { return context().shard().index(); }
    virtual Step on_arrived() { return Step::arrived; }
    /// The certificate to show, and what else differs; `alpn` as it is for direct TLS.
    virtual TlsSettings tls_settings() const { return {}; }
    virtual SteadyTime handshake_deadline() const { return SteadyTime::max(); }
    virtual void on_encrypted() {}
    virtual void on_tls_failed(std::string_view) {}

private:
    Step read();
    Step parse();
    Step parse_element();
    void note_work();
    bool may_go_on();
    Task<Step> do_at_length(Step step);
    Task<Step> secure(bool direct_tls);
    /// The last part of a connection's life: flushes, says that no more will come, waits for the
    /// peer to do the same, closes.
    Task<> linger();
    void trace_end() const;
    template <class Owner>
    static void move(Owner self);

    SteadyTime noted_at_{};  // up to then on_worked() has been told
    bool waits_for_deliveries_ = false;
};

}  // namespace clarion::net
