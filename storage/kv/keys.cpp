#include "storage/kv/keys.h"

#include <cassert>
#include <cstring>

#include "proto/crypto.h"

namespace clarion::storage {
namespace {

// What keeps the longest key (8 bytes of account, kind, text) far below max_key_size. Stored.
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

std::uint64_t number(AccountId account) { return static_cast<std::uint64_t>(account); }

/// All entries of a kind.
KeyRange kind_range(AccountId account, AccountEntry kind) {
    const AccountEntry next{static_cast<std::uint8_t>(static_cast<std::uint8_t>(kind) + 1)};
    return {account_key(account, kind), account_key(account, next)};
}

}  // namespace

Key& Key::u8(std::uint8_t number) {
    const char byte = static_cast<char>(number);
    return bytes({&byte, 1});
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

Key name_key(std::string_view bare_jid) {
    const auto at = bare_jid.find('@');
    if (at == std::string_view::npos) return Key().text(bare_jid, max_domain).u8(0);
    return Key()
        .text(bare_jid.substr(at + 1), max_domain)
        .u8(0)
        .text(bare_jid.substr(0, at), max_local);
}

KeyRange name_range(std::string_view domain) {
    if (domain.empty()) return {Key(), Key().u8(0xff)};  // no UTF-8 begins with ff
    return {Key().text(domain, max_domain).u8(0), Key().text(domain, max_domain).u8(1)};
}

Key account_key(AccountId account, AccountEntry kind) {
    return Key().u64(number(account)).u8(static_cast<std::uint8_t>(kind));
}

Key roster_item_key(AccountId account, std::string_view jid) {
    return account_key(account, AccountEntry::roster_item).text(jid, max_jid);
}

Key push_registration_key(AccountId account, std::uint64_t seq) {
    return account_key(account, AccountEntry::push_registration).u64(seq);
}

Key hibernating_session_key(AccountId account, std::uint64_t session) {
    return account_key(account, AccountEntry::hibernating_session).u64(session);
}

Key blocked_key(AccountId account, std::string_view jid) {
    return account_key(account, AccountEntry::blocked).text(jid, max_jid);
}

KeyRange blocked_range(AccountId account) { return kind_range(account, AccountEntry::blocked); }

Key account_deadline_key(const Deadline& deadline) {
    return account_key(deadline.account, AccountEntry::deadline).bytes(deadline_key(deadline));
}

KeyRange account_deadline_range(AccountId account) {
    return kind_range(account, AccountEntry::deadline);
}

Key archive_step_key(AccountId account, ArchiveId first) {
    return account_key(account, AccountEntry::archive_step).u64(static_cast<std::uint64_t>(first));
}

KeyRange archive_step_range(AccountId account) {
    return kind_range(account, AccountEntry::archive_step);
}

Key account_number_key(AccountId account, std::uint64_t number_of_entry) {
    return Key().u64(number(account)).u64(number_of_entry);
}

Key archive_key(AccountId account, ArchiveId id) {
    return account_number_key(account, static_cast<std::uint64_t>(id));
}

Key log_key(LogId id) { return Key().u64(static_cast<std::uint64_t>(id)); }

Key queued_key(AccountId account, std::uint64_t session, std::uint32_t seq) {
    return account_number_key(account, session).u32(seq);
}

KeyRange queue_range(AccountId account, std::uint64_t session) {
    return {account_number_key(account, session), account_number_key(account, session + 1)};
}

KeyRange account_range(AccountId account) {
    return {Key().u64(number(account)), Key().u64(number(account) + 1)};
}

Key deadline_key(const Deadline& deadline) {
    return Key()
        .u64(sortable(deadline.at))
        .u8(static_cast<std::uint8_t>(deadline.kind))
        .u64(number(deadline.account))
        .u64(deadline.subject);
}

KeyRange deadline_range(LastingTime until) {
    const std::uint64_t last = sortable(until);
    return {Key(), last == UINT64_MAX ? Key().u64(last).u8(0xff) : Key().u64(last + 1)};
}

Key spool_key(std::string_view domain, std::uint64_t seq) {
    return Key().text(domain, max_domain).u8(0).u64(seq);
}

KeyRange spool_range(std::string_view domain) {
    return {Key().text(domain, max_domain).u8(0), Key().text(domain, max_domain).u8(1)};
}

std::uint64_t key_u64(std::string_view key, std::size_t offset) {
    return read_big_endian<std::uint64_t>(key, offset);
}

std::uint32_t key_u32(std::string_view key, std::size_t offset) {
    return read_big_endian<std::uint32_t>(key, offset);
}

std::uint8_t key_u8(std::string_view key, std::size_t offset) {
    return read_big_endian<std::uint8_t>(key, offset);
}

Deadline key_deadline(std::string_view key) {
    const auto ticks = static_cast<std::int64_t>(key_u64(key, 0) ^ sign_bit);
    return {.at = LastingTime(std::chrono::microseconds(ticks)),
            .account = AccountId{key_u64(key, 9)},
            .kind = static_cast<DeadlineKind>(key_u8(key, 8)),
            .subject = key_u64(key, 17)};
}

std::uint64_t jid_hash(std::string_view jid) { return key_u64(crypto::sha256(jid), 0); }

}  // namespace clarion::storage
