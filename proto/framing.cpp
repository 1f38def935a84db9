#include "proto/framing.h"

#include "proto/ns.h"
#include "proto/xml_writer.h"

namespace clarion {

namespace {

void append_attribute(std::string& out, std::string_view key, std::string_view value) {
    if (value.empty()) return;
    out.append(1, ' ').append(key).append("='");
    xml::escape(out, value);
    out += '\'';
}

/// The attributes that both kinds of headers have (RFC 6120, 4.7).
void append_addresses(std::string& out, const StreamHeaderText& header) {
    append_attribute(out, "from", header.from);
    append_attribute(out, "to", header.to);
    append_attribute(out, "id", header.id);
    append_attribute(out, "version", header.version);
    append_attribute(out, "xml:lang", header.lang);
}

/// The condition, the text and the application's own condition (RFC 6120, 4.9.2).
void append_error_content(std::string& out, const StreamError& error) {
    out.append("<").append(name(error.condition));
    append_attribute(out, "xmlns", ns::stream_errors);
    out += "/>";
    if (!error.text.empty()) {
        out += "<text";
        append_attribute(out, "xmlns", ns::stream_errors);
        append_attribute(out, "xml:lang", our_language);
        out += '>';
        xml::escape(out, error.text);
        out += "</text>";
    }
    if (error.application) xml::write(out, *error.application);
}

/// All of it is one <stream:stream> element, whose prefix and default namespace hold inside.
class TcpFraming final : public Framing {
public:
    void append_header(std::string& out, const StreamHeaderText& header) const override {
        out += "<?xml version='1.0'?><stream:stream";
        append_attribute(out, "xmlns", header.content_ns);
        append_attribute(out, "xmlns:stream", ns::streams);
        if (header.dialback) append_attribute(out, "xmlns:db", ns::dialback);
        append_addresses(out, header);
        out += '>';
    }
    void append_features(std::string& out, const xml::Element& features) const override {
        out += "<stream:features>";
        for (const xml::Element& child : features.children()) xml::write(out, child, ns::client);
        out += "</stream:features>";
    }
    void append_stanza(std::string& out, const xml::Element& stanza,
                       std::string_view content_ns) const override {
        xml::write_stanza(out, stanza, content_ns);
    }
    void append_error(std::string& out, const StreamError& error) const override {
        out += "<stream:error>";
        append_error_content(out, error);
        out += "</stream:error>";
    }
    void append_end(std::string& out) const override { out += "</stream:stream>"; }
};

/// Each message is a document of its own: nothing holds from one to the next.
class WebsocketFraming final : public Framing {
public:
    void append_header(std::string& out, const StreamHeaderText& header) const override {
        out += "<open";
        append_attribute(out, "xmlns", ns::framing);
        append_addresses(out, header);
        out += "/>";
    }
    void append_features(std::string& out, const xml::Element& features) const override {
        out += "<features";
        append_attribute(out, "xmlns", ns::streams);
        out += '>';
        for (const xml::Element& child : features.children()) xml::write(out, child, ns::streams);
        out += "</features>";
    }
    void append_stanza(std::string& out, const xml::Element& stanza,
                       std::string_view) const override {
        xml::write(out, stanza);
    }
    void append_error(std::string& out, const StreamError& error) const override {
        out += "<error";
        append_attribute(out, "xmlns", ns::streams);
        out += '>';
        append_error_content(out, error);
        out += "</error>";
    }
    void append_end(std::string& out) const override {
        out += "<close";
        append_attribute(out, "xmlns", ns::framing);
        out += "/>";
    }
};

/// Each message is a child of some <body/>, and says its own namespaces.
class BoshFraming final : public Framing {
public:
    void append_header(std::string&, const StreamHeaderText&) const override {}
    void append_features(std::string& out, const xml::Element& features) const override {
        append_tag(out, "features");
        for (const xml::Element& child : features.children()) xml::write(out, child);
        out += "</stream:features>";
    }
    void append_stanza(std::string& out, const xml::Element& stanza,
                       std::string_view) const override {
        xml::write(out, stanza);
    }
    void append_error(std::string& out, const StreamError& error) const override {
        append_tag(out, "error");
        append_error_content(out, error);
        out += "</stream:error>";
    }
    void append_end(std::string&) const override {}

private:
    static void append_tag(std::string& out, std::string_view name) {
        out.append("<stream:").append(name);
        append_attribute(out, "xmlns:stream", ns::streams);
        out += '>';
    }
};

}  // namespace

const Framing& tcp_framing() {
    static const TcpFraming framing;
    return framing;
}

const Framing& websocket_framing() {
    static const WebsocketFraming framing;
    return framing;
}

const Framing& bosh_framing() {
    static const BoshFraming framing;
    return framing;
}

std::optional<xml::StreamHeader> read_websocket_open(const xml::Element& element) {
    if (!element.is(ns::framing, "open")) return std::nullopt;
    xml::StreamHeader header;
    header.from = element.attr("from");
    header.to = element.attr("to");
    header.id = element.attr("id");
    header.version = element.attr("version");
    header.lang = element.find_attr("lang", ns::xml).value_or("");
    header.content_ns = ns::client;
    return header;
}

bool is_websocket_close(const xml::Element& element) { return element.is(ns::framing, "close"); }

}  // namespace clarion
