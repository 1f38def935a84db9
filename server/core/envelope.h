// Envelope: a stanza on its way through the server, with what must travel along.
#pragma once

#include <memory>

#include "base/clock.h"
#include "proto/stanza.h"
#include "server/runtime/ticket.h"
#include "storage/ids.h"

namespace clarion::core {

/// Moved from step to step, across shards too. `stanza` may be shared: change it through editable()
/// only.
struct Envelope {
    StanzaPtr stanza;
    Ticket ticket;
    /// Where the log keeps it, once somebody archived it (the sender, usually).
    storage::LogId log_id = storage::LogId::none;
    /// The id it has in the archive of the account it is being delivered to; none: not archived
    /// there.
    storage::ArchiveId archive_id = storage::ArchiveId::none;
    /// Its place in the order in which messages reached the account: its number if it has to be
    /// stored among the offline messages, now or after days in a queue. 0: not a message for one.
    std::uint64_t offline_seq = 0;
    /// A copy is there already, until a session acknowledges it.
    bool spooled = false;
    /// When this server saw it.
    WallTime received{};
    /// A copy made for one resource (a carbon, a message of an archive page, which has its id there
    /// as archive_id): never archived, copied or stored offline again.
    bool is_copy = false;
    /// It was held back while its client was inactive (CSI), and not important enough to wake it:
    /// nobody is notified of it.
    bool held_back = false;
    /// An error this server made itself because a domain cannot be reached or its component is not
    /// attached; what a peer relays never has it.
    bool local_bounce = false;

    Stanza& edit() {
        auto own = editable(std::move(stanza));
        Stanza& result = *own;
        stanza = std::move(own);
        return result;
    }
};

}  // namespace clarion::core
