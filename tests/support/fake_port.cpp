#include "tests/support/fake_port.h"

#include <stdexcept>
#include <utility>

#include "proto/ns.h"
#include "proto/xml_writer.h"

namespace clarion::test {

namespace {

constexpr std::string_view opening =
    "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' "
    "version='1.0'>";

}  // namespace

FakePort::FakePort(bool opened) : stream_(pool_, xml::Limits{}) {
    if (opened) write_xml(opening);
}

xml::Document FakePort::pop() {
    if (elements_.empty()) return xml::Document("nothing", "");
    xml::Document oldest = std::move(elements_.front());
    elements_.pop_front();
    return oldest;
}

void FakePort::write(const Stanza& stanza) {
    if (send_room_ != unlimited && send_room_ > 0) --send_room_;
    std::string text;
    xml::write_stanza(text, stanza.root(), ns::client);
    write_xml(text);
}

void FakePort::write_xml(std::string_view xml) {
    if (cut_) ++written_after_cut_;
    if (has_header_ && (xml.starts_with("<?xml") || xml.starts_with("<stream:stream"))) {
        stream_.restart();
    }
    stream_.feed(xml);
    read_all();
}

void FakePort::read_all() {
    using Event = xml::XmlStream::Event;
    for (Event event = stream_.next(); event != Event::need_more; event = stream_.next()) {
        switch (event) {
            case Event::open:
                header_ = stream_.header();
                has_header_ = true;
                break;
            case Event::element: elements_.push_back(stream_.take()); break;
            case Event::error:
                throw std::runtime_error("not XML: " + std::string(stream_.error_text()));
            default: return;
        }
    }
}

void FakePort::close(std::optional<StreamErrorCondition> error, std::string_view,
                     const xml::Element* application) {
    closed_ = true;
    error_ = error;
    if (application) application_error_ = xml::parse_element(xml::to_string(*application));
}

void FakePort::cut_off(bool) { cut_ = true; }

}  // namespace clarion::test
