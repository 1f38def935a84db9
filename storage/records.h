// Records: the values that are stored, as bytes (docs/formats.md has the layouts and worked bytes).
//
// Every value begins with one byte, the version of its format. What the key already says (account,
// seq, session) is not repeated in the value, except text that the key may have only as a hash.
// Decoding never reads beyond its input: a value that is too short, too long, of an unknown version
// or with an impossible enumerator is an Error "bad-record". Pure functions; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "storage/accounts.h"
#include "storage/archive.h"
#include "storage/offline_messages.h"
#include "storage/pending_publishes.h"
#include "storage/rosters.h"
#include "storage/sessions.h"
#include "storage/spool.h"

namespace clarion::storage {

/// Table::names.
struct NameRecord {
    OwnerId id = OwnerId::none;
    std::string address;  // in full; the key may be a hash
};

/// Table::archive.
struct ArchiveIndexRecord {
    LogId log_id = LogId::none;
    WallTime time{};
    std::uint64_t with_bare = 0;   // jid_hash of the other party
    std::uint64_t with_full = 0;   // 0: no full JID was known
    std::uint32_t message_id = 0;  // message_id_hash of the stanza's own id; 0: it has none
    std::uint32_t origin_id = 0;   // of its <origin-id/>
    /// Entries of this archive up to this one, since its beginning. Only the oldest are ever
    /// removed, so numbers have no holes, and how many lie between two is a subtraction.
    std::uint64_t ordinal = 0;
    /// The same of the bytes of their stanzas. The writer fills in both (OpCode::put_numbered): it
    /// is given the bytes of this one alone.
    std::uint64_t bytes = 0;
};

/// In an archive, between two entries: the clock was set back.
struct ArchiveStep {
    WallTime from{};  // the time of the entry before, the latest since the step before
    WallTime to{};    // the time of the entry after, the earliest until the next step
};

/// Table::log, without copying the stanza.
struct LogRecord {
    WallTime time{};
    std::string_view xml;
};

/// Table::spool.
struct SpoolRecord {
    std::string domain;  // in full; the key may be a hash
    SpooledStanza stanza;
};

std::string encode(const NameRecord& record);
std::string encode(const AccountRecord& record);
std::string encode(const RosterItem& item);
std::string encode(const ArchiveIndexRecord& record);
std::string encode(const ArchiveStep& step);
std::string encode(const ClockMark& mark);
std::string encode(const PendingPublish& pending);
std::string encode(const HibernatingSession& session);
std::string encode(const OnlineRecord& mark);
std::string encode(const DirectedPresence& directed);
std::string encode(const KeptStanza& stanza);
/// An actor's address.
std::string encode_address(std::string_view address);
std::string encode_number(std::uint64_t number);
/// A record that has nothing to say beyond its key.
std::string encode_empty();
/// What stands before the XML of a log or spool entry.
std::string encode_log_head(WallTime time);
std::string encode_spool_head(std::string_view domain, WallTime time);

Result<NameRecord> decode_name(std::string_view bytes);
/// `id` is in the key.
Result<AccountRecord> decode_account(OwnerId id, std::string_view bytes);
Result<RosterItem> decode_roster_item(std::string_view bytes);
Result<ArchiveIndexRecord> decode_archive_index(std::string_view bytes);
Result<ArchiveStep> decode_archive_step(std::string_view bytes);
Result<ClockMark> decode_clock_mark(std::string_view bytes);
/// Whether an archive index entry can be about the party with this hash: a look at a few bytes, for
/// who searches a whole archive. True also for what does not decode, so that decoding tells.
bool may_be_with(std::string_view bytes, std::uint64_t hash, bool full);
/// `seq`, the registration, is in the key.
Result<PendingPublish> decode_pending_publish(std::uint64_t seq, std::string_view bytes);
Result<HibernatingSession> decode_hibernating_session(std::uint64_t session,
                                                      std::string_view bytes);
Result<OnlineRecord> decode_online_record(std::uint64_t session, std::string_view bytes);
Result<DirectedPresence> decode_directed_presence(std::string_view bytes);
Result<KeptStanza> decode_kept_stanza(std::string_view bytes);
Result<std::string> decode_address(std::string_view bytes);
Result<std::uint64_t> decode_number(std::string_view bytes);
Result<LogRecord> decode_log(std::string_view bytes);
Result<SpoolRecord> decode_spool(std::uint64_t seq, std::string_view bytes);

}  // namespace clarion::storage
