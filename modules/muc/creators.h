// Creators: how many rooms of a service each user has made that still exist
// ([muc] max_rooms_of_creator).
//
// The service keeps an entry for each room (MadeRoom), which comes and goes with it in one batch, so
// those of one user are read when it makes a room first; no other room is looked at. From then on a
// user is counted at its home, whichever shard its rooms live on, with what is being made. One for
// each service and shard.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/result.h"
#include "base/task.h"
#include "proto/jid.h"
#include "server/core/context.h"

namespace clarion::muc {

class RoomStore;
class ServiceOwner;

class Creators {
public:
    static constexpr std::size_t any_number = std::numeric_limits<std::size_t>::max();

    /// `service` and `store` last as long.
    Creators(ServiceOwner& service, const RoomStore& store) : service_(service), store_(store) {}

    /// Counts one more of a user, unless there are `most` already: false. Storage errors.
    Task<Result<bool>> take(std::string user, std::size_t most);
    /// One less: it is gone, or was not made after all.
    void give_back(std::string_view user);
    /// Users may be at home here that were not before.
    void forget();

private:
    using Counts = std::unordered_map<std::string, std::size_t, TextHash, std::equal_to<>>;
    Task<Result<bool>> count(const std::string& user, std::size_t most);

    ServiceOwner& service_;
    const RoomStore& store_;
    Counts counts_;              // of those that are known; none of 0
    std::uint64_t changes_ = 0;  // of what is not known here: what is being read may be outdated
};

/// The same at the home of the user, for a service.
Task<Result<bool>> take_room(core::Context& here, std::string service, Jid user, std::size_t most);
void give_room_back(core::Context& here, const std::string& service, const std::string& user);

}  // namespace clarion::muc
