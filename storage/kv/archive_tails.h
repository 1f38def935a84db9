// ArchiveTails: what a new index entry of an archive gets from the one before it.
//
// Its ordinal: which number in its archive it is (ArchiveIndexRecord::ordinal); and how many bytes
// of stanzas its archive had up to there. And if it was
// written at an earlier time than the one before, because the clock was set back between them, a
// note of that step, by which searches by time find their way (kv/archive_times.h).
//
// Given out where entries are written, not where they are asked for: a batch that fails leaves no
// hole. The tail of an archive is read from its newest entry, which is never removed (expiry only
// empties it), and remembered, so that a busy archive costs a look-up in memory. Owned by the
// Writer, used on its thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <unordered_map>

#include "base/time.h"
#include "storage/kv/engine.h"

namespace clarion::storage {

class ArchiveTails {
public:
    /// Archives remembered; with one more it begins to remember anew.
    static constexpr std::size_t max_remembered = 100'000;

    /// Writes the entry as the next one of its archive. `value`: an encoded ArchiveIndexRecord, with
    /// the bytes of its own stanza only.
    void put(WriteTransaction& transaction, std::string_view archive_key, std::string_view value);
    /// The transaction came to nothing: what was given out in it counts no more.
    void forget() { tails_.clear(); }

private:
    struct Tail {
        std::uint64_t ordinal = 0, bytes = 0;
        WallTime time = WallTime::min();
    };
    Tail& tail_of(WriteTransaction& transaction, std::uint64_t owner);

    std::unordered_map<std::uint64_t, Tail> tails_;  // by owner
};

}  // namespace clarion::storage
