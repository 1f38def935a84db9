// StoredPreferences: each account's archiving preferences (XEP-0441), kept as resident data of the
// account. One per shard.
#pragma once

#include "modules/mam/preferences.h"
#include "server/core/setup/module.h"

namespace clarion::mam {

class StoredPreferences {
public:
    explicit StoredPreferences(core::ModuleSetup& setup);

    /// Of an account that was just loaded.
    void load(core::Account& account) const;
    const ArchivePreferences& of(core::Account& account) const;
    /// In force at once, and written with this turn's batch. False, and nothing changed: they are
    /// too large to be kept.
    bool set(core::Account& account, ArchivePreferences preferences) const;

private:
    core::ResidentSpace stored_;
    core::AccountSlot<ArchivePreferences> preferences_;  // of those who set any
};

}  // namespace clarion::mam
