// Roster: an account's contacts in memory, and the questions the stanza path asks of them.
//
// Owned by its Account. Changes go through put() and remove(), which also write them to the shard's
// batch; pushing them to clients and answering roster IQs is modules/roster.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "proto/jid.h"
#include "storage/rosters.h"

namespace clarion::core {

using storage::RosterItem;
using storage::Subscription;

class Shard;

class Roster {
public:
    void load(std::vector<RosterItem> items, std::uint64_t version);

    const std::vector<RosterItem>& items() const { return items_; }  // ordered by jid
    /// REQUIRES: `key` came from key_of(), or is a bare JID.
    const RosterItem* find(std::string_view key) const;
    /// The address under which a contact is, or would be, in the roster: its bare JID. A resource
    /// of a domain ("gateway.example.org/registered", as gateways have it) is a contact of its own,
    /// unless the domain is one and that is not. A view into `contact`.
    std::string_view key_of(const Jid& contact) const;
    std::uint64_t version() const { return version_; }
    /// What its items say to clients: addresses, names and groups, in bytes.
    std::size_t bytes() const { return bytes_; }
    static std::size_t bytes_of(const RosterItem& item);

    /// Whether this contact may see our presence (subscription from or both).
    bool shares_presence_with(std::string_view bare_jid) const;

    /// Creates or replaces an item; writes it to the batch and raises the version.
    const RosterItem& put(Shard& shard, storage::AccountId account, RosterItem item);
    void remove(Shard& shard, storage::AccountId account, std::string_view bare_jid);

private:
    std::vector<RosterItem> items_;
    std::uint64_t version_ = 0;
    std::size_t bytes_ = 0;
};

}  // namespace clarion::core
