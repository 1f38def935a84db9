// Storage: what is kept. Typed repositories, and the one way to write: fill a Batch, submit it.
//
// Owned by app, outlives every shard. Writing methods of the repositories only add to the given
// batch and may be called on any shard for its own batch. Reading methods see what is committed;
// who needs to read its own writes waits for their token first (Shard::committed()).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "storage/accounts.h"
#include "storage/archive.h"
#include "storage/backup.h"
#include "storage/batch.h"
#include "storage/deadlines.h"
#include "storage/expiry.h"
#include "storage/module_data.h"
#include "storage/offline_messages.h"
#include "storage/owners.h"
#include "storage/pending_publishes.h"
#include "storage/rosters.h"
#include "storage/sessions.h"
#include "storage/spool.h"

namespace clarion::storage {

struct MaintenanceBudget {
    /// Stanzas that the server saw later stay, referred to or not: one that only memory holds, on
    /// its way, may be the next to be referred to.
    WallTime before{};
    unsigned slices = 1;
};

struct Maintenance {
    std::uint64_t erased = 0;  // stanzas, in this call
    bool more = false;         // there is more to do
};

class Storage {
public:
    virtual ~Storage() = default;

    virtual Owners& owners() = 0;
    virtual Accounts& accounts() = 0;
    virtual Rosters& rosters() = 0;
    virtual Archive& archive() = 0;
    virtual Offline& offline() = 0;
    virtual Sessions& sessions() = 0;
    virtual PendingPublishes& pending_publishes() = 0;
    virtual ModuleData& module_data() = 0;
    virtual Deadlines& deadlines() = 0;
    virtual Spool& spool() = 0;
    virtual Expiry& expiry() = 0;

    /// Who hears of commits of shard number `shard`. Set before the shard submits anything.
    virtual void set_commit_listener(unsigned shard, CommitListener listener) = 0;
    virtual std::unique_ptr<Batch> begin() = 0;
    /// Queues a batch for the writer. Never blocks. Returns its token, increasing per shard.
    virtual Token submit(unsigned shard, std::unique_ptr<Batch> batch) = 0;
    /// Bytes submitted and not yet decided: readers pause while it is high (backpressure). Any
    /// thread.
    virtual std::size_t backlog_bytes() const = 0;
    /// Why the last commit failed, if it did: a full disk, say. Any thread.
    virtual Result<> last_commit() const { return {}; }
    /// Calls `fn` once, when they are less than `bytes`: at once, or on the writer's thread. Any
    /// thread.
    virtual void when_backlog_below(std::size_t bytes, std::function<void()> fn) = 0;

    /// Secrets of this installation (dialback key, fake SCRAM salts): created with `size` random
    /// bytes on first use, the same ever after. Blocks; called at start only.
    virtual Result<std::string> installation_secret(std::string_view name, std::size_t size) = 0;

    /// What put_clock_mark() stored last; nullopt: nothing yet. Blocks; called at start only.
    virtual Result<std::optional<ClockMark>> clock_mark() = 0;
    /// For the next start, whose stored deadlines go on from there (base/time.h).
    virtual void put_clock_mark(Batch& batch, const ClockMark& mark) = 0;

    /// Gives back the room of what nothing refers to any more, one slice of work after the other:
    /// called again and again until nothing is left to do. Blocks for as long as a slice takes, some
    /// hundred microseconds and a commit: on a worker (Shard::offload). One caller at a time. An
    /// error gives the whole walk up; the next call begins anew.
    virtual Result<Maintenance> maintain(const MaintenanceBudget& budget) = 0;

    /// Writes all that is stored, as it is at one moment, into a file, while the server runs; says
    /// through `done` what came of it. Errors: "conflict" (another is under way), "cancelled". Any
    /// thread.
    virtual Result<> start_backup(BackupOrder order, BackupDone done) = 0;

    /// Abandons a backup, commits what is queued, tells the listeners, stops the writer. After it
    /// nothing may be submitted.
    virtual void stop() = 0;
};

/// How hard a commit is: `full` waits for the disk (fsync); `process` survives the death of the
/// process, but can lose *and damage* data on power loss.
enum class Durability : std::uint8_t { full, process };

struct StorageLimits {
    /// The most that is ever kept; what would be more is refused with "resource-constraint".
    std::size_t max_bytes = std::size_t{1} << 40;
    /// A group commit takes at most about this much.
    std::size_t group_bytes = 8u << 20;
};

/// Where and how the server keeps what it keeps.
struct StorageConfig {
    std::string backend = "lmdb";
    std::string directory;  // the server's data directory
    Durability durability = Durability::full;
    StorageLimits limits{};
};

/// Opens what is there, or makes it. Data of another format is refused and left as it is. Errors: a
/// sentence for the operator that says where and why.
Result<std::unique_ptr<Storage>> open_storage(const StorageConfig& config);

}  // namespace clarion::storage
