#include "modules/mam/stored_preferences.h"

#include <utility>

#include "base/log.h"
#include "modules/mam/mam.h"
#include "server/core/accounts/account.h"

namespace clarion::mam {
namespace {

constexpr Logger logger{"mam"};
constexpr std::string_view key = "preferences";
/// What one account's preferences may take: max_preferences of ordinary addresses and many more.
constexpr std::size_t most_bytes = 256u << 10;

}  // namespace

Result<> check_entry(storage::DataKind, std::string_view entry_key, std::string_view value) {
    if (entry_key != key) return fail("bad-record", "preferences under another key");
    const auto preferences = decode_preferences(value);
    return preferences ? Result<>() : preferences.error();
}

StoredPreferences::StoredPreferences(core::ModuleSetup& setup)
    : stored_(setup.resident_data(most_bytes)),
      preferences_(setup.account_slot<ArchivePreferences>()) {}

void StoredPreferences::load(core::Account& account) const {
    const auto stored = stored_.get(account.owner(), key);
    if (!stored) return;
    auto preferences = decode_preferences(*stored);
    if (preferences)
        preferences_.of(account) = std::move(*preferences);
    else
        logger.error("unreadable",
                     {{"account", account.jid().full()}, {"error", preferences.error().text}});
}

const ArchivePreferences& StoredPreferences::of(core::Account& account) const {
    static const ArchivePreferences none;
    const ArchivePreferences* set = preferences_.find(account);
    return set ? *set : none;
}

bool StoredPreferences::set(core::Account& account, ArchivePreferences preferences) const {
    if (!stored_.put(account.owner(), key, encode(preferences))) return false;
    preferences_.of(account) = std::move(preferences);
    return true;
}

}  // namespace clarion::mam
