#include "proto/xml_builder.h"

#include <utility>

#include "proto/ns.h"
#include "proto/xml_expat.h"

namespace clarion::xml {

QName::QName(std::string_view joined) {
    const std::size_t at = joined.rfind(name_separator);
    if (at == std::string_view::npos) {
        local = joined;
    } else {
        ns = joined.substr(0, at);
        local = joined.substr(at + 1);
    }
}

/// The namespace the element gets that is about to be opened.
std::string_view TreeBuilder::mapped(std::string_view ns) {
    if (ns.empty() || chain_ != open_.size() || ns != content_ns_) return ns;
    ++chain_;
    return ns::client;
}

void TreeBuilder::start(const char* name, const char** attributes) {
    const QName qname{name};
    const std::string_view ns = mapped(qname.ns);
    Element* element = nullptr;
    if (open_.empty()) {
        document_ = Document(qname.local, ns);
        element = document_.root_;
    } else {
        Element* parent = open_.back();
        // Not Element::add(): there an empty namespace means the parent's.
        element = Element::create(*document_.arena_, qname.local, ns, parent);
        parent->append(element);
    }
    for (const char** at = attributes; *at != nullptr; at += 2) {
        const QName key{at[0]};
        element->append_attribute(key.local, at[1], key.ns);
    }
    open_.push_back(element);
}

void TreeBuilder::end() {
    if (chain_ == open_.size()) --chain_;
    open_.pop_back();
}

Document TreeBuilder::take() { return std::exchange(document_, Document{}); }

void TreeBuilder::clear() {
    document_ = Document{};
    open_.clear();
    chain_ = 0;
}

}  // namespace clarion::xml
