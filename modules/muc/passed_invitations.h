// PassedInvitations: invitations that a room passed on, and that may still be declined. Only who was
// invited may have the room tell an occupant something. A plain value; kept with the room.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "proto/jid.h"

namespace clarion::muc {

struct PassedInvitation {
    std::string inviter{};  // bare
    std::string told{};     // of whom, as the invitee was told it: an occupant's address, or bare
    std::string invitee{};  // bare
    WallTime time{};
    bool operator==(const PassedInvitation&) const = default;
};

class PassedInvitations {
public:
    static constexpr std::chrono::hours lifetime{7 * 24};

    /// One of the same two people takes the place of the one before; beyond `most` the oldest are
    /// forgotten.
    void add(PassedInvitation invitation, std::size_t most);
    /// `invitee` declines towards `to`: who it was that invited, which is forgotten then. nullopt:
    /// nobody did.
    std::optional<std::string> take(std::string_view invitee, const Jid& to, WallTime now);
    bool empty() const { return all_.empty(); }

    std::string encode() const;
    static Result<PassedInvitations> decode(std::string_view bytes);
    bool operator==(const PassedInvitations&) const = default;

private:
    std::vector<PassedInvitation> all_;  // the newest last
};

}  // namespace clarion::muc
