#include "modules/caps/stored_caps.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "modules/caps/caps_options.h"
#include "server/core/actors/owner_maker.h"
#include "storage/storage.h"

namespace clarion::caps {

namespace {

constexpr Logger logger{"caps"};
/// How much an entry takes that is not unusual.
constexpr std::uint64_t bytes_each = 4096;
/// How exactly is known when one was last used: each step is a write.
constexpr auto use_step = std::chrono::hours(24 * 7);

core::DataQuota quota(std::int64_t entries) {
    const auto most = static_cast<std::uint64_t>(entries);
    return {.entries = most, .bytes = most * bytes_each};
}

}  // namespace

std::string owner_address(std::string_view host) { return "caps@" + std::string(host); }

StoredCaps::StoredCaps(core::ModuleSetup& setup)
    : context_(setup.context()),
      space_(setup.stored_data(quota(setup.context().options<CapsOptions>().max_stored))),
      keeps_(setup.context().options<CapsOptions>().max_stored > 0) {}

/// `none` if nothing was ever kept.
Task<storage::OwnerId> StoredCaps::find_owner(std::string host) {
    const auto found =
        co_await context_.storage().owners().find(storage::OwnerKind::actor, owner_address(host));
    if (!found) logger.error("unreadable", {{"host", host}, {"error", found.error().text}});
    if (!found || !found->has_value()) co_return storage::OwnerId::none;
    co_return **found;
}

Task<std::optional<std::string>> StoredCaps::get(std::string host, std::string key) {
    if (!keeps_) co_return std::nullopt;
    const auto owner = co_await find_owner(host);
    if (owner == storage::OwnerId::none) co_return std::nullopt;
    const auto value = co_await space_.get(owner, key);
    if (!value || !*value) co_return std::nullopt;
    auto stored = decode_text(key, **value);
    if (!stored) {
        logger.error("unreadable", {{"host", host}, {"error", stored.error().text}});
        co_return std::nullopt;
    }
    const WallTime now = context_.clock().wall();
    if (now - stored->used >= use_step) {
        stored->used = now;
        (void)co_await space_.put(owner, key, encode(*stored));
    }
    co_return std::move(stored->text);
}

Task<> StoredCaps::put(std::string host, std::string key, std::string text) {
    if (!keeps_) co_return;
    const auto owner = co_await core::owner_maker(context_).find_or_make(owner_address(host));
    if (!owner) logger.error("not-kept", {{"host", host}, {"error", owner.error().text}});
    if (!owner || !context_.is_home(owner_address(host))) co_return;
    const std::string value = encode({context_.clock().wall(), std::move(text)});
    const auto kept = co_await space_.put(*owner, key, value);
    if (kept || !kept.error().is(error_code::resource_constraint)) co_return;
    co_await make_room(*owner);
    (void)co_await space_.put(*owner, key, value);
}

/// A quarter at once, so that the next some hundred find room.
Task<> StoredCaps::make_room(storage::OwnerId owner) {
    std::vector<std::pair<WallTime, std::string>> all;
    storage::DataQuery query;
    while (true) {
        const auto page = co_await space_.read(owner, query);
        if (!page) co_return;
        for (const auto& [key, value] : page->entries) {
            const auto stored = decode_text(key, value);
            all.emplace_back(stored ? stored->used : WallTime{}, key);
        }
        if (page->complete || page->entries.empty()) break;
        query.after = page->entries.back().key;
    }
    std::sort(all.begin(), all.end());
    all.resize(all.size() / 4 + (all.empty() ? 0 : 1));
    for (const auto& [used, key] : all) space_.remove(owner, key);
}

}  // namespace clarion::caps
