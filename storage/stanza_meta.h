// StanzaMeta: what the server knows of a stanza beside what it says: where it is kept, and how it
// came.
//
// One struct for every place that holds a stanza: on its way (core/routing/envelope.h), sent and
// not acknowledged (core/accounts/unacked_stanza.h), kept in storage (KeptStanza), notified of
// (modules/push).
#pragma once

#include <cstdint>

#include "base/clock.h"
#include "storage/ids.h"

namespace clarion::storage {

struct StanzaMeta {
    /// Where the log keeps it, once somebody archived it (the sender, usually).
    LogId log_id = LogId::none;
    /// The id it has in the archive of the account it is being delivered to; none: not archived
    /// there.
    ArchiveId archive_id = ArchiveId::none;
    /// Its place in the order in which messages reached the account: its number if it has to be
    /// stored among the offline messages, now or after days in a queue. 0: not a message for one.
    std::uint64_t offline_seq = 0;
    /// When this server saw it: what <delay/> says (XEP-0203).
    WallTime received{};
    /// A copy is among the offline messages, until a session acknowledges it. Not stored.
    bool spooled = false;
    /// A copy made for one resource (a carbon, a message of an archive page, which has its id there
    /// as archive_id): never archived, copied or stored offline again. Not stored.
    bool is_copy = false;
    /// It was held back while its client was inactive (XEP-0352), and not important enough to wake
    /// it: nobody is notified of it.
    bool held_back = false;

    bool archived() const { return archive_id != ArchiveId::none; }
    bool logged() const { return log_id != LogId::none; }
    /// The account's own archive refers to it, so that an earlier batch of the account, or this
    /// one, brought it into the log: who refers to it too need not bring it again.
    bool in_archive() const { return logged() && archived(); }
};

}  // namespace clarion::storage
