#include <utility>

#include "storage/kv/keys.h"
#include "storage/kv/read.h"
#include "storage/kv/repositories.h"
#include "storage/records.h"

namespace clarion::storage {

bool resolve(Snapshot& snapshot, KeptStanza& stanza) {
    if (!stanza.meta.logged()) return true;
    const auto stored = snapshot.get(Table::log, log_key(stanza.meta.log_id));
    if (!stored) return false;
    stanza.xml = std::string(decoded(decode_log(*stored)).xml);
    return true;
}

std::string encode_kept(KvBatch& batch, const KeptStanza& stanza) {
    if (stanza.meta.logged())
        batch.refer_to_log(stanza.meta.log_id, stanza.meta.received, stanza.xml);
    return encode(stanza);
}

std::uint32_t OfflineKv::put(Batch& batch, AccountId account, std::uint64_t seq,
                             const KeptStanza& stanza) {
    auto& out = static_cast<KvBatch&>(batch);
    const std::string record = encode_kept(out, stanza);
    out.put(Table::offline, owner_number_key(account, seq), record);
    return static_cast<std::uint32_t>(record.size());
}

void OfflineKv::remove(Batch& batch, AccountId account, std::uint64_t seq) {
    static_cast<KvBatch&>(batch).erase(Table::offline, owner_number_key(account, seq));
}

void OfflineKv::remove_up_to(Batch& batch, AccountId account, std::uint64_t seq) {
    static_cast<KvBatch&>(batch).erase_range(
        Table::offline, {owner_range(account).from, after(owner_number_key(account, seq))});
}

Task<Result<OfflinePage>> OfflineKv::read(AccountId account, std::uint64_t after_seq,
                                          PageSize size) {
    co_return read_snapshot(engine_, [&](Snapshot& snapshot) {
        OfflinePage page{.messages = {}, .complete = true};
        std::size_t bytes = 0;
        const auto read_one = [&](const Entry& entry) {
            OfflineMessage message{key_u64(entry.key, 8), decoded(decode_kept_stanza(entry.value))};
            if (!resolve(snapshot, message.stanza)) return true;
            bytes += message.stanza.xml.size();
            page.complete = size.fits(page.messages.size(), bytes);
            if (page.complete) page.messages.push_back(std::move(message));
            return page.complete;
        };
        for_range(snapshot, Table::offline, after(owner_number_key(account, after_seq)),
                  owner_range(account).to, read_one);
        return page;
    });
}

}  // namespace clarion::storage
