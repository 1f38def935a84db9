// Offline messages (XEP-0160): what no session took, kept until one does.
//
// Also the spool of idea 3: a message for an account without an archive is put here when it goes to
// a live session and removed when that session acknowledged it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/task.h"
#include "storage/batch.h"

namespace clarion::storage {

/// A kept stanza: a reference into the log, or its own bytes.
struct KeptStanza {
    /// The batch that keeps the stanza fails if this log entry is neither committed nor in it.
    LogId log_id = LogId::none;
    /// The stanza-id it carries in the owner's archive; none: not archived.
    ArchiveId archive_id = ArchiveId::none;
    WallTime time{};  // when the server received it: <delay/>
    std::string xml;  // filled on reading; on writing only if log_id is none
    /// In a queue: its place among the offline messages, if it must go there.
    std::uint64_t offline_seq = 0;
    bool held_back = false;  // CSI held it back: nobody is notified of it (core/envelope.h)
};

struct OfflineMessage {
    std::uint64_t seq = 0;
    KeptStanza stanza;
};

class Offline {
public:
    virtual ~Offline() = default;
    /// `seq` is assigned by the account's shard, increasing.
    virtual void put(Batch& batch, AccountId account, std::uint64_t seq,
                     const KeptStanza& stanza) = 0;
    virtual void remove(Batch& batch, AccountId account, std::uint64_t seq) = 0;
    virtual void remove_up_to(Batch& batch, AccountId account, std::uint64_t seq) = 0;
    /// Oldest first, after `after_seq`, bytes resolved; entries whose log entry expired are left
    /// out.
    virtual Task<Result<std::vector<OfflineMessage>>> read(AccountId account,
                                                           std::uint64_t after_seq,
                                                           std::size_t limit) = 0;
};

}  // namespace clarion::storage
