#include "storage/backup_format.h"

#include <algorithm>
#include <utility>

#include "proto/crypto.h"
#include "storage/record_codec.h"

namespace clarion::storage {
namespace {

// The last byte is the version of the file's format.
constexpr std::string_view magic_bytes{"Clarion backup\n\x01", 16};
constexpr std::uint8_t payload_version = 1;
constexpr std::size_t head_size = 5;  // kind, payload size
constexpr std::size_t digest_size = 32;
constexpr std::size_t max_tables = 128;
constexpr std::size_t max_key = 511;
constexpr std::uint8_t erase_bit = 0x80;
// A length that lies costs no more than this before the file turns out to be shorter.
constexpr std::size_t read_step = std::size_t{1} << 20;

void append_varint(std::string& out, std::uint64_t number) {
    for (; number >= 0x80; number >>= 7) out.push_back(static_cast<char>(number | 0x80));
    out.push_back(static_cast<char>(number));
}

/// False: there is none.
bool take_varint(std::string_view& in, std::uint64_t& number) {
    number = 0;
    for (int shift = 0; shift < 63 && !in.empty(); shift += 7) {
        const auto byte = static_cast<unsigned char>(in.front());
        in.remove_prefix(1);
        number |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
        if (byte < 0x80) return true;
    }
    return false;
}

bool take_string(std::string_view& in, std::string_view& out) {
    std::uint64_t size = 0;
    if (!take_varint(in, size) || size > in.size()) return false;
    out = in.substr(0, size);
    in.remove_prefix(size);
    return true;
}

void append_head(std::string& out, BackupBlock kind, std::size_t size) {
    out.push_back(static_cast<char>(kind));
    for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<char>(size >> shift));
}

Result<BackupHeader> decode_header(std::string_view payload) {
    Decoder in(payload, payload_version);
    BackupHeader header;
    header.database_format = in.u64();
    header.made = in.time();
    header.server = in.string();
    header.tables = in.strings();
    if (auto whole = in.finish("header"); !whole) return whole.error();
    if (header.tables.size() > max_tables) return fail("bad-record", "too many tables");
    return header;
}

Result<BackupEnd> decode_end(std::string_view payload) {
    Decoder in(payload, payload_version);
    BackupEnd end;
    end.records = in.u64();
    for (std::size_t left = in.count(); left > 0; --left) end.entries.push_back(in.u64());
    if (auto whole = in.finish("end"); !whole) return whole.error();
    return end;
}

}  // namespace

std::string encode(const BackupHeader& header) {
    return Encoder(payload_version)
        .u64(header.database_format)
        .time(header.made)
        .string(header.server)
        .strings(header.tables)
        .take();
}

std::string encode(const BackupEnd& end) {
    Encoder out(payload_version);
    out.u64(end.records).varint(end.entries.size());
    for (const std::uint64_t entries : end.entries) out.u64(entries);
    return out.take();
}

void append_record(std::string& payload, const BackupRecord& record) {
    payload.push_back(static_cast<char>(record.table | (record.erase ? erase_bit : 0)));
    append_varint(payload, record.key.size());
    payload.append(record.key);
    if (record.erase) return;
    append_varint(payload, record.value.size());
    payload.append(record.value);
}

BackupSealer::BackupSealer() : digest_(crypto::sha256(magic_bytes)) {}

std::string_view BackupSealer::magic() { return magic_bytes; }

std::string BackupSealer::seal(BackupBlock kind, std::string_view payload) {
    std::string bytes;
    bytes.reserve(digest_size + head_size + payload.size() + digest_size);
    bytes.append(digest_);
    append_head(bytes, kind, payload.size());
    bytes.append(payload);
    digest_ = crypto::sha256(bytes);
    bytes.append(digest_);
    return bytes.erase(0, digest_size);
}

Error BackupReader::damaged(std::string_view what) const {
    return fail(error_code::damaged_backup, "is damaged: " + std::string(what) +
                                                ", in the block at byte " + std::to_string(begin_) +
                                                ". Use another backup");
}

/// Appends exactly `size` bytes.
Result<> BackupReader::read(std::string& out, std::size_t size) {
    while (size > 0) {
        const std::size_t step = std::min(size, read_step), before = out.size();
        out.resize(before + step);
        const auto got = source_(out.data() + before, step);
        if (!got) return got.error();
        position_ += *got;
        if (*got < step)
            return damaged("it was cut off after " + std::to_string(position_) + " bytes");
        size -= step;
    }
    return {};
}

Result<BackupBlock> BackupReader::read_block() {
    begin_ = position_;
    block_ = digest_;
    if (auto done = read(block_, head_size); !done) return done.error();
    std::size_t size = 0;
    for (std::size_t i = digest_size + 1; i < block_.size(); ++i)
        size = size << 8 | static_cast<unsigned char>(block_[i]);
    if (size > max_backup_block) return damaged("it has an impossible length");
    if (auto done = read(block_, size); !done) return done.error();
    std::string stored;
    if (auto done = read(stored, digest_size); !done) return done.error();
    digest_ = crypto::sha256(block_);
    if (digest_ != stored) return damaged("the digest does not fit");
    left_ = std::string_view(block_).substr(digest_size + head_size);
    return static_cast<BackupBlock>(block_[digest_size]);
}

Result<> BackupReader::open() {
    std::string start;
    const auto done = read(start, magic_bytes.size());
    if (!done && !done.error().is(error_code::damaged_backup)) return done.error();
    if (!done || start.substr(0, start.size() - 1) != magic_bytes.substr(0, start.size() - 1))
        return fail("not-a-backup", "is not a backup of Clarion");
    if (start != magic_bytes)
        return fail("unsupported-format",
                    "is a backup of format " +
                        std::to_string(static_cast<unsigned char>(start.back())) +
                        "; this server reads format 1. Use the version of Clarion that made it, "
                        "or a newer one");
    digest_ = crypto::sha256(magic_bytes);
    const auto kind = read_block();
    if (!kind) return kind.error();
    auto header = decode_header(left_);
    if (*kind != BackupBlock::header || !header) return damaged("there is no header");
    header_ = std::move(*header);
    left_ = {};
    return {};
}

Result<bool> BackupReader::next(BackupRecord& record) {
    while (left_.empty()) {
        const auto kind = read_block();
        if (!kind) return kind.error();
        if (*kind == BackupBlock::end) return finish();
        if (*kind != BackupBlock::records) return damaged("it is of an unknown kind");
    }
    if (auto taken = take_record(record); !taken) return taken.error();
    ++records_;
    return true;
}

Result<> BackupReader::take_record(BackupRecord& record) {
    const auto first = static_cast<unsigned char>(left_.front());
    left_.remove_prefix(1);
    record.table = first & static_cast<std::uint8_t>(~erase_bit);
    record.erase = (first & erase_bit) != 0;
    record.value = {};
    if (record.table >= header_.tables.size()) return damaged("a record has no table");
    if (!take_string(left_, record.key)) return damaged("a record has no key");
    if (record.key.empty() || record.key.size() > max_key)
        return damaged("a record has an impossible key");
    if (!record.erase && !take_string(left_, record.value)) return damaged("a record has no value");
    return {};
}

/// What an end must be like. False: it is.
Result<bool> BackupReader::finish() {
    auto end = decode_end(left_);
    left_ = {};
    if (!end || end->records != records_ || end->entries.size() != header_.tables.size())
        return damaged("the end does not fit what came before");
    end_ = std::move(*end);
    char more = 0;
    const auto got = source_(&more, 1);
    if (!got) return got.error();
    if (*got != 0) return damaged("something follows the end");
    return false;
}

}  // namespace clarion::storage
