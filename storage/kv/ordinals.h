// Ordinals: which number in its archive the next index entry gets (ArchiveIndexRecord::ordinal).
//
// Given out where entries are written, not where they are asked for: a batch that fails leaves no
// hole. The last ordinal of an archive is read from its newest entry, which is never removed
// (expiry only empties it), and remembered, so that a busy archive costs a look-up in memory. Owned
// by the Writer, used on its thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <unordered_map>

#include "storage/kv/engine.h"

namespace clarion::storage {

class Ordinals {
public:
    /// Archives remembered; with one more it begins to remember anew.
    static constexpr std::size_t max_remembered = 100'000;

    /// Writes the entry as the next one of its archive. `value`: an encoded ArchiveIndexRecord.
    void put(WriteTransaction& transaction, std::string_view archive_key, std::string_view value);
    /// The transaction came to nothing: what was given out in it counts no more.
    void forget() { last_.clear(); }

private:
    std::uint64_t next(WriteTransaction& transaction, std::uint64_t account);

    std::unordered_map<std::uint64_t, std::uint64_t> last_;  // by account
};

}  // namespace clarion::storage
