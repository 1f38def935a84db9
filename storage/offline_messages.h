// Offline messages (XEP-0160): what no session took, kept until one does.
//
// Also the spool of idea 3: a message for an account without an archive is put here when it goes to
// a live session and removed when that session acknowledged it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/task.h"
#include "storage/batch.h"
#include "storage/page_size.h"
#include "storage/stanza_meta.h"

namespace clarion::storage {

/// A kept stanza: a reference into the log, or its own bytes.
struct KeptStanza {
    StanzaMeta meta;
    /// Filled on reading. On writing: what is kept, or if it is in the log, what is put there unless
    /// it is there already; empty: an earlier batch of the same account brought it (if none did, the
    /// batch fails with "item-not-found").
    std::string xml;
};

struct OfflineMessage {
    std::uint64_t seq = 0;
    KeptStanza stanza;
};

/// One of an account's offline messages, as the account remembers it.
struct OfflineEntry {
    std::uint64_t seq = 0;
    std::uint32_t bytes = 0;  // its record's: a few for one that refers to the log
};

struct OfflinePage {
    std::vector<OfflineMessage> messages;
    bool complete = false;  // there are no more
};

class Offline {
public:
    virtual ~Offline() = default;
    /// `seq` is assigned by the account's shard, increasing. Returns how many bytes its record has.
    virtual std::uint32_t put(Batch& batch, AccountId account, std::uint64_t seq,
                              const KeptStanza& stanza) = 0;
    virtual void remove(Batch& batch, AccountId account, std::uint64_t seq) = 0;
    virtual void remove_up_to(Batch& batch, AccountId account, std::uint64_t seq) = 0;
    /// Oldest first, after `after_seq`, bytes resolved; entries whose log entry expired are left
    /// out.
    virtual Task<Result<OfflinePage>> read(AccountId account, std::uint64_t after_seq,
                                           PageSize size) = 0;
};

}  // namespace clarion::storage
