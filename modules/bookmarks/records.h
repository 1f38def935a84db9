// What the module keeps with an account, as it is stored (docs/formats.md). Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "proto/pubsub_client.h"
#include "storage/module_data.h"

namespace clarion::bookmarks {

/// Key of what lists have beside rooms: elements as XML.
inline constexpr std::string_view others_key = "others";
/// Key of what the last list that removed most bookmarks took.
inline constexpr std::string_view removed_key = "removed";
/// Key of a list that is being written in several steps. It is there as long as that takes.
inline constexpr std::string_view unfinished_key = "unfinished";

/// What one list removed.
struct Removed {
    LastingTime time{};
    std::vector<pubsub::ItemText> items{};
    std::vector<std::string> others{};
};

/// What a list that is being written changes.
struct Unfinished {
    std::vector<pubsub::ItemText> publish{};  // first
    std::vector<std::string> retract{};       // after that
    std::vector<std::string> others{};        // what it has beside rooms
    bool removes_most = false;
};

std::string encode_others(const std::vector<std::string>& others);
/// Error "bad-record".
Result<std::vector<std::string>> decode_others(std::string_view value);
std::string encode(const Removed& removed);
/// Error "bad-record".
Result<Removed> decode_removed(std::string_view value);
std::string encode(const Unfinished& unfinished);
/// Error "bad-record".
Result<Unfinished> decode_unfinished(std::string_view value);

/// Whether an entry that the module keeps can be read (ModuleRow::check_entry).
Result<> check_entry(storage::DataKind kind, std::string_view key, std::string_view value);

}  // namespace clarion::bookmarks
