// Services: the push services that one shard knows, and what it knows of each. One per shard.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <unordered_set>

#include "modules/push/counters.h"
#include "modules/push/interval.h"
#include "modules/push/service.h"
#include "modules/push/waiting.h"
#include "proto/jid.h"
#include "server/runtime/shard.h"

namespace clarion::core {
class Context;
}

namespace clarion::push {

struct Service {
    explicit Service(ServiceMetrics m) : metrics(std::move(m)) {}

    Jid jid{};
    ServiceLink link;
    ServiceStats stats;
    ServiceMetrics metrics;
    bool proved = false;  // it is a push service: see Counters::of_service
    /// It accepted a notification since this server knows it, or is a component itself.
    bool accepts = false;
    WaitingList waiting;
    Intervals intervals;
    /// What is held back until it accepts something (trials.h), or an hour is over.
    Intervals unproved;
    /// Taken from `waiting`, being composed again.
    std::unordered_set<RegistrationKey, RegistrationKey::Hash> renewing;
    bool flushing = false;
    bool retiring = false;
    core::TimerId retry = core::TimerId::none;
    SteadyTime retry_due{};
};

class Services {
public:
    Services(core::Context& context, const Counters& counters)
        : context_(context), counters_(counters) {}

    /// What is known of it, from now on. It stays as long as something waits for it, is on its way
    /// to it or is remembered of it.
    Service& of(const Jid& jid);
    /// nullptr: nothing is known of it.
    Service* find(std::string_view jid);
    const Service* find(std::string_view jid) const;
    using ByJid = std::map<std::string, Service, std::less<>>;
    const ByJid& all() const { return known_; }

    /// Drops what waits for any account of these partitions.
    void forget(const PartitionSet& partitions);

    /// [push] max_outstanding_per_service of the host; empty: of the server.
    std::size_t limit(std::string_view host) const;
    /// Whether one more publish may begin its way out, if so many may be outstanding. After a
    /// failed attempt one goes first, the others when it is answered.
    bool has_room(const Service& service, std::size_t limit) const;

    /// Something is different there: those who wait for it may have their turn.
    void changed(Service& service) const { on_change_(service); }
    /// Called by changed(). Set once, when the shard is put together.
    void when_changed(std::function<void(Service&)> fn) { on_change_ = std::move(fn); }

private:
    /// Services remembered while nothing waits for them or is under way.
    static constexpr std::size_t idle_services = 1000;

    core::Context& context_;
    const Counters& counters_;
    ByJid known_;
    std::size_t clean_at_ = idle_services;  // so many known ones
    std::function<void(Service&)> on_change_;
};

}  // namespace clarion::push
