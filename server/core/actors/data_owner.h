// DataOwner: the part of an account, or of an actor of a service, that data hangs on: its number in
// storage and what modules keep resident with it. A member of whoever it is; on its home shard.
#pragma once

#include <utility>

#include "storage/ids.h"
#include "storage/resident_data.h"

namespace clarion::core {

class DataOwner {
public:
    DataOwner(storage::OwnerId id, storage::ResidentData resident)
        : id_(id), resident_(std::move(resident)) {}
    DataOwner(const DataOwner&) = delete;
    DataOwner& operator=(const DataOwner&) = delete;

    storage::OwnerId id() const { return id_; }
    const storage::ResidentData& resident() const { return resident_; }

private:
    friend class ResidentSpace;  // changes it together with storage
    const storage::OwnerId id_;
    storage::ResidentData resident_;
};

}  // namespace clarion::core
