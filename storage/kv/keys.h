// Keys: how the tables' keys are made and read back (docs/formats.md has worked bytes).
//
// Numbers are big-endian, so that byte order is numeric order. Text of a peer's making may be
// longer than a key: text() keeps it as it is up to a limit, and beyond it as a prefix and a hash;
// the value then has the full text. A Key is a plain value on the stack; nothing is allocated.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "storage/deadlines.h"
#include "storage/ids.h"
#include "storage/kv/engine.h"

namespace clarion::storage {

class Key {
public:
    Key& u8(std::uint8_t number);
    Key& u32(std::uint32_t number);
    Key& u64(std::uint64_t number);
    Key& bytes(std::string_view text);
    /// At most max + 1 bytes: the text itself, or if longer than `max`, its beginning and the first
    /// 16 bytes of its SHA-256 in hexadecimal, max + 1 in all, so that no short text equals it.
    Key& text(std::string_view text, std::size_t max);

    std::string_view view() const { return {data_.data(), size_}; }
    operator std::string_view() const { return view(); }

private:
    std::array<char, max_key_size> data_;
    std::size_t size_ = 0;
};

/// Kinds of entry in Table::accounts, in the order of one account's entries. Stored: never
/// renumber. Accounts::load() reads those below `deadline`.
enum class AccountEntry : std::uint8_t {
    record = 1,
    roster_version = 2,
    archive_preferences = 3,
    roster_item = 4,
    push_registration = 5,
    hibernating_session = 6,
    blocked = 7,
    deadline = 128,
    archive_step = 129,
};

/// The keys from `from` up to but without `to`.
struct KeyRange {
    Key from, to;
};

/// names: so that one domain's accounts lie together, in order of localpart. `bare_jid` may be a
/// domain.
Key name_key(std::string_view bare_jid);
/// All names of a domain; of all domains if it is empty.
KeyRange name_range(std::string_view domain);

/// accounts
Key account_key(AccountId account, AccountEntry kind);
Key roster_item_key(AccountId account, std::string_view jid);
Key push_registration_key(AccountId account, std::uint64_t seq);
Key hibernating_session_key(AccountId account, std::uint64_t session);
Key blocked_key(AccountId account, std::string_view jid);
KeyRange blocked_range(AccountId account);
Key account_deadline_key(const Deadline& deadline);
KeyRange account_deadline_range(AccountId account);
/// `first`: the first entry after the step.
Key archive_step_key(AccountId account, ArchiveId first);
KeyRange archive_step_range(AccountId account);

/// archive, offline, live, and the log's own
Key account_number_key(AccountId account, std::uint64_t number);
Key archive_key(AccountId account, ArchiveId id);
Key log_key(LogId id);

/// queues
Key queued_key(AccountId account, std::uint64_t session, std::uint32_t seq);
KeyRange queue_range(AccountId account, std::uint64_t session);

/// Everything of one account in a table whose keys begin with the account.
KeyRange account_range(AccountId account);

/// deadlines
Key deadline_key(const Deadline& deadline);
/// All that is due at or before `until`.
KeyRange deadline_range(LastingTime until);

/// spool
Key spool_key(std::string_view domain, std::uint64_t seq);
KeyRange spool_range(std::string_view domain);

/// Reads the number at `offset` of a key that one of the above made. EngineFailure if the key is
/// too short: then the file is damaged.
std::uint64_t key_u64(std::string_view key, std::size_t offset);
std::uint32_t key_u32(std::string_view key, std::size_t offset);
std::uint8_t key_u8(std::string_view key, std::size_t offset);
Deadline key_deadline(std::string_view key);

/// First eight bytes of the SHA-256 of a JID: how the archive index knows the other party.
std::uint64_t jid_hash(std::string_view jid);

}  // namespace clarion::storage
