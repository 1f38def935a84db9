// Hibernating sessions, and records of live ones (docs/design/001-core.md, idea 4).
//
// A hibernating session is a record plus one entry per queued stanza, so that another stanza for a
// hibernating phone costs one small write. Who wakes it removes both as the client acknowledges.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/task.h"
#include "storage/batch.h"
#include "storage/offline_messages.h"

namespace clarion::storage {

enum class HibernationState : std::uint8_t {
    hibernating = 0,
    resumed = 1,
    gone = 2
};  // stored: never renumber

struct HibernatingSession {
    std::uint64_t session = 0;  // its number within the account, never reused
    std::string sm_id;          // XEP-0198 previd
    std::string resource;
    std::string device;  // SASL2 user-agent id, else the resource
    HibernationState state = HibernationState::hibernating;
    std::uint32_t max_seconds = 0;  // what the client asked for in <enable max>; 0: nothing
    std::uint32_t handled_in = 0;   // h: inbound stanzas handled
    std::uint32_t acked_out = 0;    // outbound stanzas the client acknowledged; the queue follows
    LastingTime hibernating_since{};
    LastingTime expires_at{};
    LastingTime wake_at{};  // its client is woken before the end; zero: it is not
    std::string presence;   // last available presence as XML; empty: never sent one
    bool full = false;      // nothing joins its queue any more
    /// What modules keep with the session: (module name, its own encoding).
    std::vector<std::pair<std::string, std::string>> parts;
    /// Filled on reading: how many numbers after acked_out the queue goes.
    std::uint64_t queued = 0;
    /// Filled on reading: see put_directed(), oldest first.
    std::vector<std::string> directed_presence;
};

struct QueuedStanza {
    std::uint32_t seq = 0;  // its XEP-0198 number
    KeptStanza stanza;
};

/// A session that was live: if the server dies, those whom it told of itself must hear that it has
/// gone.
struct OnlineRecord {
    std::uint64_t session = 0;
    /// The start of the server that wrote it; a later one has a greater number. Filled in by storage.
    std::uint64_t run = 0;
    std::string resource;
    std::string sm_id;  // empty: stream management not enabled
    std::uint32_t handled_in = 0;
    bool available = false;
    std::string device;  // as of HibernatingSession
    /// Filled on reading: see put_directed(), oldest first.
    std::vector<std::string> directed_presence;
};

struct DirectedPresence {
    std::string address;
    LastingTime since{};
};

class Sessions {
public:
    virtual ~Sessions() = default;
    /// Creates or replaces the record (not its queue).
    virtual void put(Batch& batch, AccountId account, const HibernatingSession& session) = 0;
    /// Removes record and queue.
    virtual void remove(Batch& batch, AccountId account, std::uint64_t session) = 0;
    virtual void put_queued(Batch& batch, AccountId account, std::uint64_t session,
                            const QueuedStanza& stanza) = 0;
    virtual void remove_queued(Batch& batch, AccountId account, std::uint64_t session,
                               std::uint32_t seq) = 0;
    /// The queue in order of arrival, bytes resolved (order of arrival, not of seq: seq wraps).
    /// From what is numbered after acked_out + `skipped` on: about `max_bytes` of it, and one entry
    /// at least if there is any.
    virtual Task<Result<std::vector<QueuedStanza>>> read_queue(
        AccountId account, std::uint64_t session, std::uint32_t acked_out,
        std::uint32_t skipped = 0, std::size_t max_bytes = SIZE_MAX) = 0;

    virtual void put_online(Batch& batch, AccountId account, const OnlineRecord& record) = 0;
    virtual void remove_online(Batch& batch, AccountId account, std::uint64_t session) = 0;

    /// An address to which the session has sent presence of its own accord, since then: an entry of
    /// its own beside whichever record the session has, so that one more costs one small write.
    virtual void put_directed(Batch& batch, AccountId account, std::uint64_t session,
                              const DirectedPresence& directed) = 0;
    virtual void remove_directed(Batch& batch, AccountId account, std::uint64_t session,
                                 std::string_view address) = 0;
    virtual void remove_all_directed(Batch& batch, AccountId account, std::uint64_t session) = 0;

    /// Accounts in these partitions that have online records, by partition, after `after`: left over
    /// from a server that did not stop in order.
    virtual Task<Result<std::vector<AccountId>>> accounts_with_online_records(
        PartitionSet partitions, AccountId after, std::size_t limit) = 0;
};

}  // namespace clarion::storage
