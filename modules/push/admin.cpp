#include "modules/push/admin.h"

#include <algorithm>
#include <memory>

#include "base/clock.h"
#include "modules/push/notification.h"
#include "modules/push/parts.h"
#include "server/core/accounts/session.h"
#include "server/core/events/push_events.h"
#include "server/runtime/event_bus.h"

namespace clarion::push {

namespace {

RegistrationView view(const Push& push, core::Account& account, const Registration& registration) {
    const auto& record = registration.record;
    RegistrationView view;
    view.service = record.service;
    view.has_node = record.has_node;
    view.node = record.node;
    view.tag = node_tag(record);
    view.device = record.device;
    view.has_publish_options = !record.publish_options.empty();
    const auto extensions = xml::parse_element("<all xmlns=''>" + record.extensions + "</all>");
    if (!extensions.empty())
        for (const auto& child : extensions.root().children())
            view.extensions.emplace_back(child.ns());
    view.created = record.created;
    view.last_used = record.last_used;
    const auto missed = push.attempts.missed(account.id(), registration);
    const LastingTime failing_since =
        record.failing_since != LastingTime{} ? record.failing_since : missed.failing_since;
    if (failing_since != LastingTime{})
        view.failing_since = push.context.clock().on_calendar(failing_since);
    view.errors = record.errors + missed.attempts;
    view.waiting = push.sender.waits(account.id(), registration);
    return view;
}

ServiceView view(const std::string& jid, const Service& service, SteadyTime steady, WallTime wall) {
    ServiceView view;
    const ServiceStats& stats = service.stats;
    view.service = jid;
    view.sent = stats.sent;
    view.answered = stats.answered;
    view.unanswered = stats.unanswered;
    view.refused_since_success = stats.refused_since_success;
    view.errors = stats.errors;
    view.latency = stats.latency.counts();
    view.outstanding = service.link.outstanding();
    view.waiting = service.waiting.size() + service.renewing.size();
    view.failed_attempts = service.link.failures();
    view.step = service.link.step();
    if (view.backing_off() && service.link.retry_at() > steady)
        view.retry_in = std::chrono::duration_cast<Duration>(service.link.retry_at() - steady);
    view.unreachable_since = stats.unreachable_since;
    view.disabled_today = stats.disabled.value(wall);
    view.last_success = stats.last_success;
    view.last_error_at = stats.last_error_at;
    view.last_error = stats.last_error;
    return view;
}

/// Says that the test is over when the last publish of it is.
struct TestRun {
    TestRun(std::function<void(TestStep)> each, std::function<void()> end)
        : step(std::move(each)), finished(std::move(end)) {}
    TestRun(const TestRun&) = delete;
    TestRun& operator=(const TestRun&) = delete;
    ~TestRun() { finished(); }

    std::function<void(TestStep)> step;
    std::function<void()> finished;
};

bool chosen(const events::PushRegistration& record, std::string_view service,
            std::string_view node) {
    return (service.empty() || record.service == service) && (node.empty() || record.node == node);
}

void test_one(Push& push, core::Account& account, Registration& registration,
              const std::shared_ptr<TestRun>& run) {
    const std::string service = registration.record.service;
    const std::string node = node_tag(registration.record);
    const auto pending = push.notifier.add_pending(
        account, registration, {.meta = {.received = push.context.clock().wall()}},
        {true, false, Reason::ping});
    if (!pending)
        return run->step({service, node, "publish", "stopped by a module: see the log", false});
    pending->witness = [run, service, node](std::string_view text, bool ok) {
        const bool published = text.starts_with("published");
        run->step({service, node, published ? "publish" : "answer", std::string(text), ok});
    };
}

}  // namespace

std::vector<RegistrationView> list(core::Account& account) {
    std::vector<RegistrationView> views;
    const Push* push = find_push(account.context());
    const AccountPush* mine = push ? push->accounts.find(account) : nullptr;
    if (!mine) return views;
    for (const Registration& registration : mine->registrations)
        views.push_back(view(*push, account, registration));
    return views;
}

std::size_t ping(core::Account& account, std::string_view service, std::string_view node) {
    std::size_t count = 0;
    for (const auto& registration : list(account))
        if ((service.empty() || registration.service == service) &&
            (node.empty() || registration.node == node))
            ++count;
    account.context().bus().fire(events::PushPing{account, service, node});
    return count;
}

std::size_t remove(core::Account& account, std::string_view service, std::string_view node) {
    Push* push = find_push(account.context());
    return push ? push->registrations.remove(account, service, node.empty() ? nullptr : &node) : 0;
}

void test(core::Account& account, std::string_view service, std::string_view node,
          std::function<void(TestStep)> step, std::function<void()> finished) {
    const auto run = std::make_shared<TestRun>(std::move(step), std::move(finished));
    Push* push = find_push(account.context());
    if (!push) return run->step({{}, {}, "registration", "push is not installed", false});
    bool any = false;
    for (const auto seq : push->registrations.all(account)) {
        Registration* registration = push->accounts.of(account).find(seq);
        if (!registration || !chosen(registration->record, service, node)) continue;
        any = true;
        test_one(*push, account, *registration, run);
    }
    if (any) return;
    const bool chose = !service.empty();
    run->step(
        {{},
         {},
         "registration",
         chose ? "there is no such registration" : "no client of this account has enabled push",
         false});
}

std::vector<ServiceView> stats(core::Context& context) {
    std::vector<ServiceView> views;
    if (const Push* push = find_push(context))
        for (const auto& [jid, service] : push->services.all())
            views.push_back(view(jid, service, context.clock().steady(), context.clock().wall()));
    return views;
}

void ServiceView::merge(const ServiceView& other) {
    sent += other.sent;
    answered += other.answered;
    unanswered += other.unanswered;
    refused_since_success += other.refused_since_success;
    for (const auto& [condition, count] : other.errors) errors[condition] += count;
    for (std::size_t i = 0; i < latency.size(); ++i) latency[i] += other.latency[i];
    outstanding += other.outstanding;
    waiting += other.waiting;
    disabled_today += other.disabled_today;
    // All shards know of each attempt; one of them makes the next.
    failed_attempts = std::max(failed_attempts, other.failed_attempts);
    if (other.backing_off()) {
        retry_in = backing_off() ? std::min(retry_in, other.retry_in) : other.retry_in;
        unreachable_since = backing_off() ? std::min(unreachable_since, other.unreachable_since)
                                          : other.unreachable_since;
    }
    step = std::max(step, other.step);
    last_success = std::max(last_success, other.last_success);
    if (other.last_error_at > last_error_at) {
        last_error_at = other.last_error_at;
        last_error = other.last_error;
    }
}

}  // namespace clarion::push
