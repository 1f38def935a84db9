// Keys: how the tables' keys are made and read back (docs/formats.md has worked bytes).
//
// Numbers are big-endian, so that byte order is numeric order. Text of a peer's making may be
// longer than a key: text() keeps it as it is up to a limit, and beyond it as a prefix and a hash;
// the value then has the full text. A Key is a plain value on the stack; nothing is allocated.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "storage/deadlines.h"
#include "storage/ids.h"
#include "storage/kv/engine.h"
#include "storage/module_data.h"
#include "storage/owners.h"

namespace clarion::storage {

class Key {
public:
    Key() = default;
    /// Copies what is there, not all there may be: a short key is made by copying several times.
    Key(const Key& other) : size_(other.size_) {
        std::memcpy(data_.data(), other.data_.data(), size_);
    }
    Key& operator=(const Key& other) {
        size_ = other.size_;
        std::memmove(data_.data(), other.data_.data(), size_);
        return *this;
    }
    ~Key() = default;

    Key& u8(std::uint8_t number);
    Key& u16(std::uint16_t number);
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

/// Kinds of entry in Table::owners, in the order of one owner's entries. Stored: never renumber.
/// 3, 5 and 7 were used in format 1. Loading an owner reads those below `deadline`.
enum class OwnerEntry : std::uint8_t {
    record = 1,
    roster_version = 2,
    roster_item = 4,
    hibernating_session = 6,
    actor = 8,
    module_data = 9,
    directed_presence = 10,
    deadline = 128,
    archive_step = 129,
};

/// The keys from `from` up to but without `to`.
struct KeyRange {
    Key from, to;
};

/// names: so that one domain's owners of a kind lie together, in order of localpart. `address` may
/// be a domain.
Key name_key(OwnerKind kind, std::string_view address);
/// All names at a domain; at all domains if it is empty.
KeyRange name_range(OwnerKind kind, std::string_view domain);

/// owners
Key owner_key(OwnerId owner, OwnerEntry kind);
Key roster_item_key(OwnerId owner, std::string_view jid);
Key hibernating_session_key(OwnerId owner, std::uint64_t session);
/// An address to which a session sent presence, and all of that session's.
Key directed_key(OwnerId owner, std::uint64_t session, std::string_view address);
KeyRange directed_range(OwnerId owner, std::uint64_t session);
Key owner_deadline_key(const Deadline& deadline);
KeyRange owner_deadline_range(OwnerId owner);
/// `first`: the first entry after the step.
Key archive_step_key(OwnerId owner, ArchiveId first);
KeyRange archive_step_range(OwnerId owner);

/// module_data, and OwnerEntry::module_data in owners: an entry, and all of a module's.
Key module_data_key(const DataSpace& space, std::string_view key);
KeyRange module_data_range(const DataSpace& space);
/// module_data: how much the module keeps there, behind its entries; of the space, or of the key of
/// one of its entries.
Key data_usage_key(const DataSpace& space);
Key data_usage_key_of(std::string_view key);
/// Where in the key of an entry of module_data the module's own key begins.
std::size_t data_key_offset(std::string_view key);

/// archive, offline, and the log's own
Key owner_number_key(OwnerId owner, std::uint64_t number);
Key archive_key(OwnerId owner, ArchiveId id);
Key log_key(LogId id);

/// queues
Key queued_key(OwnerId owner, std::uint64_t session, std::uint32_t seq);
KeyRange queue_range(OwnerId owner, std::uint64_t session);

/// Everything of one owner in a table whose keys begin with the owner.
KeyRange owner_range(OwnerId owner);

// Tables whose keys begin with a partition, so that all of a partition lies together.

Key partition_key(Partition partition);
/// The partition that a key begins with.
Partition key_partition(std::string_view key);

/// online, pending_publishes: an entry, and all of one owner.
Key partitioned_key(OwnerId owner, std::uint64_t number);
KeyRange partitioned_range(OwnerId owner);

/// deadlines
Key deadline_key(const Deadline& deadline);
/// What the keys of a partition begin with that are at that time.
Key deadline_time_key(Partition partition, LastingTime time);

/// spool
Key spool_key(std::string_view domain, std::uint64_t seq);
KeyRange spool_range(std::string_view domain);

/// Reads the number at `offset` of a key that one of the above made. EngineFailure if the key is
/// too short: then the file is damaged.
std::uint64_t key_u64(std::string_view key, std::size_t offset);
std::uint32_t key_u32(std::string_view key, std::size_t offset);
std::uint16_t key_u16(std::string_view key, std::size_t offset);
std::uint8_t key_u8(std::string_view key, std::size_t offset);
Deadline key_deadline(std::string_view key);

/// First eight bytes of the SHA-256 of a JID: how the archive index knows the other party.
std::uint64_t jid_hash(std::string_view jid);
/// How the archive index knows a message by its id: 0 if that is empty, and for nothing else.
std::uint32_t message_id_hash(std::string_view id);

}  // namespace clarion::storage
