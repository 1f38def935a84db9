#include <algorithm>
#include <utility>

#include "storage/kv/keys.h"
#include "storage/kv/read.h"
#include "storage/kv/repositories.h"
#include "storage/records.h"

namespace clarion::storage {
namespace {

AccountId find_id(Snapshot& snapshot, std::string_view bare_jid) {
    const auto stored = snapshot.get(Table::names, name_key(bare_jid));
    if (!stored) return AccountId::none;
    const NameRecord name = decoded(decode_name(*stored));
    return name.jid == bare_jid ? name.id : AccountId::none;
}

std::optional<AccountRecord> read_record(Snapshot& snapshot, AccountId id) {
    if (id == AccountId::none) return std::nullopt;
    const auto stored = snapshot.get(Table::accounts, account_key(id, AccountEntry::record));
    if (!stored) return std::nullopt;
    return decoded(decode_account(id, *stored));
}

/// Adds one entry of Table::accounts to what is loaded of its account.
void add_entry(AccountSnapshot& account, const Entry& entry) {
    const auto& [key, value] = entry;
    switch (static_cast<AccountEntry>(key_u8(key, 8))) {
        case AccountEntry::record:
            account.record = decoded(decode_account(AccountId{key_u64(key, 0)}, value));
            return;
        case AccountEntry::roster_version:
            account.roster_version = decoded(decode_number(value));
            return;
        case AccountEntry::archive_preferences:
            account.archive_preferences = decoded(decode_archive_preferences(value));
            return;
        case AccountEntry::roster_item:
            account.roster.push_back(decoded(decode_roster_item(value)));
            return;
        case AccountEntry::push_registration:
            account.push_registrations.push_back(
                decoded(decode_push_registration(key_u64(key, 9), value)));
            return;
        case AccountEntry::hibernating_session:
            account.hibernating_sessions.push_back(
                decoded(decode_hibernating_session(key_u64(key, 9), value)));
            return;
        case AccountEntry::blocked:
            account.blocklist.push_back(decoded(decode_blocked(value)));
            return;
        case AccountEntry::archive_step:
        case AccountEntry::deadline: return;
    }
}

/// The second number of the last key of the account in a table, 0 if it has none there.
std::uint64_t last_number(Snapshot& snapshot, Table table, AccountId id) {
    const KeyRange range = account_range(id);
    const auto cursor = snapshot.cursor(table);
    if (!cursor->seek_before(range.to) || cursor->entry().key < range.from.view()) return 0;
    return key_u64(cursor->entry().key, 8);
}

void add_online_records(Snapshot& snapshot, AccountSnapshot& account) {
    const KeyRange range = account_range(account.record.id);
    for_range(snapshot, Table::live, range.from, range.to, [&](const Entry& entry) {
        account.online_records.push_back(
            decoded(decode_online_record(key_u64(entry.key, 8), entry.value)));
        return true;
    });
}

/// How far the queue goes, and which places among the offline messages it has taken.
void look_at_queue(Snapshot& snapshot, AccountSnapshot& account, HibernatingSession& session) {
    const KeyRange range = queue_range(account.record.id, session.session);
    for_range(snapshot, Table::queues, range.from, range.to, [&](const Entry& entry) {
        const std::uint32_t place = key_u32(entry.key, 16) - session.acked_out;
        session.queued = std::max<std::uint64_t>(session.queued, place);
        const std::uint64_t seq = decoded(decode_kept_stanza(entry.value)).meta.offline_seq;
        account.last_offline_seq = std::max(account.last_offline_seq, seq);
        return true;
    });
}

AccountSnapshot read_account(Snapshot& snapshot, AccountId id) {
    AccountSnapshot account;
    for_range(snapshot, Table::accounts, account_range(id).from,
              account_key(id, AccountEntry::deadline), [&](const Entry& entry) {
                  add_entry(account, entry);
                  return true;
              });
    account.last_archive_id = ArchiveId{last_number(snapshot, Table::archive, id)};
    account.last_offline_seq = last_number(snapshot, Table::offline, id);
    if (account.last_offline_seq != 0) {
        account.offline_count = count_range(snapshot, Table::offline, account_range(id));
    }
    for (auto& session : account.hibernating_sessions) look_at_queue(snapshot, account, session);
    add_online_records(snapshot, account);
    return account;
}

std::vector<std::string> list_names(Snapshot& snapshot, const KeyRange& range,
                                    std::string_view after, std::size_t limit) {
    std::vector<std::string> names;
    const Key start = after.empty() ? range.from : name_key(after);
    for_range(snapshot, Table::names, start, range.to, [&](const Entry& entry) {
        if (names.size() == limit) return false;
        if (after.empty() || entry.key != start.view()) {
            names.push_back(decoded(decode_name(entry.value)).jid);
        }
        return true;
    });
    return names;
}

}  // namespace

Task<Result<std::optional<AccountRecord>>> AccountsKv::find(std::string bare_jid) {
    co_return read_snapshot(engine_, [&](Snapshot& snapshot) {
        return read_record(snapshot, find_id(snapshot, bare_jid));
    });
}

Task<Result<std::optional<AccountSnapshot>>> AccountsKv::load(std::string bare_jid) {
    co_return read_snapshot(engine_, [&](Snapshot& snapshot) -> std::optional<AccountSnapshot> {
        const AccountId id = find_id(snapshot, bare_jid);
        if (id == AccountId::none) return std::nullopt;
        return read_account(snapshot, id);
    });
}

Task<Result<std::optional<std::string>>> AccountsKv::name_of(AccountId id) {
    co_return read_snapshot(engine_, [&](Snapshot& snapshot) -> std::optional<std::string> {
        auto record = read_record(snapshot, id);
        if (!record) return std::nullopt;
        return std::move(record->jid);
    });
}

Task<Result<std::vector<std::string>>> AccountsKv::list(std::string domain, std::string after,
                                                        std::size_t limit) {
    co_return read_snapshot(engine_, [&](Snapshot& snapshot) {
        return list_names(snapshot, name_range(domain), after, limit);
    });
}

Task<Result<std::uint64_t>> AccountsKv::count() {
    co_return read_snapshot(engine_,
                            [](Snapshot& snapshot) { return snapshot.entries(Table::names); });
}

AccountId AccountsKv::next_id() {
    return AccountId{numbers_.account.fetch_add(1, std::memory_order_relaxed)};
}

void AccountsKv::put(Batch& batch, const AccountRecord& record) {
    auto& out = static_cast<KvBatch&>(batch);
    out.put_if_new(Table::names, name_key(record.jid), encode(NameRecord{record.id, record.jid}));
    out.put(Table::accounts, account_key(record.id, AccountEntry::record), encode(record));
}

void AccountsKv::replace(Batch& batch, const AccountRecord& record) {
    static_cast<KvBatch&>(batch).put_if_there(
        Table::accounts, account_key(record.id, AccountEntry::record), encode(record));
}

void AccountsKv::remove(Batch& batch, const AccountRecord& record) {
    auto& out = static_cast<KvBatch&>(batch);
    const KeyRange all = account_range(record.id);
    out.erase(Table::names, name_key(record.jid));
    out.erase_deadlines(account_deadline_range(record.id));
    for (const Table table :
         {Table::accounts, Table::offline, Table::queues, Table::live, Table::pending_publishes}) {
        out.erase_range(table, all);
    }
    // Its archive may be large: the writer clears that away between groups.
    out.put(Table::deleting, all.from, encode_empty());
}

}  // namespace clarion::storage
