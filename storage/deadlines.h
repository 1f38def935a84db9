// The time index: what must happen when, found again after a restart (docs/design/001-core.md,
// idea 2). In lasting time, so that nobody's deadline moves when the calendar is set.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "base/task.h"
#include "storage/batch.h"

namespace clarion::storage {

/// Stored: never renumber.
enum class DeadlineKind : std::uint8_t {
    hibernation_expires = 1,  // the hibernating session ends
    forget_gone = 2,          // nobody asks any more for one that ended: its record goes
    wake = 3,                 // the hibernating session will end: whoever can wakes its client
};

struct Deadline {
    LastingTime at{};
    AccountId account = AccountId::none;
    DeadlineKind kind = DeadlineKind::hibernation_expires;
    std::uint64_t subject = 0;  // the session's number
};

class Deadlines {
public:
    virtual ~Deadlines() = default;
    virtual void put(Batch& batch, const Deadline& deadline) = 0;
    virtual void remove(Batch& batch, const Deadline& deadline) = 0;
    /// Those of accounts in these partitions at or before `until`, and behind `after`: whatever their
    /// partition, the earliest first. Who has dealt with them removes them.
    virtual Task<Result<std::vector<Deadline>>> due(PartitionSet partitions, LastingTime until,
                                                    std::size_t limit,
                                                    std::optional<Deadline> after = {}) = 0;
};

}  // namespace clarion::storage
