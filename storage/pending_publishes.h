// Notifications of push that are pending (docs/push-rules.md, R9): kept with the stanza that caused
// them until they are answered, and found again, whoever's they are, by a server that starts. That
// is why they are no module data, which is found by its owner only.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/task.h"
#include "storage/batch.h"

namespace clarion::storage {

/// A notification that must still go out. One for each registration, its newest state.
struct PendingPublish {
    std::uint64_t registration = 0;  // its number within the account
    bool important = false;
    bool urgent = false;            // a call, or that it was answered
    LogId log_id = LogId::none;     // where the log has the stanza
    std::uint64_t offline_seq = 0;  // not in the log: its number there; 0: it is kept nowhere
    WallTime caused{};              // when the server saw it
};

/// Of any account: what a server that died left behind.
struct PendingPublishEntry {
    AccountId account = AccountId::none;
    PendingPublish pending;
};

class PendingPublishes {
public:
    virtual ~PendingPublishes() = default;
    /// `xml`: the stanza, if it is in the log and neither this nor an earlier batch of the account
    /// brought it there.
    virtual void put(Batch& batch, AccountId account, const PendingPublish& pending,
                     std::string_view xml = {}) = 0;
    /// If there is none: fine.
    virtual void remove(Batch& batch, AccountId account, std::uint64_t registration) = 0;
    /// All that is pending for accounts in these partitions, by partition, account and registration,
    /// after those; `limit` at most.
    virtual Task<Result<std::vector<PendingPublishEntry>>> read(PartitionSet partitions,
                                                                AccountId after_account,
                                                                std::uint64_t after_registration,
                                                                std::size_t limit) = 0;
};

}  // namespace clarion::storage
