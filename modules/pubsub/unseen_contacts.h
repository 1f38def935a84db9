// UnseenContacts: contacts of other servers that come while nobody of the account is there to see
// it: which of them were sent last items, and whether it is worth to load an account for one more.
// One per shard, in memory only.
//
// A load that was for nothing (no such account, no contact of it, no nodes) is charged to the domain
// that caused it, and the account is not loaded for that again for a while.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>

#include "base/time.h"
#include "proto/entity_caps.h"
#include "proto/jid.h"

namespace clarion::pubsub {

/// What a resource wants to hear of, and did before.
struct Wishes {
    Jid resource;
    Capabilities now;
    std::optional<Capabilities> before;
    /// Wants it, and did not.
    bool begin_with(std::string_view node) const {
        return now.notifies(node) && !(before && before->notifies(node));
    }
};
using WishesPtr = std::shared_ptr<const Wishes>;

class UnseenContacts {
public:
    /// How much is remembered. Where there is no room, nothing more is sent.
    static constexpr std::size_t most_served = 10000;
    static constexpr std::size_t most_remembered = 10000;

    /// Whether `account` may be loaded for somebody of that domain, which may cause so many loads
    /// for nothing within an hour.
    bool may_load(const std::string& account, std::string_view domain, std::size_t most,
                  SteadyTime now);
    void wasted(std::string_view domain);
    /// It has nothing for anybody.
    void has_nothing(const std::string& account, SteadyTime now);

    /// What it was sent last items for; nullptr: for nothing.
    WishesPtr served(std::string_view account, const Jid& resource) const;
    /// False: there is no room.
    bool serve(std::string_view account, WishesPtr wishes);
    /// It went, or the account sees its presence itself now. Returns served().
    WishesPtr take(std::string_view account, const Jid& resource);

private:
    std::unordered_map<std::string, WishesPtr> served_;       // by account and resource
    std::unordered_map<std::string, SteadyTime> nothing_;     // until when, by account
    std::map<std::string, std::size_t, std::less<>> wasted_;  // by domain, in this hour
    SteadyTime hour_ends_{};
};

}  // namespace clarion::pubsub
