// ServiceOwner: the id under which a service of rooms keeps what is no single room's: which rooms
// each user made.
//
// It is the owner of the service's domain, made at the domain's home when the first room is. One
// for each service and shard.
#pragma once

#include <string>
#include <utility>

#include "base/task.h"
#include "storage/owners.h"

namespace clarion::core {
class Context;
}

namespace clarion::muc {

class ServiceOwner {
public:
    ServiceOwner(core::Context& context, std::string domain)
        : context_(context), domain_(std::move(domain)) {}

    /// Made and committed. Storage errors.
    Task<Result<storage::OwnerId>> id();
    /// REQUIRES: id() has found it once on this shard, as it has when a room is loaded or made.
    storage::OwnerId known() const { return id_; }

private:
    core::Context& context_;
    const std::string domain_;
    storage::OwnerId id_ = storage::OwnerId::none;
};

}  // namespace clarion::muc
