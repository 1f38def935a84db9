// Sender: publishes what is owed and durable, and understands the answers (PUSH.md part A, "Answers
// and errors").
//
// Services are known per shard (service.h). A notification that cannot leave now, because its
// service is unreachable or too much is outstanding there, waits as its registration's newest
// state. While one waits its account may be put away; it is loaded again to publish it. One per
// shard.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "modules/push/service.h"
#include "modules/push/state.h"

namespace clarion::push {

struct Service {
    Jid jid;
    ServiceLink link;
    ServiceStats stats;
    /// By account and registration.
    std::map<std::pair<storage::AccountId, std::uint64_t>, NotificationPtr> waiting;
    core::TimerId retry = core::TimerId::none;
};

class Sender {
public:
    explicit Sender(Push& push) : push_(push) {}

    /// Publishes it now, or keeps it as the newest state of its registration. REQUIRES: durable.
    void submit(core::Account& account, Registration& registration, NotificationPtr notification);
    /// Drops what waits for this registration.
    void forget(storage::AccountId account, std::string_view service, std::uint64_t registration);
    void forget(storage::AccountId account);
    bool waits(storage::AccountId account, const Registration& registration) const;
    /// A component attached or a stream came up: back-off of the services there ends.
    void domain_reachable(std::string_view domain);

    const std::map<std::string, Service, std::less<>>& services() const { return services_; }

private:
    struct Flight;

    Service& service_of(const Jid& jid);
    Service* find_service(std::string_view jid);
    bool held_back(core::Account& account, Registration& registration,
                   const NotificationPtr& notification);
    void release_held(const Notification& notification);
    void wait(Service& service, NotificationPtr notification);
    void wait_again(Service& service, NotificationPtr notification);
    void publish(Service& service, core::Account& account, Registration& registration,
                 NotificationPtr notification);
    /// Sends what waits, as far as the service may be sent to.
    void flush(Service& service);
    void deliver(const NotificationPtr& notification);
    void arm_retry(Service& service);

    void on_answer(const Flight& flight, const Stanza* answer, bool local);
    void on_unreachable(Service& service, const Flight& flight, std::string_view condition);
    void count_attempt(core::Account& account, std::uint64_t registration,
                       std::string_view condition);
    void on_result(core::Account& account, Registration& registration);
    void on_error(core::Account& account, Registration& registration, const StanzaError& error);
    void tell(Service& service, const Flight& flight, const Stanza* answer, bool unreachable);

    Push& push_;
    std::map<std::string, Service, std::less<>> services_;
};

}  // namespace clarion::push
