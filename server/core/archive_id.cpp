#include "server/core/archive_id.h"

#include <charconv>

#include "proto/ns.h"

namespace clarion::core {
namespace {

/// The first child from `at` on that is a <stanza-id/> of this owner. Its 'by' may be spelled in a
/// way that only reads the same once it is prepared.
const xml::Element* find_stanza_id(const xml::Element* at, std::string_view owner) {
    for (; at; at = at->next_sibling()) {
        if (!at->is(ns::stanza_id, "stanza-id")) continue;
        const std::string_view by = at->attr("by");
        if (by == owner) return at;
        const auto prepared = Jid::parse(by);
        if (prepared.ok() && prepared->full() == owner) return at;
    }
    return nullptr;
}

}  // namespace

std::string format_archive_id(storage::ArchiveId id) {
    return std::to_string(static_cast<std::uint64_t>(id));
}

std::optional<storage::ArchiveId> parse_archive_id(std::string_view text) {
    if (text.empty() || text.front() == '0') return std::nullopt;
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return storage::ArchiveId{number};
}

void add_stanza_id(xml::Element& message, const Jid& owner, storage::ArchiveId id) {
    message.add("stanza-id", ns::stanza_id)
        .set_attr("by", owner.bare())
        .set_attr("id", format_archive_id(id));
}

void add_stanza_id(Stanza& stanza, const Jid& owner, storage::ArchiveId id) {
    add_stanza_id(stanza.root(), owner, id);
}

bool has_stanza_id(const Stanza& stanza, std::string_view owner) {
    return find_stanza_id(stanza.root().first_child(), owner) != nullptr;
}

void strip_stanza_ids(Stanza& stanza, std::string_view owner) {
    const xml::Element* found = find_stanza_id(stanza.root().first_child(), owner);
    while (found) {
        const xml::Element* next = found->next_sibling();
        stanza.root().remove(*found);
        found = find_stanza_id(next, owner);
    }
}

}  // namespace clarion::core
