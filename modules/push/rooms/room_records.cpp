#include "modules/push/rooms/room_records.h"

#include <string>
#include <utility>
#include <vector>

#include "base/log.h"
#include "proto/jid.h"
#include "server/core/accounts/account.h"

namespace clarion::push::rooms {

namespace {

constexpr Logger logger{"push"};
/// What is kept of some hundred rooms. Of more, the defaults hold.
constexpr std::size_t resident_bytes = 64u << 10;
/// It is there once the account's bookmarks have been read.
constexpr std::string_view read_key = "r";

}  // namespace

RoomRecords::RoomRecords(core::ModuleSetup& setup) : space_(setup.resident_data(resident_bytes)) {}

bool RoomRecords::has_bookmarks(const core::Account& account) const {
    return space_.get(account.owner(), read_key).has_value();
}

void RoomRecords::set_has_bookmarks(core::Account& account) const {
    (void)space_.put(account.owner(), read_key, "1");
}

void RoomRecords::note_bookmark(core::Account& account, std::string_view id,
                                std::string_view payload) const {
    const xml::Document document = xml::parse_element(payload);
    const auto kept =
        document.empty() ? Result<Kept>(fail("bad-request")) : read_bookmark(id, document.root());
    const auto room = Jid::parse(id);
    if (!room) return;
    const std::string key = bookmark_key(room->bare());
    if (!kept || kept->empty()) return space_.remove(account.owner(), key);
    const std::string value = encode(*kept);
    if (space_.get(account.owner(), key) == std::string_view(value)) return;
    if (space_.put(account.owner(), key, value)) return;
    space_.remove(account.owner(), key);  // what it said before holds no more
    logger.info("room-setting-not-kept", {{"account", account.jid().bare()}, {"room", id}});
}

void RoomRecords::forget_bookmarks(core::Account& account) const {
    std::vector<std::string> keys;
    space_.for_each(account.owner(), [&](std::string_view key, std::string_view) {
        if (key.starts_with(bookmark_prefix)) keys.emplace_back(key);
    });
    for (const std::string& key : keys) space_.remove(account.owner(), key);
}

std::optional<Kept> RoomRecords::bookmark(const core::Account& account,
                                          std::string_view room) const {
    const auto value = space_.get(account.owner(), bookmark_key(room));
    auto read = value ? decode_kept(*value) : Result<Kept>(fail("item-not-found"));
    if (!read || read->room != room) return std::nullopt;
    return std::move(*read);
}

void RoomRecords::keep(core::Account& account, const Occupancy& occupancy) const {
    const std::string key = occupancy_key(occupancy.room);
    const std::string value = encode(occupancy);
    if (space_.get(account.owner(), key) == std::string_view(value)) return;
    (void)space_.put(account.owner(), key, value);
}

std::optional<Occupancy> RoomRecords::occupancy(const core::Account& account,
                                                std::string_view room) const {
    const auto value = space_.get(account.owner(), occupancy_key(room));
    auto read = value ? decode_occupancy(*value) : Result<Occupancy>(fail("item-not-found"));
    if (!read || read->room != room) return std::nullopt;
    return std::move(*read);
}

}  // namespace clarion::push::rooms
