// What `clarionctl push` shows and does. Plain functions on the account's home shard (for stats: on
// each); whoever calls them formats the answer. Nodes can be device tokens: show them to the
// administrator only, never log them.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/metrics.h"
#include "base/time.h"
#include "server/core/accounts/account.h"
#include "server/core/context.h"

namespace clarion::push {

struct RegistrationView {
    std::string service;
    bool has_node = false;
    std::string node;
    std::string tag;  // a short name of the node that logs may have, too
    std::string device;
    bool has_publish_options = false;
    std::vector<std::string> extensions;  // namespaces of the other children of <enable/>
    WallTime created{};
    WallTime last_used{};      // last publish answered with a result; zero: never
    WallTime failing_since{};  // zero: its service is reached
    std::uint32_t errors = 0;  // in a row
    bool waiting = false;      // a notification waits for its service
};
/// Most recently enabled last.
std::vector<RegistrationView> list(core::Account& account);

/// `clarionctl push ping`: notifies all, or those at `service`, or that node there. Returns how
/// many.
std::size_t ping(core::Account& account, std::string_view service = {}, std::string_view node = {});

/// Removes those at `service`, or that node there. Returns how many.
std::size_t remove(core::Account& account, std::string_view service, std::string_view node = {});

/// One thing that happened in a test, for a person. `node` is a short tag of it; both are empty if
/// it concerns no registration.
struct TestStep {
    std::string service, node;
    std::string_view step;  // "registration", "publish", "answer"
    std::string text;
    bool ok = true;
};
/// Publishes once to each registration (at `service`, or of that node there), also while its
/// service is in back-off, and calls `step` with each thing that happens, then `finished` once. It
/// changes nothing but what an ordinary publish would.
void test(core::Account& account, std::string_view service, std::string_view node,
          std::function<void(TestStep)> step, std::function<void()> finished);

struct ServiceView {
    std::string service;
    std::uint64_t sent = 0;
    std::uint64_t answered = 0;
    std::uint64_t unanswered = 0;
    std::uint64_t refused_since_success = 0;
    std::map<std::string, std::uint64_t> errors;
    Histogram::Counts latency{};  // publish to answer
    std::size_t outstanding = 0;
    std::size_t waiting = 0;
    std::uint64_t failed_attempts = 0;  // ever
    unsigned step = 0;                  // of back-off: failed attempts in a row; 0: none
    Duration retry_in{};
    WallTime unreachable_since{};
    std::uint32_t disabled_today = 0;  // registrations, by errors or unreachability
    WallTime last_success{};
    WallTime last_error_at{};
    std::string last_error;

    bool backing_off() const { return step != 0; }
    /// What another shard has seen of the same service.
    void merge(const ServiceView& other);
};
/// The services as this shard sees them.
std::vector<ServiceView> stats(core::Context& context);

}  // namespace clarion::push
