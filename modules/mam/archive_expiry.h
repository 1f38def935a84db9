// Expiry of archives: [mam] expire_after, max_messages and max_bytes.
//
// Two tasks that live as long as their shard and mostly sleep. expire_archives(), on every shard,
// goes through the accounts that are at home here, one slice of names and of entries at a time,
// without loading them. sweep_log(), on one shard only, then erases from the log what nothing
// refers to any more; it reads on a worker. Both read the options anew each time and begin again
// where they were if the server stops in between. storage/expiry.h does the work.
//
// No session and no stanza is involved: a client learns of it by asking for its archive.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/task.h"
#include "server/core/context.h"
#include "server/runtime/event_bus.h"
#include "storage/expiry.h"
#include "storage/owners.h"

namespace clarion::mam {

/// When they run: this long after the start, then at these intervals.
inline constexpr Duration first_expiry = std::chrono::minutes(1);
inline constexpr Duration expiry_interval = std::chrono::hours(1);
inline constexpr Duration first_sweep = std::chrono::minutes(10);
inline constexpr Duration sweep_interval = std::chrono::hours(24);
/// Between two slices of either.
inline constexpr Duration slice_pause = std::chrono::milliseconds(20);
/// The log keeps what is younger, whoever dropped it: a stanza on its way may refer to it before
/// anything stored does.
inline constexpr Duration log_min_age = std::chrono::hours(24);

/// Archives that had more than [mam] max_bytes when they were last looked at, of one shard. Who reads
/// this on another shard asks that one (LargeArchivesSought).
struct LargeArchives {
    std::size_t count = 0;
    std::string example;  // the address of one
};

/// Fired by an administrator's command: where the module on this shard has them; nullptr: it is off.
struct LargeArchivesSought {
    enum class Stage { find };
    static constexpr std::string_view name = "LargeArchivesSought";
    static constexpr auto kind = core::EventKind::fill_in;
    const LargeArchives* found = nullptr;
};

/// What became of one archive.
struct Expired {
    std::uint64_t messages = 0;  // that went
    bool too_large = false;      // it had more than Keep::bytes
};

/// Takes away what the archive of one account, or actor of a service, does not keep; `expired` is
/// true also if there is an error. On its home shard: "moved" if it is not that any more. For
/// expire_archives(), and for the administrator who wants it now.
Task<Result<>> expire_archive(core::Context& context, storage::OwnerKind kind, std::string address,
                              storage::Keep keep, Expired& expired);

Task<> expire_archives(core::Context& context, std::shared_ptr<LargeArchives> large);
/// REQUIRES: runs on one shard of the server only.
Task<> sweep_log(core::Context& context);

}  // namespace clarion::mam
