// Ledger: what each account has uploaded, and the slots it was given; at the account's home, on that
// shard. It is the account's data (records.h): there again after a restart, and gone with the
// account.
//
// Slots and what is used are resident, so that a decision and what it changes are one turn: however
// many requests come at once, none gets what another was promised.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/task.h"
#include "modules/http_upload/options.h"
#include "modules/http_upload/quota.h"
#include "modules/http_upload/records.h"
#include "modules/http_upload/slot.h"
#include "server/core/accounts/account.h"
#include "server/core/actors/module_data.h"
#include "server/core/setup/module.h"

namespace clarion::http_upload {

/// "gone": the slot is not, or not any more, one that may be used.
inline constexpr std::string_view slot_gone = "gone";

class Ledger {
public:
    explicit Ledger(core::ModuleSetup& setup);

    /// Notes the slot, unless there is no room for it.
    std::optional<Shortage> reserve(core::Account& account, const Slot& slot, SlotState state,
                                    const UploadOptions& options) const;
    /// Its upload begins. Errors: "gone", "conflict" (it has begun already, or is complete).
    Result<> begin(core::Account& account, const Slot& slot, const UploadOptions& options) const;
    /// Its file is complete. Error "gone".
    Result<> keep(core::Account& account, const Slot& slot, const FileRecord& file) const;
    /// Its upload failed, or will never be: what it was promised is given back.
    void release(core::Account& account, std::string_view id, const UploadOptions& options) const;

    Usage usage(const core::Account& account) const;
    Task<Result<storage::DataPage>> files(storage::OwnerId owner, std::string after) const;
    /// Claims a file that is to be removed; nullopt: it is gone, or somebody else removes it. Who
    /// has claimed it calls forget().
    Task<Result<std::optional<FileRecord>>> claim(storage::OwnerId owner, std::string key);
    /// It is removed from disk (`gone`), or stays: durable when it returns.
    Task<Result<>> forget(core::AccountPin account, std::string key, FileRecord file, bool gone);

private:
    LastingTime now() const;
    std::optional<SlotRecord> find(const core::Account& account, std::string_view id) const;
    void put(core::Account& account, const Usage& usage) const;
    /// Forgets slots that have ended, and counts the others.
    Promised tidy(core::Account& account, const UploadOptions& options) const;

    core::Context& context_;
    core::ResidentSpace small_;
    core::StoredSpace files_;
    std::set<std::string> claimed_;
};

/// Whether a file is to go, by its age or by what was said of it.
bool is_over(const FileRecord& file, LastingTime since, const UploadOptions& options,
             LastingTime now, WallTime wall);

}  // namespace clarion::http_upload
