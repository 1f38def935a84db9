#include "storage/kv/keys.h"

#include <cassert>
#include <cstring>

#include "proto/crypto.h"
#include "proto/partition.h"

namespace clarion::storage {
namespace {

// What keeps the longest key (8 bytes of owner, kind, text) far below max_key_size. Stored.
constexpr std::size_t max_domain = 200;
constexpr std::size_t max_local = 255;
constexpr std::size_t max_jid = 400;

template <class Number>
Number read_big_endian(std::string_view key, std::size_t offset) {
    if (key.size() < offset + sizeof(Number)) {
        throw EngineFailure(fail("internal-server-error", "storage: a key is too short"));
    }
    Number number = 0;
    for (std::size_t i = 0; i < sizeof(Number); ++i) {
        number = static_cast<Number>(number << 8 | static_cast<unsigned char>(key[offset + i]));
    }
    return number;
}

// Times before 1970 sort first: the sign bit is inverted.
constexpr std::uint64_t sign_bit = std::uint64_t{1} << 63;

std::uint64_t sortable(LastingTime time) {
    return static_cast<std::uint64_t>(time.time_since_epoch().count()) ^ sign_bit;
}

std::uint64_t number(OwnerId owner) { return static_cast<std::uint64_t>(owner); }

/// All entries of a kind.
KeyRange kind_range(OwnerId owner, OwnerEntry kind) {
    const OwnerEntry next{static_cast<std::uint8_t>(static_cast<std::uint8_t>(kind) + 1)};
    return {owner_key(owner, kind), owner_key(owner, next)};
}

}  // namespace

Key& Key::u8(std::uint8_t number) {
    const char byte = static_cast<char>(number);
    return bytes({&byte, 1});
}

Key& Key::u16(std::uint16_t number) {
    return u8(static_cast<std::uint8_t>(number >> 8)).u8(static_cast<std::uint8_t>(number));
}

Key& Key::u32(std::uint32_t number) {
    char out[4];
    for (int i = 3; i >= 0; --i, number >>= 8) out[i] = static_cast<char>(number & 0xff);
    return bytes({out, sizeof out});
}

Key& Key::u64(std::uint64_t number) {
    return u32(static_cast<std::uint32_t>(number >> 32)).u32(static_cast<std::uint32_t>(number));
}

Key& Key::bytes(std::string_view text) {
    assert(size_ + text.size() <= data_.size());
    std::memcpy(data_.data() + size_, text.data(), text.size());
    size_ += text.size();
    return *this;
}

Key& Key::text(std::string_view text, std::size_t max) {
    if (text.size() <= max) return bytes(text);
    constexpr char digits[] = "0123456789abcdef";
    const std::string hash = crypto::sha256(text);
    char hex[32];
    for (std::size_t i = 0; i < 16; ++i) {
        const auto byte = static_cast<unsigned char>(hash[i]);
        hex[2 * i] = digits[byte >> 4];
        hex[2 * i + 1] = digits[byte & 15];
    }
    return bytes(text.substr(0, max + 1 - sizeof hex)).bytes({hex, sizeof hex});
}

Key name_key(OwnerKind kind, std::string_view address) {
    const auto at = address.find('@');
    Key key = Key().u8(static_cast<std::uint8_t>(kind));
    if (at == std::string_view::npos) return key.text(address, max_domain).u8(0);
    return key.text(address.substr(at + 1), max_domain)
        .u8(0)
        .text(address.substr(0, at), max_local);
}

KeyRange name_range(OwnerKind kind, std::string_view domain) {
    const auto number = static_cast<std::uint8_t>(kind);
    if (domain.empty()) return {Key().u8(number), Key().u8(static_cast<std::uint8_t>(number + 1))};
    const Key all = Key().u8(number).text(domain, max_domain);
    return {Key(all).u8(0), Key(all).u8(1)};
}

Key owner_key(OwnerId owner, OwnerEntry kind) {
    return Key().u64(number(owner)).u8(static_cast<std::uint8_t>(kind));
}

Key roster_item_key(OwnerId owner, std::string_view jid) {
    return owner_key(owner, OwnerEntry::roster_item).text(jid, max_jid);
}

Key hibernating_session_key(OwnerId owner, std::uint64_t session) {
    return owner_key(owner, OwnerEntry::hibernating_session).u64(session);
}

Key directed_key(OwnerId owner, std::uint64_t session, std::string_view address) {
    return Key(directed_range(owner, session).from).text(address, max_jid);
}

KeyRange directed_range(OwnerId owner, std::uint64_t session) {
    const Key all = owner_key(owner, OwnerEntry::directed_presence);
    return {Key(all).u64(session), Key(all).u64(session + 1)};
}

Key owner_deadline_key(const Deadline& deadline) {
    return owner_key(deadline.account, OwnerEntry::deadline).bytes(deadline_key(deadline));
}

KeyRange owner_deadline_range(OwnerId owner) { return kind_range(owner, OwnerEntry::deadline); }

Key archive_step_key(OwnerId owner, ArchiveId first) {
    return owner_key(owner, OwnerEntry::archive_step).u64(static_cast<std::uint64_t>(first));
}

KeyRange archive_step_range(OwnerId owner) { return kind_range(owner, OwnerEntry::archive_step); }

Key module_data_key(const DataSpace& space, std::string_view key) {
    assert(space.module.size() <= max_module_name && key.size() <= max_data_key);
    return Key(module_data_range(space).from).bytes(key);
}

KeyRange module_data_range(const DataSpace& space) {
    const Key begin = space.kind == DataKind::resident
                          ? owner_key(space.owner, OwnerEntry::module_data)
                          : Key().u64(number(space.owner));
    const Key module = Key(begin).bytes(space.module);
    return {Key(module).u8(0), Key(module).u8(1)};
}

Key data_usage_key(const DataSpace& space) { return module_data_range(space).to; }

Key data_usage_key_of(std::string_view key) {
    return Key().bytes(key.substr(0, data_key_offset(key) - 1)).u8(1);
}

std::size_t data_key_offset(std::string_view key) {
    const std::size_t zero = key.find('\0', sizeof(std::uint64_t));
    if (zero == std::string_view::npos)
        throw EngineFailure(fail("internal-server-error", "storage: a key is no module's"));
    return zero + 1;
}

Key owner_number_key(OwnerId owner, std::uint64_t number_of_entry) {
    return Key().u64(number(owner)).u64(number_of_entry);
}

Key archive_key(OwnerId owner, ArchiveId id) {
    return owner_number_key(owner, static_cast<std::uint64_t>(id));
}

Key log_key(LogId id) { return Key().u64(static_cast<std::uint64_t>(id)); }

Key queued_key(OwnerId owner, std::uint64_t session, std::uint32_t seq) {
    return owner_number_key(owner, session).u32(seq);
}

KeyRange queue_range(OwnerId owner, std::uint64_t session) {
    return {owner_number_key(owner, session), owner_number_key(owner, session + 1)};
}

KeyRange owner_range(OwnerId owner) {
    return {Key().u64(number(owner)), Key().u64(number(owner) + 1)};
}

Key partition_key(Partition partition) { return Key().u16(static_cast<std::uint16_t>(partition)); }

Partition key_partition(std::string_view key) {
    const std::uint16_t number = key_u16(key, 0);
    if (number < partition_count) return Partition{number};
    throw EngineFailure(fail("internal-server-error", "storage: a key has no partition"));
}

Key partitioned_key(OwnerId owner, std::uint64_t number_of_entry) {
    return partition_key(partition_of(owner)).u64(number(owner)).u64(number_of_entry);
}

KeyRange partitioned_range(OwnerId owner) {
    const Key partition = partition_key(partition_of(owner));
    return {Key(partition).u64(number(owner)), Key(partition).u64(number(owner) + 1)};
}

Key deadline_time_key(Partition partition, LastingTime time) {
    return partition_key(partition).u64(sortable(time));
}

Key deadline_key(const Deadline& deadline) {
    return deadline_time_key(partition_of(deadline.account), deadline.at)
        .u8(static_cast<std::uint8_t>(deadline.kind))
        .u64(number(deadline.account))
        .u64(deadline.subject);
}

Key spool_key(std::string_view domain, std::uint64_t seq) {
    return Key(spool_range(domain).from).u64(seq);
}

KeyRange spool_range(std::string_view domain) {
    const Key all = partition_key(partition_of(domain)).text(domain, max_domain);
    return {Key(all).u8(0), Key(all).u8(1)};
}

std::uint64_t key_u64(std::string_view key, std::size_t offset) {
    return read_big_endian<std::uint64_t>(key, offset);
}

std::uint32_t key_u32(std::string_view key, std::size_t offset) {
    return read_big_endian<std::uint32_t>(key, offset);
}

std::uint16_t key_u16(std::string_view key, std::size_t offset) {
    return read_big_endian<std::uint16_t>(key, offset);
}

std::uint8_t key_u8(std::string_view key, std::size_t offset) {
    return read_big_endian<std::uint8_t>(key, offset);
}

Deadline key_deadline(std::string_view key) {
    const auto ticks = static_cast<std::int64_t>(key_u64(key, 2) ^ sign_bit);
    return {.at = LastingTime(std::chrono::microseconds(ticks)),
            .account = OwnerId{key_u64(key, 11)},
            .kind = static_cast<DeadlineKind>(key_u8(key, 10)),
            .subject = key_u64(key, 19)};
}

std::uint64_t jid_hash(std::string_view jid) { return key_u64(crypto::sha256(jid), 0); }

std::uint32_t message_id_hash(std::string_view id) {
    if (id.empty()) return 0;
    constexpr std::uint64_t key = 0x6d657373'61676573;  // any, but stored
    const auto hash = static_cast<std::uint32_t>(siphash(key, ~key, id));
    return hash == 0 ? 1 : hash;
}

}  // namespace clarion::storage
