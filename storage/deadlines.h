// The time index: what must happen when, found again after a restart (wall-clock time, DESIGN.md
// idea 2).
#pragma once

#include <cstdint>
#include <vector>

#include "server/base/clock.h"
#include "server/base/task.h"
#include "storage/batch.h"

namespace clarion::storage {

enum class DeadlineKind : std::uint8_t { sleep_expires = 1 };  // stored: never renumber

struct Deadline {
    WallTime at{};
    AccountId account = AccountId::none;
    DeadlineKind kind = DeadlineKind::sleep_expires;
    std::uint64_t subject = 0;  // the session's number
};

class Deadlines {
public:
    virtual ~Deadlines() = default;
    virtual void put(Batch& batch, const Deadline& deadline) = 0;
    virtual void remove(Batch& batch, const Deadline& deadline) = 0;
    /// Those at or before `until`, earliest first. Who has dealt with them removes them.
    virtual Task<Result<std::vector<Deadline>>> due(WallTime until, std::size_t limit) = 0;
};

}  // namespace clarion::storage
