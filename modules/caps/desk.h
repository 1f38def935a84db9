// Desk: where the shards learn what a hash stands for, so that of all clients of a domain that say
// it one is asked.
//
// At the home of caps@DOMAIN; other shards find it by events::CapsDeskSought there. What is on disk
// is told at once. Otherwise who came first is told to ask a client, and the others wait for what
// comes of it: the text, or their turn to ask theirs.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "base/task.h"
#include "modules/caps/stored_caps.h"
#include "server/core/context.h"
#include "server/core/events/partition_events.h"
#include "server/core/setup/module.h"
#include "server/runtime/unique_function.h"

namespace clarion::caps {

class Desk {
public:
    explicit Desk(core::ModuleSetup& setup) : context_(setup.context()), stored_(setup) {}

    /// The text, or nullopt: ask a client, and tell the desk what came of it. Called on the shard
    /// that asked.
    using Reply = UniqueFunction<void(std::optional<std::string> text)>;

    /// `shard`: the number of that which asks.
    void look_up(const std::string& host, const std::string& key, unsigned shard, Reply reply);
    /// What came of asking; nullopt: nothing that has the hash.
    void answered(const std::string& host, const std::string& key, std::optional<std::string> text);

    /// Whoever waits here for a domain that leaves is to ask for itself.
    void on_released(const events::PartitionsReleased& event) { drop(event.partitions); }
    void on_lost(const events::PartitionsLost& event) { drop(event.partitions); }

private:
    struct Waiting {
        unsigned shard;
        Reply reply;
    };
    using Id = std::pair<std::string, std::string>;  // host and key
    using Cases = std::map<Id, std::deque<Waiting>>;

    Task<> read(Id id);
    Task<> store(Id id);
    void tell(Waiting waiting, std::optional<std::string> text);
    void tell_all(Cases::iterator found, const std::optional<std::string>& text);
    /// The first that waits is told to ask; nobody waits: the case is closed.
    void give_turn(Cases::iterator found);
    void drop(const PartitionSet& partitions);

    core::Context& context_;
    StoredCaps stored_;
    Cases cases_;
    std::map<Id, std::string> being_stored_;  // who looks them up now would not find them on disk
};

}  // namespace clarion::caps
