#include "storage/kv/describe_key.h"

#include <algorithm>
#include <stdexcept>

#include "base/text.h"
#include "storage/kv/keys.h"

namespace clarion::storage {
namespace {

std::string hexadecimal(std::string_view bytes) {
    constexpr char digits[] = "0123456789abcdef";
    std::string text = "key ";
    for (const char byte : bytes) {
        text += digits[static_cast<unsigned char>(byte) >> 4];
        text += digits[static_cast<unsigned char>(byte) & 15];
    }
    return text;
}

std::string quoted(std::string_view text) {
    std::string result = "\"";
    for (const char c : text) {
        if (c == '\0')
            result += ' ';
        else
            result += static_cast<unsigned char>(c) < ' ' ? '?' : c;
    }
    return result + '"';
}

std::string number(std::string_view name, std::string_view key, std::size_t offset) {
    return std::string(name) + ' ' + std::to_string(key_u64(key, offset));
}

std::string describe_deadline(std::string_view key) {
    const Deadline deadline = key_deadline(key);
    return "at " + format_datetime(WallTime(deadline.at.time_since_epoch())) + ", account " +
           std::to_string(static_cast<std::uint64_t>(deadline.account)) + ", session " +
           std::to_string(deadline.subject);
}

std::string describe_account_entry(std::string_view key) {
    const std::string account = number("account", key, 0);
    const std::string_view rest = key.substr(9);
    switch (static_cast<AccountEntry>(key_u8(key, 8))) {
        case AccountEntry::record: return account;
        case AccountEntry::roster_version: return account + ", version of the roster";
        case AccountEntry::archive_preferences: return account + ", archive preferences";
        case AccountEntry::roster_item: return account + ", roster item " + quoted(rest);
        case AccountEntry::push_registration:
            return account + number(", push registration", key, 9);
        case AccountEntry::hibernating_session:
            return account + number(", sleeping session", key, 9);
        case AccountEntry::blocked: return account + ", blocked " + quoted(rest);
        case AccountEntry::archive_step:
            return account + number(", step of the archive's clock at id", key, 9);
        case AccountEntry::deadline: return account + ", deadline " + describe_deadline(rest);
    }
    return account + ", " + hexadecimal(key.substr(8));
}

std::string describe(Table table, std::string_view key) {
    switch (table) {
        case Table::meta:
        case Table::names: return quoted(key);
        case Table::accounts: return describe_account_entry(key);
        case Table::archive: return number("account", key, 0) + number(", archive id", key, 8);
        case Table::offline: return number("account", key, 0) + number(", message", key, 8);
        case Table::live: return number("account", key, 0) + number(", session", key, 8);
        case Table::queues:
            return number("account", key, 0) + number(", session", key, 8) + ", stanza " +
                   std::to_string(key_u32(key, 16));
        case Table::deadlines: return describe_deadline(key);
        case Table::spool:
            return quoted(key.substr(0, key.size() - std::min<std::size_t>(key.size(), 9))) +
                   number(", stanza", key, key.size() - std::min<std::size_t>(key.size(), 8));
        case Table::pending_publishes:
            return number("account", key, 0) + number(", push registration", key, 8);
        case Table::deleting: return number("account", key, 0);
        case Table::log:
        case Table::unreferenced: return number("entry", key, 0);
    }
    return hexadecimal(key);
}

}  // namespace

std::string describe_key(Table table, std::string_view key) {
    try {
        return describe(table, key);
    } catch (const EngineFailure&) {  // it is too short
        return hexadecimal(key);
    } catch (const std::out_of_range&) {
        return hexadecimal(key);
    }
}

}  // namespace clarion::storage
