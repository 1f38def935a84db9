#include <utility>

#include "storage/kv/keys.h"
#include "storage/kv/read.h"
#include "storage/kv/repositories.h"
#include "storage/records.h"

namespace clarion::storage {

void SessionsKv::put(Batch& batch, AccountId account, const HibernatingSession& session) {
    static_cast<KvBatch&>(batch).put(
        Table::owners, hibernating_session_key(account, session.session), encode(session));
}

void SessionsKv::remove(Batch& batch, AccountId account, std::uint64_t session) {
    auto& out = static_cast<KvBatch&>(batch);
    out.erase(Table::owners, hibernating_session_key(account, session));
    out.erase_range(Table::queues, queue_range(account, session));
}

void SessionsKv::put_queued(Batch& batch, AccountId account, std::uint64_t session,
                            const QueuedStanza& stanza) {
    auto& out = static_cast<KvBatch&>(batch);
    out.put(Table::queues, queued_key(account, session, stanza.seq),
            encode_kept(out, stanza.stanza));
}

void SessionsKv::remove_queued(Batch& batch, AccountId account, std::uint64_t session,
                               std::uint32_t seq) {
    static_cast<KvBatch&>(batch).erase(Table::queues, queued_key(account, session, seq));
}

// Numbers wrap at 2^32, so arrival order is: what follows acked_out, then from 0 up to it.
Task<Result<std::vector<QueuedStanza>>> SessionsKv::read_queue(AccountId account,
                                                               std::uint64_t session,
                                                               std::uint32_t acked_out,
                                                               std::uint32_t skipped,
                                                               std::size_t max_bytes) {
    co_return read_snapshot(engine_, [&](Snapshot& snapshot) {
        std::vector<QueuedStanza> queue;
        std::size_t bytes = 0;
        const auto read_one = [&](const Entry& entry) {
            QueuedStanza stanza{key_u32(entry.key, 16), decoded(decode_kept_stanza(entry.value))};
            if (!resolve(snapshot, stanza.stanza)) return true;
            bytes += stanza.stanza.xml.size();
            queue.push_back(std::move(stanza));
            return bytes < max_bytes;
        };
        const KeyRange all = queue_range(account, session);
        const Key end = after(queued_key(account, session, acked_out));
        const std::uint32_t last_read = acked_out + skipped;
        const Key begin = after(queued_key(account, session, last_read));
        const bool has_wrapped = last_read < acked_out;
        for_range(snapshot, Table::queues, begin, has_wrapped ? end : all.to, read_one);
        if (!has_wrapped && bytes < max_bytes)
            for_range(snapshot, Table::queues, all.from, end, read_one);
        return queue;
    });
}

void SessionsKv::put_online(Batch& batch, AccountId account, const OnlineRecord& record) {
    OnlineRecord written = record;
    written.run = numbers_.run;
    static_cast<KvBatch&>(batch).put(Table::online, partitioned_key(account, record.session),
                                     encode(written));
}

void SessionsKv::remove_online(Batch& batch, AccountId account, std::uint64_t session) {
    static_cast<KvBatch&>(batch).erase(Table::online, partitioned_key(account, session));
}

void SessionsKv::put_directed(Batch& batch, AccountId account, std::uint64_t session,
                              const DirectedPresence& directed) {
    static_cast<KvBatch&>(batch).put(
        Table::owners, directed_key(account, session, directed.address), encode(directed));
}

void SessionsKv::remove_directed(Batch& batch, AccountId account, std::uint64_t session,
                                 std::string_view address) {
    static_cast<KvBatch&>(batch).erase(Table::owners, directed_key(account, session, address));
}

void SessionsKv::remove_all_directed(Batch& batch, AccountId account, std::uint64_t session) {
    static_cast<KvBatch&>(batch).erase_range(Table::owners, directed_range(account, session));
}

Task<Result<std::vector<AccountId>>> SessionsKv::accounts_with_online_records(
    PartitionSet partitions, AccountId after_account, std::size_t limit) {
    co_return read_snapshot(engine_, [&](Snapshot& snapshot) {
        std::vector<AccountId> accounts;
        const Key from =
            after_account == AccountId::none ? Key() : partitioned_range(after_account).to;
        for_partitions(snapshot, Table::online, partitions, from, [&](const Entry& entry) {
            const AccountId account{key_u64(entry.key, 2)};
            if (!accounts.empty() && accounts.back() == account) return true;
            if (accounts.size() == limit) return false;
            accounts.push_back(account);
            return true;
        });
        return accounts;
    });
}

}  // namespace clarion::storage
