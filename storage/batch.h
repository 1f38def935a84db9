// Batch: the unit of work (docs/design/001-core.md, idea 3).
//
// Everything one turn of a shard writes goes into one Batch, which is committed whole or not at
// all. A shard fills it through the repositories, submits it at the end of the turn and learns of
// its fate by token: "committed up to n", and the tokens that failed. Batches of one shard commit
// in order. Owned by one shard until submitted, then by the storage's writer.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "storage/ids.h"

namespace clarion::storage {

class Batch {
public:
    virtual ~Batch() = default;
    virtual bool empty() const = 0;
    /// Approximate size, for the limit on the writer's backlog.
    virtual std::size_t bytes() const = 0;
};

/// What the writer says after each group commit, once per shard concerned.
struct CommitReport {
    struct Failure {
        Token token;
        /// "conflict" (a name is taken, or a DataCondition does not hold), "item-not-found" (a log entry that is referred
        /// to is missing), "resource-constraint" (disk or map full) or "internal-server-error".
        Error error;
    };
    Token up_to = Token::none;      // every batch up to this one is decided
    std::vector<Failure> failures;  // those among them that were not committed; usually empty
};

/// Called on the writer's thread: must only hand the report to its shard.
using CommitListener = std::function<void(CommitReport)>;

}  // namespace clarion::storage
