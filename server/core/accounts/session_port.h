// SessionPort: a session's connection as the session sees it. The narrow waist between core and
// net.
//
// Implemented by net (C2sConnection, also over WebSocket, and BoshConnection). Lives on the
// session's shard. Writing appends to a buffer that is flushed at the end of the turn in one write.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "proto/stanza.h"
#include "proto/stream_error.h"

namespace clarion {
class Framing;
}

namespace clarion::core {

struct ConnectionInfo {
    std::string address;  // peer's IP address as text
    std::uint16_t port = 0;
    bool encrypted = false;
    std::string tls_version;  // "TLSv1.3", empty without TLS
    std::string tls_cipher;
    /// Whom the address is counted as: of IPv6 it is a /64, as that is what one customer has at
    /// least ("2001:db8:0:1::/64").
    std::string network;
};

class SessionPort {
public:
    virtual ~SessionPort() = default;

    virtual void write(const Stanza& stanza) = 0;
    /// Well-formed XML with its own namespaces (nonzas, prepared answers), one element at a time.
    virtual void write_xml(std::string_view xml) = 0;
    /// Whether the peer has taken most of what was written: at most a quarter of [c2s]
    /// max_send_buffer is left. The connection itself cuts a peer that lets it grow to the whole;
    /// the session then hears on_detached().
    virtual bool has_send_room() const = 0;
    /// Session::on_send_room() follows, once, when there is.
    virtual void tell_send_room() = 0;

    /// Ends the stream: the error if any (`application`: see StreamError), its end, flush, close.
    /// The session must not use the port afterwards and hears nothing more from it.
    virtual void close(std::optional<StreamErrorCondition> error, std::string_view text = {},
                       const xml::Element* application = nullptr) = 0;
    /// The server stops, and the session hibernates until its client resumes it after the restart:
    /// nothing more is said, because the end of the stream would make clients begin a new session.
    /// The connection is cut when all is stored. The session must not use the port afterwards.
    virtual void abandon() = 0;
    /// The session is another shard's from now on, and its client is to resume it there: nothing
    /// more is said, as with abandon(), and the connection is cut at once; `flush`: after what was
    /// written. The session must not use the port afterwards.
    virtual void cut_off(bool flush) = 0;
    /// The session is ready for more after Session::may_read() said no.
    virtual void resume_reading() = 0;

    virtual ConnectionInfo info() const = 0;
    /// How the stream's header, features and errors are written on it.
    virtual const Framing& framing() const = 0;
};

}  // namespace clarion::core
