// Rosters: contacts and subscription states (RFC 6121, sections 2 and 3).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "storage/batch.h"

namespace clarion::storage {

/// Stored: never renumber.
enum class Subscription : std::uint8_t { none = 0, to = 1, from = 2, both = 3 };

struct RosterItem {
    std::string jid;  // bare, prepared
    std::string name;
    std::vector<std::string> groups;
    Subscription subscription = Subscription::none;
    bool ask_subscribe = false;  // pending out (RFC 6121 A.1)
    bool approved = false;       // pre-approved (RFC 6121 3.4)
    /// Pending in: the subscribe stanza as it came, delivered at each login until answered; empty:
    /// none.
    std::string pending_in;
    /// False: exists only for pending_in or pre-approval and is not shown in the roster.
    bool listed = true;
};

class Rosters {
public:
    virtual ~Rosters() = default;
    /// Creates or replaces one item and sets the roster's version.
    virtual void put(Batch& batch, AccountId account, const RosterItem& item,
                     std::uint64_t version) = 0;
    virtual void remove(Batch& batch, AccountId account, std::string_view jid,
                        std::uint64_t version) = 0;
};

}  // namespace clarion::storage
