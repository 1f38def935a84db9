#include "server/core/archive_id.h"

#include <charconv>

#include "proto/stanza_id.h"

namespace clarion::core {

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

void add_stanza_id(Stanza& stanza, const Jid& owner, storage::ArchiveId id) {
    clarion::add_stanza_id(stanza.root(), format_archive_id(id), owner.to_bare());
}

}  // namespace clarion::core
