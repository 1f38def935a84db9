// Sender: publishes what is pending and durable, and understands the answers (docs/push-rules.md,
// "Answers and errors").
//
// One per shard, in three files: sender.cpp gets publishes out, answers.cpp is about what comes
// back, outage.cpp about services that cannot be reached. A notification that cannot leave now,
// because its service is unreachable, too much is outstanding there or min_interval is not over,
// waits as its registration's newest state (waiting.h). Meanwhile its account may be evicted; it
// is loaded, and the notification composed again, when its turn comes.
//
//     submit -> publish -> (answer) -> done                 publish log: settled
//          \-> wait -> renew -> submit ...  ^-- unreachable: wait
//
// Whatever the shards must know of each other's experience travels by Core::everywhere().
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "base/task.h"
#include "modules/push/counters.h"
#include "modules/push/interval.h"
#include "modules/push/service.h"
#include "modules/push/state.h"
#include "modules/push/waiting.h"

namespace clarion::push {

struct Service {
    explicit Service(ServiceMetrics m) : metrics(std::move(m)) {}

    Jid jid{};
    ServiceLink link;
    ServiceStats stats;
    ServiceMetrics metrics;
    bool proved = false;  // it is a push service: see Counters::of_service
    WaitingList waiting;
    Intervals intervals;
    /// Taken from `waiting`, being composed again.
    std::unordered_set<RegistrationKey, RegistrationKey::Hash> renewing;
    bool flushing = false;
    bool retiring = false;
    core::TimerId retry = core::TimerId::none;
    SteadyTime retry_due{};
};

class Sender {
public:
    explicit Sender(Push& push) : push_(push) {}

    /// Publishes it now, or keeps it as the newest state of its registration. REQUIRES: durable.
    void submit(core::Account& account, Registration& registration, NotificationPtr notification);
    /// Drops what waits for this registration.
    void forget(storage::AccountId account, std::string_view service, std::uint64_t registration);
    /// Drops what waits for any registration of the account.
    void forget(core::Account& account);
    bool waits(storage::AccountId account, const Registration& registration) const;
    /// Failed attempts it has waited through and that its record does not count yet.
    struct Missed {
        std::uint32_t attempts = 0;
        LastingTime failing_since{};
    };
    Missed missed(storage::AccountId account, const Registration& registration) const;

    /// A component attached or a stream came up: back-off of the services there ends.
    void domain_reachable(std::string_view domain);

    const std::map<std::string, Service, std::less<>>& services() const { return services_; }

private:
    struct Flight;
    struct Question;

    // sender.cpp
    Service& service_of(const Jid& jid);
    Service* find_service(std::string_view jid);
    std::size_t limit(std::string_view host) const;
    bool has_room(const Service& service, std::size_t limit) const;
    bool held_back(Service& service, core::Account& account, const NotificationPtr& notification);
    /// The publish log has what waits.
    void keep(const WaitingItem* item);
    void release_held(const std::string& jid, const RegistrationKey& key);
    void wait(Service& service, core::Account& account, Registration& registration,
              const NotificationPtr& notification);
    void publish(Service& service, core::Account& account, Registration& registration,
                 NotificationPtr notification);
    void note_sent(Service& service, core::Account& account, Flight& flight, SteadyTime now);
    /// Sends what waits, as far as the service may be sent to.
    void flush(Service& service);
    Task<> renew(std::string jid, WaitingItem item);
    /// Whether that is done: false, storage has failed.
    Task<bool> renew_loaded(std::string jid, WaitingItem& item);
    void renewed(const std::string& jid, const RegistrationKey& key);
    void arm_retry(Service& service);

    // answers.cpp
    void on_answer(const Flight& flight, const Stanza* answer, bool local);
    void conclude(const Flight& flight, const Stanza* answer, bool unreachable);
    void on_result(core::Account& account, Registration& registration);
    void on_error(core::Account& account, std::uint64_t seq, const StanzaError& error);
    void disable(core::Account& account, std::uint64_t seq, std::string_view why);
    Outcome tell(Service& service, const Flight& flight, const Stanza* answer, bool unreachable);
    void tell_witness(const Flight& flight, Outcome outcome, const Stanza* answer, double took);

    // outage.cpp
    bool may_be_silent(Service& service, const Flight& flight);
    void ask_others(const Flight& flight);
    void on_heard_elsewhere(std::uint64_t question, bool heard);
    void on_unreachable(Service& service, const Flight& flight, std::string_view condition);
    void after_failure(Service& service, std::string_view condition);
    void hear_of_failure(const Jid& jid, const FailedAttempt& failure, std::string_view condition);
    void hear_of_answer(std::string_view jid);
    void hear_of_probe(std::string_view jid, unsigned shard, SteadyTime until);
    void tell_others(std::function<void(Sender&)> what);
    void note_probe(const Service& service, std::string_view host);
    LastingTime note_failing(core::Account& account, Registration& registration);
    /// Adds to its record what it has waited through.
    void count_missed(Service& service, core::Account& account, std::uint64_t seq);
    void add_attempts(const Service& service, core::Account& account, std::uint64_t seq,
                      std::uint32_t attempts);
    void retire_due(Service& service);
    Task<> retire(std::string jid, std::vector<RegistrationKey> due);
    Task<> retire_one(const std::string& jid, RegistrationKey key);

    Push& push_;
    std::map<std::string, Service, std::less<>> services_;
    std::map<std::uint64_t, std::shared_ptr<Question>> questions_;  // to the other shards
    std::uint64_t last_question_ = 0;
};

}  // namespace clarion::push
