#include "storage/kv/keys.h"
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
}

}  // namespace clarion::storage
