#include "storage/kv/describe_key.h"

#include <algorithm>
#include <stdexcept>

#include "base/printable.h"
#include "base/text.h"
#include "storage/kv/keys.h"
#include "storage/kv/module_data_kv.h"

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

/// Keys are of peers' making. The zero byte between the parts of a name becomes a space.
std::string quoted(std::string_view text) {
    const std::string_view first = text.substr(0, text.find('\0'));
    std::string result = "\"";
    append_printable(result, first);
    if (first.size() < text.size()) {
        result += ' ';
        append_printable(result, text.substr(first.size() + 1));
    }
    return result + '"';
}

std::string number(std::string_view name, std::string_view key, std::size_t offset) {
    return std::string(name) + ' ' + std::to_string(key_u64(key, offset));
}

std::string describe_deadline(std::string_view key) {
    const Deadline deadline = key_deadline(key);
    return "at " + format_datetime(WallTime(deadline.at.time_since_epoch())) + ", owner " +
           std::to_string(static_cast<std::uint64_t>(deadline.account)) + ", session " +
           std::to_string(deadline.subject);
}

/// ", data of push, key 6b6579"
std::string describe_data(Table table, std::string_view key) {
    const auto name = read_data_key(table, key);
    if (!name) return ", " + hexadecimal(key.substr(8));
    return ", data of " + std::string(name->module) + ", " + hexadecimal(name->key);
}

std::string describe_owner_entry(std::string_view key) {
    const std::string owner = number("owner", key, 0);
    const std::string_view rest = key.substr(9);
    switch (static_cast<OwnerEntry>(key_u8(key, 8))) {
        case OwnerEntry::record: return owner;
        case OwnerEntry::roster_version: return owner + ", version of the roster";
        case OwnerEntry::roster_item: return owner + ", roster item " + quoted(rest);
        case OwnerEntry::hibernating_session:
            return owner + number(", hibernating session", key, 9);
        case OwnerEntry::directed_presence:
            return owner + number(", session", key, 9) + ", presence to " + quoted(key.substr(17));
        case OwnerEntry::actor: return owner + ", actor";
        case OwnerEntry::module_data: return owner + describe_data(Table::owners, key);
        case OwnerEntry::archive_step:
            return owner + number(", step of the archive's clock at id", key, 9);
        case OwnerEntry::deadline: return owner + ", deadline " + describe_deadline(rest);
    }
    return owner + ", " + hexadecimal(key.substr(8));
}

std::string describe(Table table, std::string_view key) {
    switch (table) {
        case Table::meta: return quoted(key);
        case Table::names: return quoted(key.substr(1));
        case Table::owners: return describe_owner_entry(key);
        case Table::archive: return number("owner", key, 0) + number(", archive id", key, 8);
        case Table::offline: return number("owner", key, 0) + number(", message", key, 8);
        case Table::online: return number("owner", key, 2) + number(", session", key, 10);
        case Table::queues:
            return number("owner", key, 0) + number(", session", key, 8) + ", stanza " +
                   std::to_string(key_u32(key, 16));
        case Table::deadlines: return describe_deadline(key);
        case Table::spool:
            return quoted(key.substr(2, key.size() - std::min<std::size_t>(key.size(), 11))) +
                   number(", stanza", key, key.size() - std::min<std::size_t>(key.size(), 8));
        case Table::pending_publishes:
            return number("owner", key, 2) + number(", push registration", key, 10);
        case Table::deleting: return number("owner", key, 0);
        case Table::module_data:
            return number("owner", key, 0) + describe_data(Table::module_data, key);
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
