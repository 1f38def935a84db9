// Internals: the parts of one shard that only core itself reaches (Context::internals()).
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "proto/partition.h"

namespace clarion::core {

class ActorTable;
class ArchiveCipher;
class Core;
class Delivery;
class Homes;
class IqTable;
class NextDeadline;
class OwnerMaker;
class PartitionScopes;
class PendingLogins;
class SessionOutlet;
class WriterRoom;
struct StreamHandlerEntry;

struct Internals {
    SessionOutlet& outlet;
    Delivery& delivery;
    IqTable& iqs;
    const std::vector<StreamHandlerEntry>& stream_handlers;
    PendingLogins& pending_logins;
    WriterRoom& writer_room;
    NextDeadline& next_deadline;
    OwnerMaker& owner_maker;
    PartitionScopes& scopes;
    /// All directories of actors on this shard: that of accounts and those of services.
    std::vector<ActorTable*>& directories;
    /// Modules that bound their resident data themselves.
    const std::vector<std::string_view>& bounded_modules;
    const ArchiveCipher& archive_cipher;
    /// Those whose sessions that were live when their last home died may come back yet ([smacks]
    /// unavailable_grace).
    PartitionSet& awaiting_lost_sessions;
    /// Those of all shards.
    const std::vector<std::unique_ptr<Core>>& cores;
    /// For who moves partitions.
    Homes& homes;
};

}  // namespace clarion::core
