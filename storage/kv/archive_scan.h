// ArchiveScan: one archive query, as a search that can be taken up again where it paused.
//
// The index is walked from the cursor in the direction of paging until the page is full and one
// further entry is found (or none, then the page is complete). A filter may match rarely, so the
// walk goes in slices: step() returns after at most slice_size entries, with its position in the
// scan, not in a snapshot. Used by ArchiveKv::query(), within one coroutine. XEP-0313, XEP-0059.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "storage/archive.h"
#include "storage/kv/engine.h"
#include "storage/records.h"

namespace clarion::storage {

class ArchiveScan {
public:
    /// Index entries looked at in one slice: about half a millisecond.
    static constexpr std::size_t slice_size = 10'000;
    /// A count of a contact's messages that would look at more than this is not given: about 4 ms.
    static constexpr std::size_t max_counted = 100'000;

    /// `slice`: tests make it small.
    explicit ArchiveScan(ArchiveQuery query, std::size_t slice = slice_size);

    /// Checks the ids the query names, and counts. Error "item-not-found" if one is not there.
    Result<> begin(Snapshot& snapshot);
    /// Looks at the next entries. True: done.
    bool step(Snapshot& snapshot);
    /// REQUIRES: step() returned true.
    ArchivePage take_page();

private:
    bool has(Snapshot& snapshot, ArchiveId id) const;
    bool known_cursors(Snapshot& snapshot) const;
    bool known_ids(Snapshot& snapshot) const;
    void narrow_to_page();
    void count_all(Snapshot& snapshot);
    std::optional<std::uint64_t> count_matching(Snapshot& snapshot) const;
    std::optional<std::uint64_t> first_index() const;
    bool matches(std::string_view index_value, ArchiveIndexRecord& record) const;
    bool step_forwards(Snapshot& snapshot);
    bool step_backwards(Snapshot& snapshot);
    bool step_ids(Snapshot& snapshot);
    bool add(Snapshot& snapshot, const Entry& entry);

    ArchiveQuery query_;
    const std::size_t slice_;
    std::uint64_t with_hash_ = 0;
    bool with_is_full_ = false;
    bool backwards_ = false;
    bool complete_ = true;
    // Both inclusive; narrowed as the walk goes on.
    std::uint64_t first_ = 0;
    std::uint64_t last_ = UINT64_MAX - 1;
    std::optional<std::uint64_t> count_;
    std::uint64_t first_ordinal_ = 0;  // of the whole result set, if that is a stretch of the archive
    std::uint64_t near_ordinal_ = 0, far_ordinal_ = 0;  // of the page's ends, in its direction
    std::vector<ArchivedMessage> found_;  // in the direction of paging
};

}  // namespace clarion::storage
