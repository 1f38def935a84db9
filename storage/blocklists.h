// Blocklists: addresses from which an account wants to hear nothing (XEP-0191).
#pragma once

#include <string_view>

#include "storage/batch.h"
#include "storage/ids.h"

namespace clarion::storage {

/// Each address is an entry of its own, so that blocking one more writes that one only. What is
/// kept is read with the account (AccountSnapshot::blocklist) and goes with it.
class Blocklists {
public:
    virtual ~Blocklists() = default;
    /// `jid`: prepared; a bare or full address, a domain, or a domain with a resource.
    virtual void add(Batch& batch, AccountId account, std::string_view jid) = 0;
    virtual void remove(Batch& batch, AccountId account, std::string_view jid) = 0;
    /// All of them.
    virtual void clear(Batch& batch, AccountId account) = 0;
};

}  // namespace clarion::storage
