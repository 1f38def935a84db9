// What is kept of uploads (docs/formats.md): with an account its slots and what it uses (resident)
// and each of its files (stored); and what every file on disk says of itself at its end. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "modules/http_upload/purpose.h"
#include "modules/http_upload/quota.h"
#include "storage/ids.h"
#include "storage/module_data.h"

namespace clarion::http_upload {

/// Stored: never renumber.
enum class SlotState : std::uint8_t {
    open = 0,
    uploading = 1,  // its file is on its way
    used = 2,       // its file is, or was, there: nobody uploads it again
    elsewhere = 3,  // given for another server, which does not tell
};
inline constexpr std::uint8_t last_slot_state = 3;

struct SlotRecord {
    SlotState state = SlotState::open;
    Purpose purpose = Purpose::message;
    std::uint64_t size = 0;
    LastingTime ends{};  // when it is forgotten

    bool operator==(const SlotRecord&) const = default;
};

struct FileRecord {
    std::string name;
    std::string type;
    std::uint64_t size = 0;
    Purpose purpose = Purpose::message;
    WallTime uploaded{};  // for people; its age is in lasting time, in the key
    std::optional<WallTime> expire_before;

    bool operator==(const FileRecord&) const = default;
};

/// What a file on disk says of itself, so that it can be given to others without asking for its
/// account.
struct FileHead {
    storage::OwnerId owner = storage::OwnerId::none;
    FileRecord file;

    bool operator==(const FileHead&) const = default;
};

inline constexpr std::string_view usage_key = "u";
std::string slot_key(std::string_view id);
/// Files sort by when they were uploaded.
std::string file_key(LastingTime since, std::string_view id);
struct FileKey {
    LastingTime since{};
    std::string id;
};
/// Error "bad-record".
Result<FileKey> parse_file_key(std::string_view key);
inline constexpr std::string_view file_prefix = "f";
inline constexpr std::string_view slot_prefix = "s";

std::string encode(const Usage& usage);
std::string encode(const SlotRecord& slot);
std::string encode(const FileRecord& file);
// Errors: "bad-record".
Result<Usage> decode_usage(std::string_view value);
Result<SlotRecord> decode_slot(std::string_view value);
Result<FileRecord> decode_file(std::string_view value);

/// Behind the content of a file: the record, its size and a mark.
std::string encode_tail(const FileHead& head);
/// Of a mark and a size, which end a file.
inline constexpr std::size_t tail_end_bytes = 12;
inline constexpr std::size_t max_tail_bytes = 8192;
/// How long the tail is that ends so; 0: it is none.
std::size_t tail_size(std::string_view end);
Result<FileHead> decode_tail(std::string_view tail);

Result<> check_record(storage::DataKind kind, std::string_view key, std::string_view value);

}  // namespace clarion::http_upload
