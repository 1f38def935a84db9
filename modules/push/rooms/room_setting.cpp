#include "modules/push/rooms/room_setting.h"

#include <optional>
#include <utility>

#include "proto/bookmarks.h"
#include "proto/ns.h"
#include "storage/module_data.h"
#include "storage/record_codec.h"

namespace clarion::push::rooms {

namespace {

constexpr std::uint8_t version = 1;

std::optional<Setting> setting_named(const xml::Element& child) {
    if (child.is(ns::notification_settings, "always")) return Setting::always;
    if (child.is(ns::notification_settings, "on-mention")) return Setting::on_mention;
    if (child.is(ns::notification_settings, "never")) return Setting::never;
    return std::nullopt;
}

/// How well it is meant for a phone; 0: it is for others.
int fitness(const xml::Element& child) {
    const std::string_view category = child.attr("identity-category");
    const std::string_view type = child.attr("identity-type");
    if (category.empty()) return type.empty() ? 1 : 0;
    if (category != "client") return 0;
    if (type.empty()) return 2;
    return type == "phone" ? 3 : 0;
}

}  // namespace

Setting read_setting(const xml::Element& notify) {
    Setting chosen = Setting::unset;
    int best = 0;
    for (const xml::Element& child : notify.children()) {
        const auto setting = setting_named(child);
        if (!setting || fitness(child) <= best) continue;
        best = fitness(child);
        chosen = *setting;
    }
    return chosen;
}

Result<Kept> read_bookmark(std::string_view id, const xml::Element& payload) {
    auto bookmark = bookmarks::read_item(id, payload);
    if (!bookmark) return fail("bad-request", "no bookmark");
    Kept kept{.room = std::string(bookmark->room.bare()), .nick = std::move(bookmark->nick)};
    const xml::Element* const extensions = payload.child(payload.ns(), "extensions");
    const xml::Element* const notify =
        extensions ? extensions->child(ns::notification_settings, "notify") : nullptr;
    if (notify) kept.setting = read_setting(*notify);
    return kept;
}

std::string bookmark_key(std::string_view room) {
    return storage::data_key(std::string(bookmark_prefix) + std::string(room));
}

std::string occupancy_key(std::string_view room) {
    return storage::data_key(std::string(occupancy_prefix) + std::string(room));
}

std::string encode(const Kept& kept) {
    storage::Encoder out(version);
    out.string(kept.room).u8(static_cast<std::uint8_t>(kept.setting)).string(kept.nick);
    return out.take();
}

std::string encode(const Occupancy& occupancy) {
    storage::Encoder out(version);
    out.string(occupancy.room).string(occupancy.nick).string(occupancy.occupant_id);
    out.u8(static_cast<std::uint8_t>(occupancy.kind));
    return out.take();
}

Result<Kept> decode_kept(std::string_view bytes) {
    storage::Decoder in(bytes, version);
    Kept kept;
    kept.room = in.string();
    kept.setting = static_cast<Setting>(in.enumerator(static_cast<std::uint8_t>(Setting::never)));
    kept.nick = in.string();
    if (auto fits = in.finish("setting of a room"); !fits) return fits.error();
    return kept;
}

Result<Occupancy> decode_occupancy(std::string_view bytes) {
    storage::Decoder in(bytes, version);
    Occupancy occupancy;
    occupancy.room = in.string();
    occupancy.nick = in.string();
    occupancy.occupant_id = in.string();
    occupancy.kind = static_cast<Kind>(in.enumerator(static_cast<std::uint8_t>(Kind::is_public)));
    if (auto fits = in.finish("place in a room"); !fits) return fits.error();
    return occupancy;
}

}  // namespace clarion::push::rooms
