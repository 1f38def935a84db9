// The log and the archives (XEP-0313): a message is stored once, each archive that holds it has an
// index.
//
// The log keeps a stanza's XML (in jabber:client, with xmlns, without stanza-id). An archive is an
// index (owner, archive id) -> log entry. Whoever first keeps the stanza allocates the log id; all
// who keep it after that refer to it, and bring the stanza along: it is put into the log unless it
// is there already. So no batch depends on what another owner's batch wrote.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/task.h"
#include "storage/batch.h"

namespace clarion::storage {

struct ArchiveEntry {
    ArchiveId id = ArchiveId::none;
    LogId log_id = LogId::none;
    WallTime time{};
    /// The other party: full if the stanza named a resource, else bare. Stored as hashes of both.
    std::string_view with;
    /// The stanza, and when the server saw it. Empty: an earlier batch of the same owner brought
    /// it.
    std::string_view xml{};
    WallTime received{};
    /// The stanza's own id and its <origin-id/>, if it has any. Stored as hashes.
    std::string_view message_id{}, origin_id{};
};

struct ArchiveQuery {
    OwnerId owner = OwnerId::none;
    std::string with;                              // bare or full JID; empty: everybody
    std::optional<WallTime> start, end;            // inclusive: the entries' own times
    std::optional<ArchiveId> before_id, after_id;  // from the form (#extended): exclusive bounds
    std::optional<ArchiveId> behind;               // as after_id, but need not be there any more
    std::vector<ArchiveId> ids;                    // exactly these, if not empty
    /// Only what may have this as its own id or <origin-id/>, and one in some thousand millions that
    /// has not. Empty: all. The result is not counted then.
    std::string message_id;
    /// Looks at so many entries of the archive at most, in the direction of paging. 0: any number.
    std::size_t depth = 0;
    // Result set management: at most `limit` entries next to the cursor.
    std::optional<ArchiveId> rsm_after, rsm_before;
    bool from_end = false;  // <before/>: the last page
    std::size_t limit = 50;
    /// A page ends early before the message that would make its stanzas larger than this together,
    /// but has one at least. 0: any size.
    std::size_t max_bytes = 0;
    /// Counting a search for a contact looks at every entry. All others are counted anyway.
    bool want_count = false;
};

struct ArchivedMessage {
    ArchiveId id = ArchiveId::none;
    LogId log_id = LogId::none;
    WallTime time{};
    /// Which one of its archive it is, since the first ever. Two messages are neighbours there if
    /// their ordinals are.
    std::uint64_t ordinal = 0;
    std::string xml;
};

struct ArchivePage {
    std::vector<ArchivedMessage> messages;  // oldest first
    bool complete = false;                  // nothing further in the direction of paging
    // Of the whole result set, where that is cheap (always, unless it is a search for a contact):
    std::optional<std::uint64_t> count;
    std::optional<std::uint64_t> first_index;  // which of them the page begins with, from 0
};

struct ArchiveBounds {
    ArchiveId first = ArchiveId::none, last = ArchiveId::none;
    WallTime first_time{}, last_time{};
    std::uint64_t count = 0;
    std::uint64_t bytes = 0;  // of the stanzas, as they were archived
};

class Archive {
public:
    virtual ~Archive() = default;

    /// A log id no stanza had before. Any thread, lock-free.
    virtual LogId next_log_id() = 0;
    /// Writes an index entry, and the stanza into the log unless it is there. If `entry.xml` is
    /// empty and the log does not have it, the batch fails with "item-not-found". `entry.id` must
    /// follow all others of the archive. It is the entry's time in microseconds, unless the clock
    /// was set back; then it is more.
    virtual void put_index(Batch& batch, OwnerId owner, const ArchiveEntry& entry) = 0;
    /// Exchanges a stanza in an owner's archive; by the owner's own shard. A storage that keeps one
    /// copy for all who refer to it may exchange it for all of them. Nothing happens if it is gone,
    /// and nobody who brings the stanza later undoes it.
    virtual void replace(Batch& batch, OwnerId owner, const ArchiveEntry& entry) = 0;

    /// Errors: "item-not-found" if a cursor or one of `ids` is not in the archive
    /// (XEP-0313 3.4, 4.1.4).
    virtual Task<Result<ArchivePage>> query(ArchiveQuery query) = 0;
    /// Oldest and newest entry; nullopt if the archive is empty.
    virtual Task<Result<std::optional<ArchiveBounds>>> bounds(OwnerId owner) = 0;
    /// One stanza of the log; nullopt if it expired.
    virtual Task<Result<std::optional<std::string>>> read_log(LogId id) = 0;
    /// When the server saw the newest stanza of the log; zero if it is empty.
    virtual Task<Result<WallTime>> newest_log_time() = 0;
};

}  // namespace clarion::storage
