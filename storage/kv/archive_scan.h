// ArchiveScan: one archive query, as a search that can be taken up again where it paused.
//
// The index is walked from the cursor in the direction of paging until the page is full and one
// further entry is found (or none, then the page is complete). A filter may match rarely, and
// stanzas may be large, so the walk goes in slices: step() returns after some entries, or some
// bytes of stanzas, with its position in the scan, not in a snapshot. Used by ArchiveKv::query(),
// within one coroutine. XEP-0313, XEP-0059.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "storage/archive.h"
#include "storage/kv/archive_times.h"
#include "storage/kv/engine.h"
#include "storage/kv/keys.h"
#include "storage/records.h"

namespace clarion::storage {

class ArchiveScan {
public:
    /// What is done at once. Small, since a turn of the shard may be made of many.
    struct Slice {
        std::size_t entries = 2'000;     // of the index looked at: about 0.1 ms
        std::size_t bytes = 256 * 1024;  // of stanzas copied; the last may go beyond it
    };
    /// A count of a contact's messages that would look at more than this is not given: about 4 ms.
    static constexpr std::size_t max_counted = 100'000;

    explicit ArchiveScan(ArchiveQuery query) : ArchiveScan(std::move(query), Slice()) {}
    /// Tests make slices small.
    ArchiveScan(ArchiveQuery query, Slice slice);

    /// Checks the ids the query names, and counts. Error "item-not-found" if one is not there.
    Result<> begin(Snapshot& snapshot);
    /// Looks at the next entries: one slice. True: done.
    bool step(Snapshot& snapshot);
    /// REQUIRES: step() returned true.
    ArchivePage take_page();

private:
    /// The entries of a range of ids that have a message.
    struct Stretch {
        std::uint64_t first_ordinal = 0;
        std::uint64_t count = 0;
    };

    std::optional<Stretch> stretch_of(Snapshot& snapshot, const IdRange& range) const;
    void find_parts(Snapshot& snapshot);
    void clip(std::uint64_t first, std::uint64_t last);
    bool has(Snapshot& snapshot, ArchiveId id) const;
    bool known_cursors(Snapshot& snapshot) const;
    bool known_ids(Snapshot& snapshot) const;
    void narrow_to_page();
    KeyRange keys(const IdRange& range) const;
    void count_all(Snapshot& snapshot);
    std::optional<std::uint64_t> count_matching(Snapshot& snapshot) const;
    std::optional<std::uint64_t> first_index() const;
    bool matches(std::string_view index_value, ArchiveIndexRecord& record) const;
    bool step_forwards(Snapshot& snapshot);
    bool step_backwards(Snapshot& snapshot);
    bool step_ids(Snapshot& snapshot);
    bool add(Snapshot& snapshot, const Entry& entry);
    bool is_full(std::size_t next_size) const;
    bool slice_is_over();

    ArchiveQuery query_;
    const Slice slice_;
    std::size_t looked_at_ = 0, copied_ = 0;  // in the slice that goes on
    std::size_t depth_ = 0;                   // entries looked at since the search began
    std::uint64_t with_hash_ = 0;
    bool with_is_full_ = false;
    std::uint32_t message_id_ = 0;  // hash of the one that is searched for; 0: none is
    bool backwards_ = false;
    bool complete_ = true;
    // What the search goes through, ascending; narrowed as the walk goes on. More than one only
    // where the clock was set back.
    std::vector<IdRange> parts_;
    std::size_t next_id_ = 0;  // of those the query names
    std::optional<std::uint64_t> count_;
    std::vector<Stretch>
        stretches_;  // of the whole result set, unless it is a search for a contact
    std::uint64_t near_ordinal_ = 0, far_ordinal_ = 0;  // of the page's ends, in its direction
    std::vector<ArchivedMessage> found_;                // in the direction of paging
    std::size_t found_bytes_ = 0;
};

}  // namespace clarion::storage
