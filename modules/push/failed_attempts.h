// FailedAttempts: what attempts to reach a service in vain count for, and the end of registrations
// whose service stays away too long (docs/push-rules.md, "Answers and errors").
//
// A failed attempt loads nobody: what waits remembers how many there were when it began to, and its
// registration's record is told when it gets its turn or is looked at in another way. One per
// shard.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/task.h"
#include "modules/push/pending_notification.h"
#include "modules/push/state.h"

namespace clarion::push {

class Registrations;
class Services;

class FailedAttempts {
public:
    FailedAttempts(core::Context& context, core::AccountSlot<AccountPush> accounts,
                   Services& services, Registrations& registrations)
        : context_(context),
          accounts_(accounts),
          services_(services),
          registrations_(registrations) {}

    /// Those a registration has waited through and its record does not count yet.
    struct Missed {
        std::uint32_t attempts = 0;
        LastingTime failing_since{};
    };
    Missed missed(storage::AccountId account, const Registration& registration) const;
    /// Adds so many to its record, and says so (PushFailed).
    void add(const Service& service, core::Account& account, std::uint64_t seq,
             std::uint32_t attempts);
    /// When its service began to fail; written when that is news, since the count of days must
    /// survive restarts.
    LastingTime note_failing(core::Account& account, Registration& registration);

    /// An attempt failed: registrations that [push] unreachable_disables_after is over for go.
    void retire_due(Service& service);
    /// Removes a registration because of errors.
    void disable(core::Account& account, std::uint64_t seq, std::string_view why);

private:
    void count_missed(Service& service, core::Account& account, std::uint64_t seq);
    Task<> retire(std::string jid, std::vector<RegistrationKey> due);
    Task<> retire_one(const std::string& jid, RegistrationKey key);

    core::Context& context_;
    core::AccountSlot<AccountPush> accounts_;
    Services& services_;
    Registrations& registrations_;
};

}  // namespace clarion::push
