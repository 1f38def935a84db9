// FakePort: a connection that keeps what was written to it, as the elements a client would see.
//
// Stands in for net's C2sConnection wherever a SessionPort is wanted: a Session's, or a C2sStream's
// (then it shows the stream header and features too). What is written is really serialised and
// parsed again.
#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <string>

#include "proto/framing.h"
#include "proto/xml_stream.h"
#include "server/core/accounts/session_port.h"

namespace clarion::test {

class FakePort final : public core::SessionPort {
public:
    /// `opened`: the stream's headers were exchanged before (a bound session). Otherwise the first
    /// thing written must be our header.
    explicit FakePort(bool opened = true);

    // What the client sees.
    /// The oldest element not yet popped; `<nothing xmlns=''/>` if there is none.
    xml::Document pop();
    std::size_t pending() const { return elements_.size(); }
    /// Forgets what was received so far.
    void drop_all() { elements_.clear(); }
    std::deque<xml::Document>& elements() { return elements_; }
    /// The header of the stream, once written.
    const xml::StreamHeader& header() const { return header_; }
    /// close() was called; with which error.
    bool closed() const { return closed_; }
    std::optional<StreamErrorCondition> error() const { return error_; }
    /// The application-specific condition of that error; `<nothing xmlns=''/>` if it had none.
    const xml::Element& application_error() const { return application_error_.root(); }
    /// abandon() was called.
    bool abandoned() const { return abandoned_; }
    /// cut_off() was called: the client must connect again.
    bool cut() const { return cut_; }
    /// Elements that the session wrote all the same, which it must not.
    int written_after_cut() const { return written_after_cut_; }
    bool reading_resumed() const { return reading_resumed_; }

    // What the test pretends.
    /// The client reads nothing any more, or does again.
    void set_send_room(bool room) { send_room_ = room ? unlimited : 0; }
    /// There is room for so many stanzas yet.
    void set_send_room_for(std::size_t stanzas) { send_room_ = stanzas; }
    /// tell_send_room() was called.
    bool told_to_tell_send_room() const { return tells_send_room_; }
    void set_info(core::ConnectionInfo info) { info_ = std::move(info); }

    // SessionPort
    void write(const Stanza& stanza) override;
    void write_xml(std::string_view xml) override;
    bool has_send_room() const override { return send_room_ > 0; }
    void tell_send_room() override { tells_send_room_ = true; }
    void close(std::optional<StreamErrorCondition> error, std::string_view text,
               const xml::Element* application) override;
    void abandon() override { abandoned_ = true; }
    void cut_off(bool flush) override;
    void resume_reading() override { reading_resumed_ = true; }
    core::ConnectionInfo info() const override { return info_; }
    const Framing& framing() const override { return tcp_framing(); }

private:
    static constexpr std::size_t unlimited = ~std::size_t{0};
    void read_all();

    xml::ParserPool pool_;
    xml::XmlStream stream_;
    xml::StreamHeader header_;
    bool has_header_ = false;
    std::deque<xml::Document> elements_;
    bool closed_ = false;
    std::optional<StreamErrorCondition> error_;
    xml::Document application_error_{"nothing", ""};
    bool abandoned_ = false;
    bool cut_ = false;
    int written_after_cut_ = 0;
    bool reading_resumed_ = false;
    std::size_t send_room_ = unlimited;
    bool tells_send_room_ = false;
    core::ConnectionInfo info_{"192.0.2.1", 40000, true, "TLSv1.3", "TLS_AES_256_GCM_SHA384",
                               "192.0.2.1"};
};

}  // namespace clarion::test
