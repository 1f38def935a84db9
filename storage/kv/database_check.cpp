#include "storage/kv/database_check.h"

#include <utility>

#include "base/printable.h"
#include "proto/ns.h"
#include "proto/stanza.h"
#include "proto/xml.h"
#include "storage/kv/data_usage.h"
#include "storage/kv/describe_key.h"
#include "storage/kv/format.h"
#include "storage/kv/keys.h"
#include "storage/kv/module_data_kv.h"
#include "storage/records.h"

namespace clarion::storage {
namespace {

constexpr std::uint64_t progress_interval = std::uint64_t{1} << 20;
constexpr std::size_t deadline_size = 27;

/// Of a value that has nothing to say.
bool is_empty_record(std::string_view value) { return value == encode_empty(); }

Result<std::string> address_of(const Result<AccountRecord>& account) {
    if (!account) return account.error();
    return account->jid;
}

OwnerId owner_of(std::string_view key) { return OwnerId{key_u64(key, 0)}; }

}  // namespace

CheckReport DatabaseCheck::run(const CheckProgress& progress) {
    if (const auto format = snapshot_.get(Table::meta, format_key))
        report_.format = decode_number(*format).value_or(0);
    for (std::size_t i = 0; i < table_count; ++i) walk(static_cast<Table>(i), progress);
    return std::move(report_);
}

void DatabaseCheck::walk(Table table, const CheckProgress& progress) {
    table_ = table;
    key_.clear();
    std::uint64_t walked = 0;
    const std::uint64_t total = snapshot_.entries(table);
    const auto cursor = snapshot_.cursor(table);
    for (bool more = cursor->seek({}); more; more = cursor->next()) {
        const Entry entry = cursor->entry();
        if (walked > 0 && entry.key <= key_) {
            expect(false, "what follows it is not in order");
            break;  // a damaged page may lead anywhere, even back
        }
        key_ = entry.key;
        check(table, entry);
        if (++walked % progress_interval == 0) progress(table_name(table), walked, total);
    }
    if (walked > 0) expect(walked == total, "the table counts more, or fewer, entries than it has");
    report_.entries.emplace_back(table_name(table), walked);
    report_.total += walked;
}

bool DatabaseCheck::expect(bool holds, std::string_view problem) {
    if (holds) return true;
    if (++report_.problems > described_problems) return false;
    std::string& told = report_.first.emplace_back(table_name(table_));
    told += ": " + describe_key(table_, key_) + ": ";
    append_printable(told, problem);  // it may say what a stanza has
    return false;
}

bool DatabaseCheck::expect_size(const Entry& entry, std::size_t size) {
    return expect(entry.key.size() == size, "the key has a wrong length");
}

template <class Record>
bool DatabaseCheck::expect_record(const Result<Record>& record) {
    return expect(record.ok(), record ? std::string() : record.error().text);
}

bool DatabaseCheck::has(Table table, std::string_view key) {
    return snapshot_.get(table, key).has_value();
}

void DatabaseCheck::expect_log(LogId id) {
    if (id != LogId::none) expect(has(Table::log, log_key(id)), "the log does not have its stanza");
}

/// As it is read when it is delivered.
void DatabaseCheck::expect_stanza(std::string_view xml) {
    const auto stanza = Stanza::from_stored(xml::parse_element(xml, ns::client));
    expect(stanza.ok(), stanza ? std::string() : "its stanza: " + stanza.error().text);
}

bool DatabaseCheck::is_owner(OwnerId id) {
    return has(Table::owners, owner_key(id, OwnerEntry::record)) ||
           has(Table::owners, owner_key(id, OwnerEntry::actor));
}

void DatabaseCheck::expect_owner(OwnerId id) {
    if (id != known_ && expect(is_owner(id), "there is no such owner")) known_ = id;
}

void DatabaseCheck::check(Table table, const Entry& entry) {
    try {
        switch (table) {
            case Table::meta: return check_meta(entry);
            case Table::names: return check_name(entry);
            case Table::owners: return check_owner_entry(entry);
            case Table::archive: return check_archive(entry);
            case Table::log: return check_log(entry);
            case Table::offline:
                if (expect_size(entry, 16)) check_kept(entry);
                return;
            case Table::queues: return check_queued(entry);
            case Table::online: return check_online(entry);
            case Table::deadlines: return check_deadline(entry);
            case Table::spool: return check_spool(entry);
            case Table::deleting: return check_deleting(entry);
            case Table::unreferenced:
                if (expect_size(entry, 8))
                    expect(is_empty_record(entry.value), "the record is not empty");
                return;
            case Table::pending_publishes: return check_pending_publish(entry);
            case Table::module_data: return check_module_data(entry);
        }
    } catch (const EngineFailure& failure) {
        expect(false, failure.error().text);
    }
}

void DatabaseCheck::check_meta(const Entry& entry) {
    if (entry.key == format_key || entry.key == run_key)
        expect_record(decode_number(entry.value));
    else if (entry.key == clock_key)
        expect_record(decode_clock_mark(entry.value));
    else
        expect(entry.key.starts_with("secret/") && !entry.value.empty(), "nobody knows it");
}

void DatabaseCheck::check_name(const Entry& entry) {
    const auto name = decode_name(entry.value);
    if (!expect_record(name)) return;
    const auto kind = static_cast<OwnerKind>(key_u8(entry.key, 0));
    if (!expect(kind == OwnerKind::account || kind == OwnerKind::actor, "nobody knows its kind"))
        return;
    expect(entry.key == name_key(kind, name->address).view(),
           "the name is another than the key says");
    expect(partition_of(name->id) == partition_of(name->address), "its id is of another partition");
    const bool is_account = kind == OwnerKind::account;
    const Key key = owner_key(name->id, is_account ? OwnerEntry::record : OwnerEntry::actor);
    const auto stored = snapshot_.get(Table::owners, key);
    if (!expect(stored.has_value(), "its owner is missing")) return;
    const auto address =
        is_account ? address_of(decode_account(name->id, *stored)) : decode_address(*stored);
    expect(address && *address == name->address, "its owner has another name");
}

void DatabaseCheck::check_owner_entry(const Entry& entry) {
    const OwnerId id = owner_of(entry.key);
    const auto& [key, value] = entry;
    const auto kind = static_cast<OwnerEntry>(key_u8(key, 8));
    if (kind != OwnerEntry::record && kind != OwnerEntry::actor) expect_owner(id);
    switch (kind) {
        case OwnerEntry::record: return check_account(id, entry);
        case OwnerEntry::roster_version: return void(expect_record(decode_number(value)));
        case OwnerEntry::roster_item: {
            const auto item = decode_roster_item(value);
            if (!expect_record(item)) return;
            expect(key == roster_item_key(id, item->jid).view(), "is of another contact");
            if (!item->pending_in.empty()) expect_stanza(item->pending_in);
            return;
        }
        case OwnerEntry::hibernating_session: return check_session(id, entry);
        case OwnerEntry::directed_presence: return check_directed_presence(id, entry);
        case OwnerEntry::deadline: return check_owner_deadline(entry);
        case OwnerEntry::archive_step: return check_archive_step(entry);
        case OwnerEntry::actor: return check_actor(id, entry);
        case OwnerEntry::module_data:
            if (expect_data_key(entry)) ask_module(entry, DataKind::resident);
            return;
    }
    expect(false, "nobody knows its kind");
}

void DatabaseCheck::check_account(OwnerId id, const Entry& entry) {
    const auto account = decode_account(id, entry.value);
    if (!expect_size(entry, 9) || !expect_record(account)) return;
    expect_named(id, OwnerKind::account, account->jid);
}

void DatabaseCheck::check_actor(OwnerId id, const Entry& entry) {
    const auto address = decode_address(entry.value);
    if (!expect_size(entry, 9) || !expect_record(address)) return;
    expect_named(id, OwnerKind::actor, *address);
}

void DatabaseCheck::expect_named(OwnerId id, OwnerKind kind, std::string_view address) {
    known_ = id;
    const auto stored = snapshot_.get(Table::names, name_key(kind, address));
    if (!expect(stored.has_value(), "its name leads nowhere")) return;
    const auto name = decode_name(*stored);
    expect(name && name->id == id, "its name is another owner's");
}

void DatabaseCheck::check_session(OwnerId id, const Entry& entry) {
    if (!expect_size(entry, 17)) return;
    const std::uint64_t number = key_u64(entry.key, 9);
    const auto session = decode_hibernating_session(number, entry.value);
    if (!expect_record(session)) return;
    if (!session->presence.empty()) expect_stanza(session->presence);
    if (session->state != HibernationState::hibernating) return;
    const Deadline deadline{session->expires_at, id, DeadlineKind::hibernation_expires, number};
    expect(has(Table::deadlines, deadline_key(deadline)), "nothing says when it expires");
}

void DatabaseCheck::check_directed_presence(OwnerId id, const Entry& entry) {
    const std::uint64_t session = key_u64(entry.key, 9);
    const auto directed = decode_directed_presence(entry.value);
    if (!expect_record(directed)) return;
    expect(entry.key == directed_key(id, session, directed->address).view(),
           "is to another address");
    expect(has(Table::online, partitioned_key(id, session)) ||
               has(Table::owners, hibernating_session_key(id, session)),
           "there is no such session");
}

void DatabaseCheck::check_owner_deadline(const Entry& entry) {
    if (!expect_size(entry, 9 + deadline_size)) return;
    expect(entry.value == entry.key.substr(9), "it is not what its key says");
    expect(has(Table::deadlines, entry.key.substr(9)), "it is missing among the deadlines");
}

void DatabaseCheck::check_archive_step(const Entry& entry) {
    const auto step = decode_archive_step(entry.value);
    if (!expect_size(entry, 17) || !expect_record(step)) return;
    expect(step->to < step->from, "it does not go back");
}

void DatabaseCheck::check_archive(const Entry& entry) {
    if (!expect_size(entry, 16)) return;
    const OwnerId id = owner_of(entry.key);
    const auto index = decode_archive_index(entry.value);
    if (!expect_record(index)) return;
    expect_log(index->log_id);
    if (!has(Table::deleting, entry.key.substr(0, 8))) expect_owner(id);
    if (std::exchange(archive_, id) == id) {
        expect(index->ordinal > ordinal_, "its place in the archive is not after the one before");
        expect(index->bytes >= archive_bytes_, "the archive has less bytes with it than before it");
    }
    ordinal_ = index->ordinal;
    archive_bytes_ = index->bytes;
}

void DatabaseCheck::check_kept(const Entry& entry) {
    expect_owner(owner_of(entry.key));
    const auto kept = decode_kept_stanza(entry.value);
    if (!expect_record(kept)) return;
    if (kept->meta.logged())
        expect_log(kept->meta.log_id);
    else
        expect_stanza(kept->xml);
}

void DatabaseCheck::check_log(const Entry& entry) {
    const auto logged = decode_log(entry.value);
    if (expect_size(entry, 8) && expect_record(logged)) expect_stanza(logged->xml);
}

void DatabaseCheck::check_queued(const Entry& entry) {
    if (!expect_size(entry, 20)) return;
    check_kept(entry);
    expect(has(Table::owners, hibernating_session_key(owner_of(entry.key), key_u64(entry.key, 8))),
           "there is no such session");
}

void DatabaseCheck::check_online(const Entry& entry) {
    if (!expect_partitioned(entry)) return;
    expect_record(decode_online_record(key_u64(entry.key, 10), entry.value));
}

void DatabaseCheck::check_pending_publish(const Entry& entry) {
    if (!expect_partitioned(entry)) return;
    expect_record(decode_pending_publish(key_u64(entry.key, 10), entry.value));
}

bool DatabaseCheck::expect_partitioned(const Entry& entry) {
    if (!expect_size(entry, 18)) return false;
    const OwnerId id{key_u64(entry.key, 2)};
    expect_owner(id);
    return expect(key_partition(entry.key) == partition_of(id), "it is in another's partition");
}

bool DatabaseCheck::expect_data_key(const Entry& entry) {
    const auto name = read_data_key(table_, entry.key);
    return expect(name && !name->module.empty() && name->module.size() <= max_module_name &&
                      !name->key.empty() && name->key.size() <= max_data_key,
                  "the key is no module's");
}

/// What the value says is the module's business. REQUIRES: expect_data_key().
void DatabaseCheck::ask_module(const Entry& entry, DataKind kind) {
    if (!of_modules_) return;
    const auto name = read_data_key(table_, entry.key);
    expect_record(of_modules_({owner_of(entry.key), name->module, kind}, name->key, entry.value));
}

/// A module's entries are followed by how many they are.
void DatabaseCheck::check_module_data(const Entry& entry) {
    const bool is_deleting = has(Table::deleting, entry.key.substr(0, 8));
    if (!is_deleting) expect_owner(owner_of(entry.key));
    if (entry.key.find('\0', 8) != std::string_view::npos) {
        if (!expect_data_key(entry)) return;
        ++usage_.entries;
        usage_.bytes += entry.key.size() - data_key_offset(entry.key) + entry.value.size();
        return ask_module(entry, DataKind::stored);
    }
    const auto stored = decode_data_usage(entry.value);
    const DataUsage counted = std::exchange(usage_, {});
    if (!expect_record(stored) || is_deleting) return;
    expect(stored->entries == counted.entries && stored->bytes == counted.bytes,
           "it counts more, or fewer, entries than there are");
}

void DatabaseCheck::check_deadline(const Entry& entry) {
    if (!expect_size(entry, deadline_size)) return;
    const Deadline deadline = key_deadline(entry.key);
    expect(key_partition(entry.key) == partition_of(deadline.account),
           "it is in another's partition");
    expect(is_empty_record(entry.value), "the record is not empty");
    expect(has(Table::owners, owner_deadline_key(deadline)), "its owner does not know of it");
    switch (deadline.kind) {
        case DeadlineKind::hibernation_expires:
        case DeadlineKind::forget_gone:
        case DeadlineKind::wake:
            expect(has(Table::owners, hibernating_session_key(deadline.account, deadline.subject)),
                   "there is no such session");
            return;
    }
    expect(false, "nobody knows its kind");
}

void DatabaseCheck::check_spool(const Entry& entry) {
    if (!expect(entry.key.size() > 9, "the key has a wrong length")) return;
    const std::uint64_t seq = key_u64(entry.key, entry.key.size() - 8);
    const auto spooled = decode_spool(seq, entry.value);
    if (!expect_record(spooled)) return;
    expect(entry.key == spool_key(spooled->domain, seq).view(), "is for another domain");
    expect_stanza(spooled->stanza.xml);
}

void DatabaseCheck::check_deleting(const Entry& entry) {
    if (!expect_size(entry, 8)) return;
    expect(!is_owner(owner_of(entry.key)), "it is to be cleared away, but the owner exists");
}

}  // namespace clarion::storage
