// ArchiveRead: which messages of its archive one session was sent in pages (XEP-0313).
//
// The rule: a message counts as read only if it was in a page that was really sent to this very
// session. A query that was answered with a count, a filtered or shortened page, or nothing at all
// says nothing of other messages, and neither does what another session of the account read. So who
// asks has() may leave out what it says, and must deliver everything else (XEP-0313, 5.1.1; offline
// delivery does). Whether the page arrived too, the session's queue knows: its messages are there
// until they are acknowledged, with Sent::archive_id and Sent::is_copy.
//
// Kept as stretches without holes between their ends: messages are neighbours if their ordinals
// (storage/archive.h) are, so pages that follow each other are one stretch, of any number of
// messages. If a client reads here and there, the oldest stretches are forgotten: then it may be
// sent again what it has. Owned by the Session, in memory only: a session that is read back from
// storage has read nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "storage/ids.h"

namespace clarion::core {

class ArchiveRead {
public:
    /// 3.2 KB, for a client that wants it so.
    static constexpr std::size_t max_stretches = 100;

    /// A message of a page was sent: its id, and which one of its archive it is.
    void add(storage::ArchiveId id, std::uint64_t ordinal);
    /// Whether this message was sent.
    bool has(storage::ArchiveId id) const;
    std::size_t stretches() const { return stretches_.size(); }

private:
    struct Stretch {
        storage::ArchiveId first, last;
        std::uint64_t first_ordinal, last_ordinal;
    };
    std::vector<Stretch> stretches_;  // oldest first, at least one message apart
};

}  // namespace clarion::core
