#include "storage/kv/keys.h"
#include "storage/kv/read.h"
#include "storage/kv/repositories.h"
#include "storage/records.h"

namespace clarion::storage {

void PushRegistrationsKv::put(Batch& batch, AccountId account,
                              const PushRegistration& registration) {
    static_cast<KvBatch&>(batch).put(
        Table::accounts, push_registration_key(account, registration.seq), encode(registration));
}

void PushRegistrationsKv::remove(Batch& batch, AccountId account, std::uint64_t seq) {
    static_cast<KvBatch&>(batch).erase(Table::accounts, push_registration_key(account, seq));
    remove_owed(batch, account, seq);
}

void PushRegistrationsKv::put_owed(Batch& batch, AccountId account, const OwedPush& owed) {
    static_cast<KvBatch&>(batch).put(Table::owed, account_number_key(account, owed.registration),
                                     encode(owed));
}

void PushRegistrationsKv::remove_owed(Batch& batch, AccountId account, std::uint64_t seq) {
    static_cast<KvBatch&>(batch).erase(Table::owed, account_number_key(account, seq));
}

Task<Result<std::vector<OwedEntry>>> PushRegistrationsKv::owed(AccountId after_account,
                                                               std::uint64_t after_seq,
                                                               std::size_t limit) {
    co_return read_snapshot(engine_, [&](Snapshot& snapshot) {
        std::vector<OwedEntry> entries;
        const auto cursor = snapshot.cursor(Table::owed);
        bool found = cursor->seek(after(account_number_key(after_account, after_seq)));
        for (; found && entries.size() < limit; found = cursor->next()) {
            const auto [key, value] = cursor->entry();
            entries.push_back(
                {AccountId{key_u64(key, 0)}, decoded(decode_owed(key_u64(key, 8), value))});
        }
        return entries;
    });
}

}  // namespace clarion::storage
