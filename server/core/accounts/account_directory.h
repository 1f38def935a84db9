// AccountDirectory: the accounts of one shard (core/actors/directory.h), and which of those that
// are not loaded have hibernating sessions. Creating and changing accounts:
// core/accounts/account_registry.h.
#pragma once

#include <boost/unordered/unordered_flat_set.hpp>
#include <cstddef>
#include <string>
#include <string_view>

#include "proto/partition.h"
#include "server/core/accounts/account.h"
#include "server/core/actors/directory.h"

namespace clarion::core {

class AccountDirectory final : public Directory<Account> {
public:
    explicit AccountDirectory(Context& context) : Directory(context, "account") {}

    /// Accounts that are not loaded but have hibernating sessions, by a hash of their name:
    /// presence for them is worth a load. Until all of a partition have been read the answer is yes
    /// for everybody in it.
    void note_hibernating(std::string_view bare_jid);
    bool may_have_hibernating(std::string_view bare_jid) const;
    /// How many accounts, in memory or not, are known to have hibernating sessions or had them when
    /// they were last in memory; and whether this one is among them.
    std::size_t noted_hibernating() const { return hibernating_.size(); }
    bool has_noted(std::string_view bare_jid) const;
    void set_hibernating_known(const PartitionSet& partitions) {
        hibernating_known_.add(partitions);
    }
    /// They left this shard: others may have changed that.
    void forget_hibernating(const PartitionSet& partitions) {
        hibernating_known_.remove(partitions);
    }

private:
    Task<Result<std::unique_ptr<Actor>>> read(std::string bare_jid) override;
    bool may_evict(Actor& actor) override;
    /// Its sessions hibernate, if they may, or end.
    void drain(Actor& actor) override;
    bool drained(Actor& actor) override;
    void on_evict(Actor& actor) override;

    /// Hashes, in one piece of memory: 100,000 hibernating phones must not cost memory, and a node
    /// of its own for each would keep the page on which its account was.
    boost::unordered_flat_set<std::size_t> hibernating_;
    PartitionSet hibernating_known_;
};

}  // namespace clarion::core
