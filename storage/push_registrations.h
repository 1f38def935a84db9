// Push registrations (XEP-0357; docs/push-rules.md, "Registrations") and notifications that are
// pending.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/task.h"
#include "storage/batch.h"

namespace clarion::storage {

struct PushRegistration {
    std::uint64_t seq = 0;  // order of enabling within the account; the key under which it is kept
    std::string service;    // jid
    bool has_node = false;
    std::string node;
    std::string device;           // SASL2 user-agent id, else resource
    std::string publish_options;  // the <x/> form as XML, verbatim; empty: none
    std::string extensions;       // other children of <enable/> as XML, verbatim
    std::string attributes;       // other attributes of <enable/> as an XML element's attributes
    std::string lang;
    WallTime created{};
    WallTime last_used{};           // last publish answered with a result
    LastingTime failing_since{};    // zero: not failing
    std::uint32_t errors = 0;       // in a row
    std::uint32_t unreachable = 0;  // how many of them were no answers
    std::uint64_t unread = 0;       // important messages since the device was last here
    /// It has been notified of what the archive got up to here while its device was away.
    ArchiveId notified_up_to = ArchiveId::none;
    /// It has been notified of these stanzas too, which no archive has, as the push module knows
    /// them.
    std::vector<std::uint64_t> notified;
};

/// A notification that must still go out: kept with the stanza that caused it (docs/push-rules.md
/// R9), until it was answered. One for each registration, its newest state.
struct PendingPublish {
    std::uint64_t registration = 0;  // seq
    bool important = false;
    bool urgent = false;            // a call, or that it was answered
    LogId log_id = LogId::none;     // where the stanza is; none ...
    std::uint64_t offline_seq = 0;  // ... there it is an offline message; 0: nowhere any more
    WallTime caused{};              // when the server saw it
};

/// Of any account: what a server that died left behind.
struct PendingPublishEntry {
    AccountId account = AccountId::none;
    PendingPublish pending;
};

class PushRegistrations {
public:
    virtual ~PushRegistrations() = default;
    virtual void put(Batch& batch, AccountId account, const PushRegistration& registration) = 0;
    /// Removes it with what is pending for it.
    virtual void remove(Batch& batch, AccountId account, std::uint64_t seq) = 0;

    virtual void put_pending(Batch& batch, AccountId account, const PendingPublish& pending) = 0;
    virtual void remove_pending(Batch& batch, AccountId account, std::uint64_t seq) = 0;
    /// All that is pending, by account and registration, after those; `limit` at most.
    virtual Task<Result<std::vector<PendingPublishEntry>>> pending(AccountId after_account,
                                                                   std::uint64_t after_seq,
                                                                   std::size_t limit) = 0;
};

}  // namespace clarion::storage
