#include "modules/push/admin.h"

#include <memory>

#include "modules/push/notification.h"
#include "modules/push/notifier.h"
#include "modules/push/registrations.h"
#include "modules/push/sender.h"
#include "modules/push/state.h"
#include "server/core/session.h"
#include "server/events/push.h"

namespace clarion::push {

namespace {

RegistrationView view(const Push& push, core::Account& account, const Registration& registration) {
    const auto& record = registration.record;
    RegistrationView view;
    view.service = record.service;
    view.has_node = record.has_node;
    view.node = record.node;
    view.device = record.device;
    view.has_publish_options = !record.publish_options.empty();
    const auto extensions = xml::parse_element("<all xmlns=''>" + record.extensions + "</all>");
    if (!extensions.empty())
        for (const auto& child : extensions.root().children())
            view.extensions.emplace_back(child.ns());
    view.created = record.created;
    view.last_used = record.last_used;
    view.failing_since = record.failing_since;
    view.errors = record.errors;
    view.waiting = push.sender->waits(account.id(), registration);
    return view;
}

ServiceView view(const std::string& jid, const Service& service, SteadyTime now) {
    ServiceView view;
    view.service = jid;
    view.sent = service.stats.sent;
    view.answered = service.stats.answered;
    view.unanswered = service.stats.unanswered;
    view.failed_attempts = service.stats.failed_attempts;
    view.errors = service.stats.errors;
    view.latency_p50 = service.stats.latency.quantile(0.5);
    view.latency_p95 = service.stats.latency.quantile(0.95);
    view.latency_p99 = service.stats.latency.quantile(0.99);
    view.outstanding = service.link.outstanding();
    view.waiting = service.waiting.size();
    view.backing_off = !service.link.up();
    if (view.backing_off && service.link.retry_at() > now)
        view.retry_in = std::chrono::duration_cast<Duration>(service.link.retry_at() - now);
    view.last_success = service.stats.last_success;
    view.last_error_at = service.stats.last_error_at;
    view.last_error = service.stats.last_error;
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

}  // namespace

std::vector<RegistrationView> list(core::Account& account) {
    std::vector<RegistrationView> views;
    const Push* push = find_push(account.core());
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
    account.core().bus().fire(events::PushPing{account, service, node});
    return count;
}

std::size_t remove(core::Account& account, std::string_view service, std::string_view node) {
    Push* push = find_push(account.core());
    return push ? push->registrations->remove(account, service, node.empty() ? nullptr : &node) : 0;
}

void test(core::Account& account, std::function<void(TestStep)> step,
          std::function<void()> finished) {
    const auto run = std::make_shared<TestRun>(std::move(step), std::move(finished));
    Push* push = find_push(account.core());
    if (!push) return run->step({{}, {}, "push is not installed", false});
    const auto all = push->registrations->all(account);
    if (all.empty())
        run->step({{}, {}, "no registration: no client of this account has enabled push", false});
    for (const auto seq : all) {
        Registration* registration = push->accounts.of(account).find(seq);
        if (!registration) continue;
        const std::string service = registration->record.service;
        const std::string node = node_tag(registration->record);
        run->step({service, node, "registered", true});
        const Notifier::Cause cause{.received = push->core.clock().wall()};
        const auto owed =
            push->notifier->owe(account, *registration, cause, {true, false, Reason::ping});
        if (owed)
            owed->witness = [run, service, node](std::string_view text, bool ok) {
                run->step({service, node, std::string(text), ok});
            };
        else
            run->step({service, node, "a module stopped it", false});
    }
}

std::vector<ServiceView> stats(core::Core& core) {
    std::vector<ServiceView> views;
    if (const Push* push = find_push(core))
        for (const auto& [jid, service] : push->sender->services())
            views.push_back(view(jid, service, core.clock().steady()));
    return views;
}

}  // namespace clarion::push
