// TreeBuilder: turns the parser's events into a Document.
//
// Used by XmlStream and parse_element. Holds one element under construction; lives with the parser.
// On the way in it maps a stream's content namespace to jabber:client (see xml_writer.h): the root
// and the unbroken chain of elements below it that are in the content namespace.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "proto/xml.h"

namespace clarion::xml {

/// Takes expat's "uri\x01local" apart.
struct QName {
    std::string_view ns;
    std::string_view local;
    explicit QName(std::string_view joined);
};

class TreeBuilder {
public:
    /// The namespace that stands for jabber:client from now on; kept as a view.
    void set_content_ns(std::string_view ns) { content_ns_ = ns; }

    /// `name` and `attributes` as XmlEvents::on_start gives them. The first start after take() or
    /// clear() makes the root.
    void start(const char* name, const char** attributes);
    void text(std::string_view text) { open_.back()->add_text(text); }
    void end();

    /// Elements open at the moment.
    std::size_t depth() const { return open_.size(); }
    /// Heap bytes of the element under construction.
    std::size_t footprint() const { return document_.footprint(); }
    /// The element that was just ended. REQUIRES: depth() == 0.
    Document take();
    void clear();

private:
    std::string_view mapped(std::string_view ns);

    std::string_view content_ns_;
    Document document_;
    std::vector<Element*> open_;
    std::size_t chain_ = 0;  // how many of open_, from the root down, are in the content namespace
};

}  // namespace clarion::xml
