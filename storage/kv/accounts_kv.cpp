#include <algorithm>
#include <utility>
#include <vector>

#include "storage/kv/keys.h"
#include "storage/kv/module_data_kv.h"
#include "storage/kv/read.h"
#include "storage/kv/repositories.h"
#include "storage/records.h"

namespace clarion::storage {
namespace {

std::optional<AccountRecord> read_record(Snapshot& snapshot, AccountId id) {
    if (id == AccountId::none) return std::nullopt;
    const auto stored = snapshot.get(Table::owners, owner_key(id, OwnerEntry::record));
    if (!stored) return std::nullopt;
    return decoded(decode_account(id, *stored));
}

/// Adds one entry of Table::owners to what is loaded of its account, but directed presence.
void add_entry(AccountSnapshot& account, const Entry& entry) {
    const auto& [key, value] = entry;
    switch (static_cast<OwnerEntry>(key_u8(key, 8))) {
        case OwnerEntry::record:
            account.record = decoded(decode_account(AccountId{key_u64(key, 0)}, value));
            return;
        case OwnerEntry::roster_version:
            account.roster_version = decoded(decode_number(value));
            return;
        case OwnerEntry::roster_item:
            account.roster.push_back(decoded(decode_roster_item(value)));
            return;
        case OwnerEntry::hibernating_session:
            account.hibernating_sessions.push_back(
                decoded(decode_hibernating_session(key_u64(key, 9), value)));
            return;
        case OwnerEntry::module_data: return add_resident(account.resident, entry);
        case OwnerEntry::directed_presence:
        case OwnerEntry::actor:
        case OwnerEntry::archive_step:
        case OwnerEntry::deadline: return;
    }
}

struct Directed {
    std::uint64_t session;
    DirectedPresence presence;
};

/// To the records of the sessions that sent it, in the order in which they did.
void add_directed_presence(AccountSnapshot& account, std::vector<Directed> all) {
    std::stable_sort(all.begin(), all.end(), [](const Directed& a, const Directed& b) {
        return a.presence.since < b.presence.since;
    });
    const auto add = [](auto& records, const Directed& directed) {
        for (auto& record : records)
            if (record.session == directed.session)
                record.directed_presence.push_back(directed.presence.address);
    };
    for (const Directed& directed : all) {
        add(account.hibernating_sessions, directed);
        add(account.online_records, directed);
    }
}

void add_online_records(Snapshot& snapshot, AccountSnapshot& account) {
    const KeyRange range = partitioned_range(account.record.id);
    for_range(snapshot, Table::online, range.from, range.to, [&](const Entry& entry) {
        account.online_records.push_back(
            decoded(decode_online_record(key_u64(entry.key, 10), entry.value)));
        return true;
    });
}

void add_offline_messages(Snapshot& snapshot, AccountSnapshot& account) {
    const KeyRange range = owner_range(account.record.id);
    for_range(snapshot, Table::offline, range.from, range.to, [&](const Entry& entry) {
        account.offline.push_back(
            {key_u64(entry.key, 8), static_cast<std::uint32_t>(entry.value.size())});
        return true;
    });
    if (!account.offline.empty()) account.last_offline_seq = account.offline.back().seq;
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
    std::vector<Directed> directed;
    for_range(
        snapshot, Table::owners, owner_range(id).from, owner_key(id, OwnerEntry::deadline),
        [&](const Entry& entry) {
            const auto& [key, value] = entry;
            if (OwnerEntry{key_u8(key, 8)} == OwnerEntry::directed_presence)
                directed.push_back({key_u64(key, 9), decoded(decode_directed_presence(value))});
            else
                add_entry(account, entry);
            return true;
        });
    account.last_archive_id = ArchiveId{last_number(snapshot, Table::archive, id)};
    add_offline_messages(snapshot, account);
    for (auto& session : account.hibernating_sessions) look_at_queue(snapshot, account, session);
    add_online_records(snapshot, account);
    add_directed_presence(account, std::move(directed));
    return account;
}

}  // namespace

Task<Result<std::optional<AccountRecord>>> AccountsKv::find(std::string bare_jid) {
    co_return read_snapshot(engine_, [&](Snapshot& snapshot) {
        return read_record(snapshot, find_owner(snapshot, OwnerKind::account, bare_jid));
    });
}

Task<Result<std::optional<AccountSnapshot>>> AccountsKv::load(std::string bare_jid) {
    co_return read_snapshot(engine_, [&](Snapshot& snapshot) -> std::optional<AccountSnapshot> {
        const AccountId id = find_owner(snapshot, OwnerKind::account, bare_jid);
        if (id == AccountId::none) return std::nullopt;
        return read_account(snapshot, id);
    });
}

void AccountsKv::put(Batch& batch, const AccountRecord& record) {
    auto& out = static_cast<KvBatch&>(batch);
    put_name(out, {record.id, OwnerKind::account, record.jid});
    out.put(Table::owners, owner_key(record.id, OwnerEntry::record), encode(record));
}

void AccountsKv::replace(Batch& batch, const AccountRecord& record) {
    static_cast<KvBatch&>(batch).put_if_there(
        Table::owners, owner_key(record.id, OwnerEntry::record), encode(record));
}

void AccountsKv::remove(Batch& batch, const AccountRecord& record) {
    owners_.remove(batch, {record.id, OwnerKind::account, record.jid});
}

}  // namespace clarion::storage
