// RemovedOwners: the owners removed since the start. Nothing is written for them any more.
//
// A coroutine that awaited something may still hold an owner that was removed meanwhile. Whatever
// it writes then would stay in the tables for ever, or bring the owner back; so it is passed over
// here, in the one place through which every write goes, and nobody above has to remember to ask.
// Ids are never given out again, so that one number for each owner removed is all it takes. Owned
// by the Writer, used on its thread.
#pragma once

#include <cstdint>
#include <unordered_set>
#include <vector>

#include "storage/kv/kv_batch.h"

namespace clarion::storage {

class RemovedOwners {
public:
    /// Whether the operation is to be passed over. Notes what removes an owner.
    bool refuses(const Op& op);
    /// Whether it is about a removed owner.
    bool concerns(const Op& op) const;
    /// The transaction was committed, or came to nothing.
    void keep() { fresh_.clear(); }
    void forget();

private:
    std::unordered_set<std::uint64_t> ids_;
    std::vector<std::uint64_t> fresh_;  // those of the transaction at hand
};

}  // namespace clarion::storage
