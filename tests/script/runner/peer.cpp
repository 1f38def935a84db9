#include "tests/script/runner/peer.h"

#include <utility>

#include "base/text.h"
#include "proto/ns.h"
#include "proto/xml_writer.h"

namespace clarion::script {

namespace {

bool is_stanza(const xml::Element& element) {
    return element.is(ns::client, "message") || element.is(ns::client, "presence") ||
           element.is(ns::client, "iq");
}

std::uint32_t count_of(std::string_view text) {
    return static_cast<std::uint32_t>(parse_int(text).value_or(0));
}

}  // namespace

Peer::Peer(const Actor& actor, Endpoint endpoint, Poller& poller, Transcript& transcript,
           Millis timeout)
    : actor_(actor),
      endpoint_(std::move(endpoint)),
      poller_(poller),
      transcript_(transcript),
      timeout_(timeout) {
    if (const auto host = actor.option("connect_host"); !host.empty()) endpoint_.host = host;
    if (const auto port = parse_int(actor.option("connect_port")); port) {
        endpoint_.port = static_cast<std::uint16_t>(*port);
    }
    full_jid_ = actor.bare_jid();
    if (!actor.resource().empty()) full_jid_.append("/").append(actor.resource());
}

std::string_view Peer::content_ns() const {
    return actor_.kind == Actor::Kind::component ? ns::component : ns::client;
}

Error Peer::problem(std::string text) const { return fail("peer", actor_.name + ": " + text); }

Error Peer::refused(std::string text) const { return fail("login", actor_.name + ": " + text); }

// --- reading ------------------------------------------------------------------------------------

void Peer::on_readable() {
    connection_->read();
    auto& events = connection_->events();
    while (!events.empty()) {
        auto event = std::move(events.front());
        events.pop_front();
        on_event(std::move(event));
    }
}

void Peer::on_event(Incoming&& event) {
    switch (event.kind) {
        case Incoming::Kind::open:
            header_seen_ = true;
            stream_id_ = event.stream_id;
            break;
        case Incoming::Kind::element: on_element(std::move(event.document)); break;
        case Incoming::Kind::close:
            transcript_.received(actor_.name, "</stream:stream>");
            if (!std::exchange(stream_closed_, true) && !ending_) write("</stream:stream>");
            connection_->close(Connection::Manner::orderly);
            break;
        case Incoming::Kind::lost: transcript_.note(actor_.name, "the connection is closed"); break;
        case Incoming::Kind::garbage:
            transcript_.note(actor_.name, "not XMPP: " + event.stream_id);
            connection_->close(Connection::Manner::orderly);
            break;
    }
}

void Peer::on_element(xml::Document&& document) {
    const xml::Element& root = document.root();
    transcript_.received(actor_.name, xml::to_string(root));
    if (root.ns() == ns::sm) on_sm(root);
    if (sm_counting_in_ && is_stanza(root)) ++handled_;
    const bool quiet = root.is(ns::sm, "r") || root.is(ns::sm, "a");
    inbox_.push_back({std::move(document), quiet});
}

void Peer::on_sm(const xml::Element& element) {
    if (element.name() == "enabled") {
        sm_counting_in_ = true;
        handled_ = 0;
        sm_id_ = element.attr("id");
    } else if (element.name() == "r") {
        if (auto_ack_) acknowledge(std::nullopt);
    } else if (element.name() == "a") {
        forget_acknowledged(count_of(element.attr("h")));
    } else if (element.name() == "resumed") {
        sm_counting_in_ = sm_counting_out_ = true;
        forget_acknowledged(count_of(element.attr("h")));
        for (const auto& text : unacknowledged_) write(text);
    }
}

void Peer::forget_acknowledged(std::uint32_t server_handled) {
    while (acknowledged_by_server_ != server_handled && !unacknowledged_.empty()) {
        unacknowledged_.pop_front();
        ++acknowledged_by_server_;
    }
}

// --- writing ------------------------------------------------------------------------------------

void Peer::write(std::string_view bytes) {
    if (!connection_->is_open()) {
        transcript_.note(actor_.name, "has no connection, so this is not sent");
    }
    transcript_.sent(actor_.name, bytes);
    connection_->write(bytes);
}

void Peer::write_element(const xml::Element& element) {
    std::string text;
    xml::write_stanza(text, element, content_ns());
    if (element.is(ns::sm, "enable")) {
        sm_counting_out_ = true;
        acknowledged_by_server_ = 0;
        unacknowledged_.clear();
    }
    if (sm_counting_out_ && is_stanza(element)) unacknowledged_.push_back(text);
    write(text);
}

void Peer::send(const xml::Element& wrapper) {
    for (const xml::Element& element : wrapper.children()) write_element(element);
}

void Peer::send_raw(std::string_view bytes) { write(bytes); }

void Peer::acknowledge(std::optional<std::uint32_t> count) {
    write("<a xmlns='urn:xmpp:sm:3' h='" + std::to_string(count.value_or(handled_)) + "'/>");
}

void Peer::request_ack() { write("<r xmlns='urn:xmpp:sm:3'/>"); }

// --- coming and going ---------------------------------------------------------------------------

Result<void> Peer::connect() {
    if (actor_.kind == Actor::Kind::component) {
        if (auto opened = open_socket(); !opened) return opened;
        return component_handshake();
    }
    if (auto done = authenticate(); !done) return done;
    return bind();
}

Result<void> Peer::open_socket() {
    if (frozen_) abandoned_ = std::exchange(connection_, std::make_unique<Connection>());
    inbox_.clear();
    frozen_ = stream_closed_ = header_seen_ = ending_ = false;
    sm_counting_in_ = sm_counting_out_ = false;
    if (auto opened = connection_->open(endpoint_, timeout_); !opened) {
        return problem(opened.error().text);
    }
    return {};
}

Result<void> Peer::disconnect() {
    if (!is_connected()) return {};
    ending_ = true;
    write("</stream:stream>");
    poller_.wait_until([this] { return was_closed(); }, Millis(1000));
    connection_->close(Connection::Manner::orderly);
    sm_counting_in_ = sm_counting_out_ = false;
    return {};
}

void Peer::cut() {
    connection_->close(Connection::Manner::cut);
    transcript_.note(actor_.name, "loses the TCP connection");
}

void Peer::close_frozen() {
    abandoned_.reset();
    if (frozen_) connection_->close(Connection::Manner::orderly);
}

Result<xml::Document> Peer::next_element(std::string_view what) {
    poller_.wait_until([this] { return !inbox_.empty() || was_closed(); }, timeout_);
    if (inbox_.empty()) return problem("no " + std::string(what) + " came from the server");
    auto document = std::move(inbox_.front().document);
    inbox_.pop_front();
    return document;
}

}  // namespace clarion::script
