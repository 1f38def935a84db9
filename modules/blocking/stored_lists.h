// StoredLists: each account's blocklist, address by address resident data of the account, and
// sorted in memory for who looks an address up. One per shard.
#pragma once

#include <string>
#include <vector>

#include "modules/blocking/blocklist.h"
#include "server/core/events/export_events.h"
#include "server/core/setup/module.h"

namespace clarion::blocking {

class StoredLists {
public:
    explicit StoredLists(core::ModuleSetup& setup);

    /// Of an account that was just loaded.
    void load(core::Account& account) const;
    /// nullptr: it blocks nobody, and never did since it was loaded.
    const Blocklist* find(core::Account& account) const { return lists_.find(account); }
    const Blocklist& of(core::Account& account) const { return lists_.of(account); }

    /// Its list as a <blocklist/>, if it blocks anybody.
    void on_exporting(events::AccountExporting& event) const;

    /// Whether there is room for these too.
    bool has_room(const core::Account& account, const std::vector<std::string>& jids) const;
    /// In force at once, and written with this turn's batch. REQUIRES: none is in the list, and
    /// has_room().
    void add(core::Account& account, const std::vector<std::string>& jids) const;
    /// REQUIRES: all are in the list.
    void remove(core::Account& account, const std::vector<std::string>& jids) const;

private:
    Task<Result<events::ExportPage>> write(core::Account& account) const;

    core::ResidentSpace stored_;
    core::AccountSlot<Blocklist> lists_;
};

}  // namespace clarion::blocking
