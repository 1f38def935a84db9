// What a user wants to hear of a room (XEP-0492, in a bookmark of XEP-0402), and who the user is in
// it; as it is kept with the account (docs/formats.md). Plain values; pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "proto/xml.h"

namespace clarion::push::rooms {

/// Stored: never renumber.
enum class Setting : std::uint8_t { unset, always, on_mention, never };

/// Of `<notify/>` what is meant for phones most: client and phone, any client, all.
Setting read_setting(const xml::Element& notify);

/// What a bookmark says of it.
struct Kept {
    std::string room{};  // bare
    Setting setting = Setting::unset;
    std::string nick{};  // empty: it names none
    bool operator==(const Kept&) const = default;
    /// Whether it is worth keeping.
    bool empty() const { return setting == Setting::unset && nick.empty(); }
};
/// REQUIRES: `payload` is an item of the node of bookmarks. Error: it is no bookmark.
Result<Kept> read_bookmark(std::string_view id, const xml::Element& payload);

/// Stored: never renumber.
enum class Kind : std::uint8_t { unknown, is_private, is_public };

/// What the room said last of the user's own occupant and of itself.
struct Occupancy {
    std::string room{};
    std::string nick{};
    std::string occupant_id{};  // XEP-0421
    Kind kind = Kind::unknown;
    bool operator==(const Occupancy&) const = default;
};

std::string bookmark_key(std::string_view room);
std::string occupancy_key(std::string_view room);
inline constexpr std::string_view bookmark_prefix = "b";
inline constexpr std::string_view occupancy_prefix = "o";

std::string encode(const Kept& kept);
std::string encode(const Occupancy& occupancy);
/// Errors: "bad-record".
Result<Kept> decode_kept(std::string_view bytes);
Result<Occupancy> decode_occupancy(std::string_view bytes);

}  // namespace clarion::push::rooms
