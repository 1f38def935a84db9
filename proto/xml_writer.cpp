#include "proto/xml_writer.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

#include "proto/ns.h"

namespace clarion::xml {

namespace {

/// What has to be escaped where. Characters that XML forbids become U+FFFD: they cannot come from a
/// parser, only from a text of another origin, and one of them would end the reader's stream.
enum Escape : unsigned char { never = 0, in_attributes = 1, always = 2 };

constexpr std::array<unsigned char, 256> make_escape_table() {
    std::array<unsigned char, 256> table{};
    for (unsigned char c = 0; c < 0x20; ++c) table[c] = always;
    table['\t'] = table['\n'] = table['"'] = table['\''] = in_attributes;
    table['&'] = table['<'] = table['>'] = always;
    return table;
}
constexpr auto escape_table = make_escape_table();

std::string_view replacement(char c) {
    switch (c) {
        case '&': return "&amp;";
        case '<': return "&lt;";
        case '>': return "&gt;";
        case '"': return "&quot;";
        case '\'': return "&apos;";
        case '\t': return "&#x9;";
        case '\n': return "&#xA;";
        case '\r': return "&#xD;";
        default: return "\xEF\xBF\xBD";
    }
}

/// Sixteen bytes at once, as every processor of today can compare them.
using Block = unsigned char __attribute__((vector_size(16)));

/// Whether none of these has to be escaped anywhere. Some that need not be say no, too: a sign
/// between the space and the apostrophe is rare.
bool is_plain(const char* bytes) {
    Block block;
    std::memcpy(&block, bytes, sizeof block);
    const auto may_be_special =
        ((block < 0x28) & (block != 0x20)) | (block == '<') | (block == '>');
    std::uint64_t halves[2];
    std::memcpy(halves, &may_be_special, sizeof halves);
    return (halves[0] | halves[1]) == 0;
}

void append_escaped(std::string& out, std::string_view text, Escape from) {
    std::size_t done = 0;
    for (std::size_t block = 0; block < text.size(); block += sizeof(Block)) {
        if (block + sizeof(Block) <= text.size() && is_plain(text.data() + block)) continue;
        const std::size_t end = std::min(text.size(), block + sizeof(Block));
        for (std::size_t i = block; i < end; ++i) {
            if (escape_table[static_cast<unsigned char>(text[i])] < from) [[likely]]
                continue;
            out.append(text, done, i - done);
            out += replacement(text[i]);
            done = i + 1;
        }
    }
    out.append(text, done);
}

void append_attribute(std::string& out, std::string_view name, std::string_view value) {
    out += ' ';
    out += name;
    out += "='";
    append_escaped(out, value, in_attributes);
    out += '\'';
}

/// Writes one tree. `content_ns` takes the place of jabber:client for the root and the unbroken
/// chain below it.
class Writer {
public:
    Writer(std::string& out, std::string_view content_ns) : out_(out), content_ns_(content_ns) {}

    void element(const Element& element, std::string_view inherited, bool parent_in_chain) {
        const bool in_chain = parent_in_chain && element.ns() == ns::client;
        const std::string_view wire_ns = in_chain ? content_ns_ : element.ns();
        // The xml namespace may not be declared as a default: such an element keeps its prefix.
        const bool is_xml = wire_ns == ns::xml;
        const std::string_view inner_ns = is_xml ? inherited : wire_ns;

        out_ += '<';
        tag_name(element, is_xml);
        if (inner_ns != inherited) append_attribute(out_, "xmlns", inner_ns);
        attributes(element);
        if (element.first_node() == nullptr) {
            out_ += "/>";
            return;
        }
        out_ += '>';
        if (const std::string_view written = element.written_content(); !written.empty())
            out_ += written;
        else
            content(element, inner_ns, in_chain);
        out_ += "</";
        tag_name(element, is_xml);
        out_ += '>';
    }

    void content(const Element& parent, std::string_view inherited, bool in_chain) {
        for (const Node* node = parent.first_node(); node != nullptr; node = node->next) {
            switch (node->kind) {
                case Node::Kind::element: element(*node->as_element(), inherited, in_chain); break;
                case Node::Kind::text: append_escaped(out_, node->text, always); break;
                case Node::Kind::raw: out_ += node->text; break;
            }
        }
    }

private:
    void tag_name(const Element& element, bool is_xml) {
        if (is_xml) out_ += "xml:";
        out_ += element.name();
    }

    void attributes(const Element& element) {
        unsigned prefixes = 0;
        for (const Attribute* at = element.first_attribute(); at != nullptr; at = at->next) {
            if (at->ns.empty()) {
                append_attribute(out_, at->name, at->value);
            } else {
                prefixed_attribute(*at, prefixes);
            }
        }
    }

    void prefixed_attribute(const Attribute& attribute, unsigned& prefixes) {
        std::string prefix = "xml";
        if (attribute.ns != ns::xml) {
            prefix = "ns" + std::to_string(prefixes++);
            append_attribute(out_, "xmlns:" + prefix, attribute.ns);
        }
        prefix += ':';
        prefix += attribute.name;
        append_attribute(out_, prefix, attribute.value);
    }

    std::string& out_;
    std::string_view content_ns_;
};

}  // namespace

void write(std::string& out, const Element& element, std::string_view inherited) {
    Writer(out, ns::client).element(element, inherited, false);
}

void write_stanza(std::string& out, const Element& stanza, std::string_view content_ns) {
    Writer(out, content_ns).element(stanza, content_ns, true);
}

void write_content(std::string& out, const Element& element) {
    Writer(out, ns::client).content(element, element.ns(), element.ns() == ns::client);
}

std::string to_string(const Element& element) {
    constexpr std::size_t usual = 255;  // of a stanza; growing up to it takes five allocations
    std::string out;
    out.reserve(usual);
    write(out, element);
    return out;
}

void escape(std::string& out, std::string_view text) { append_escaped(out, text, in_attributes); }

}  // namespace clarion::xml
