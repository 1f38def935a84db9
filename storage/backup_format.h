// The backup file: how it is written and read back (docs/formats.md, "Backups").
//
// A magic, then blocks: a header, any number of blocks of records, an end. Each block is followed
// by a digest over it and the digest before, so what is cut, changed, swapped or spliced anywhere
// is found at the next digest, and a file without its end is none. Records are put and erase in the
// order in which they must be replayed; the tables are named in the header, records say which by
// its place there.
//
// No I/O here: bytes come from a BackupSource, and go where the caller likes. Reading never trusts
// a length: it takes no more memory than one block has, and fails with "damaged-backup". Any
// thread, one at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace clarion::storage {

/// Nothing in a file is larger; who has a larger record cannot back it up.
inline constexpr std::size_t max_backup_block = std::size_t{64} << 20;

/// Stored: never renumber.
enum class BackupBlock : std::uint8_t { header = 1, records = 2, end = 3 };

struct BackupHeader {
    std::uint64_t database_format = 0;  // Table::meta, "format"
    WallTime made{};                    // when it was begun
    std::string server;                 // version of the server that made it
    std::vector<std::string> tables;
};

struct BackupRecord {
    std::uint8_t table = 0;  // place in BackupHeader::tables
    bool erase = false;
    std::string_view key;
    std::string_view value;
};

struct BackupEnd {
    std::uint64_t records = 0;
    std::vector<std::uint64_t> entries;  // of each table, once all is replayed
};

std::string encode(const BackupHeader& header);
std::string encode(const BackupEnd& end);
/// Adds a record to the payload of a block of records.
void append_record(std::string& payload, const BackupRecord& record);

/// Makes the bytes of the file, block by block.
class BackupSealer {
public:
    BackupSealer();
    /// What the file begins with.
    static std::string_view magic();
    /// The block as it stands in the file. REQUIRES: payload.size() <= max_backup_block.
    std::string seal(BackupBlock kind, std::string_view payload);

private:
    std::string digest_;
};

/// Reads up to `size` bytes into `out`; fewer only at the end of the file.
using BackupSource = std::function<Result<std::size_t>(char* out, std::size_t size)>;

class BackupReader {
public:
    explicit BackupReader(BackupSource source) : source_(std::move(source)) {}

    /// Reads up to the first record. Errors: "not-a-backup", "unsupported-format",
    /// "damaged-backup": what is the matter, to be said after the file's name.
    Result<> open();
    /// The next record, valid until the next call. False: that was the last, the end is as it must
    /// be, and nothing follows.
    Result<bool> next(BackupRecord& record);

    const BackupHeader& header() const { return header_; }
    /// REQUIRES: next() said false.
    const BackupEnd& end() const { return end_; }
    /// Bytes read so far.
    std::uint64_t position() const { return position_; }
    /// Of all that was read so far: two readers that say the same at the end read the same.
    const std::string& digest() const { return digest_; }

private:
    Result<> read(std::string& out, std::size_t size);
    Result<BackupBlock> read_block();
    Result<> take_record(BackupRecord& record);
    Result<bool> finish();
    Error damaged(std::string_view what) const;

    BackupSource source_;
    BackupHeader header_;
    BackupEnd end_;
    std::uint64_t position_ = 0;
    std::uint64_t records_ = 0;
    std::string digest_;
    std::string block_;        // digest before it, kind, size, payload
    std::string_view left_;    // of the payload
    std::uint64_t begin_ = 0;  // where in the file the block begins
};

}  // namespace clarion::storage
