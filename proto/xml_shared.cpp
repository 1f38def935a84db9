#include "proto/xml_shared.h"

#include <utility>

#include "proto/ns.h"
#include "proto/xml_writer.h"

namespace clarion::xml {

namespace {

std::size_t reserved_for_attributes(const Element& root) {
    std::size_t bytes = alignof(Attribute);
    for (const Attribute* at = root.first_attribute(); at != nullptr; at = at->next)
        bytes += sizeof(Attribute);
    return bytes;
}

}  // namespace

SharedContent::SharedContent(std::shared_ptr<const Document> whole, std::string_view own)
    : whole_(std::move(whole)), own_(own), root_(whole_->root()) {
    arena_.reserve(reserved_for_attributes(whole_->root()));
    Attribute** end = &root_.attributes_;
    *end = nullptr;
    for (const Attribute* at = whole_->root().first_attribute(); at != nullptr; at = at->next) {
        if (at->ns.empty() && at->name == own) continue;
        *end = new (arena_.allocate(sizeof(Attribute))) Attribute{at->ns, at->name, at->value};
        end = &(*end)->next;
    }
    write_content(written_, root_);
    root_.share_content(written_);
}

std::size_t SharedContent::footprint() const {
    return whole_->footprint() + arena_.footprint() + written_.capacity();
}

SharedRoot::SharedRoot(const SharedContent& content)
    : own_{{}, content.own_, {}, content.root_.attributes_}, element_(content.root_) {}

void SharedRoot::set_own(std::string_view value) {
    own_.value = value;
    element_.attributes_ = &own_;
}

}  // namespace clarion::xml
