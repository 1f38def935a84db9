#include "modules/push/push.h"

#include "base/log.h"
#include "modules/push/enable.h"
#include "modules/push/hibernation.h"
#include "modules/push/notifier.h"
#include "modules/push/publish_log.h"
#include "modules/push/queue_rules.h"
#include "modules/push/registrations.h"
#include "modules/push/sender.h"
#include "modules/push/state.h"
#include "proto/ns.h"
#include "server/events/account_events.h"
#include "server/events/s2s_events.h"
#include "server/events/server_events.h"

namespace clarion::push {

namespace {

constexpr Logger logger{"push"};

using core::Flow;
using core::IqRequest;
using core::IqTarget;

/// The device is here again: it will read what it missed.
void forget_unread(Push& push, core::Session& session) {
    for (const auto seq : push.registrations->of_device(session.account(), session.device()))
        if (Registration* registration = push.accounts.of(session.account()).find(seq)) {
            registration->unsaved = registration->unsaved || registration->record.unread != 0;
            registration->record.unread = 0;
        }
}

/// A device that has to log in again may be in strange hands: nothing is pushed to it until it has
/// logged in, and asks for it as every client does then.
void forget_others(Push& push, core::Account& account, const core::Session* stays) {
    for (const auto seq : push.registrations->all(account)) {
        const auto& record = push.accounts.of(account).find(seq)->record;
        if (stays && record.device == stays->device()) continue;
        logger.info("must-log-in-again",
                    {{"account", account.jid().bare()}, {"service", record.service}});
        push.registrations->remove(account, seq);
    }
}

Flow may_evict(Push& push, core::Account& account) {
    const AccountPush* mine = push.accounts.find(account);
    if (!mine) return Flow::next;
    if (mine->busy > 0) return Flow::stop;
    push.hibernation->before_evict(account);
    push.registrations->save_changed(account);
    return Flow::next;
}

void follow_accounts(core::ModuleSetup& setup, Push& push) {
    setup.on<events::AccountLoaded>(events::AccountLoaded::Stage::load, [&push](const auto& event) {
        push.registrations->load(event.account);
    });
    setup.on<events::AccountPuttingAway>(
        events::AccountPuttingAway::Stage::ask,
        [&push](auto& event) { return may_evict(push, event.account); });
    setup.on<events::LoginsRevoked>(
        events::LoginsRevoked::Stage::forget,
        [&push](const auto& event) { forget_others(push, event.account, event.stays); });
    setup.on<events::AccountDeleted>(events::AccountDeleted::Stage::drop,
                                     [&push](const auto& event) {
                                         push.sender->forget(event.account);
                                         push.accounts.clear(event.account);
                                     });
}

void follow_sessions(core::ModuleSetup& setup, Push& push) {
    using namespace events;
    setup.on<SessionBound>(SessionBound::Stage::ready,
                           [&push](const auto& event) { forget_unread(push, event.session); });
    setup.on<SessionHibernated>(SessionHibernated::Stage::push, [&push](const auto& event) {
        push.queue_rules->on_hibernated(event);
    });
    setup.on<SessionExpiring>(SessionExpiring::Stage::push, [&push](const auto& event) {
        push.hibernation->expiring(event.session);
    });
    setup.on<SessionResumed>(SessionResumed::Stage::push, [&push](const auto& event) {
        push.hibernation->resumed(event.session);
        forget_unread(push, event.session);
    });
    setup.on<SessionLost>(SessionLost::Stage::push,
                          [&push](const auto& event) { push.queue_rules->on_lost(event); });
    setup.on<AckDelayed>(AckDelayed::Stage::push,
                         [&push](const auto& event) { push.queue_rules->on_ack_delayed(event); });
    setup.on<SessionEnded>(SessionEnded::Stage::cleanup,
                           [&push](const auto& event) { push.queue_rules->on_ended(event); });
    setup.on<SessionRecording>(SessionRecording::Stage::add, [&push](auto& event) {
        push.hibernation->record(event.session, event.record);
        return Flow::next;
    });
    setup.on<HibernationLimit>(HibernationLimit::Stage::extend, [&push](auto& event) {
        event.limit = push.hibernation->longest(event.session);
        return Flow::next;
    });
    setup.on<SessionRestored>(SessionRestored::Stage::read, [&push](const auto& event) {
        push.hibernation->restore(event.session, event.record);
    });
}

void follow_messages(core::ModuleSetup& setup, Push& push) {
    using namespace events;
    setup.on<MessageReceiving>(MessageReceiving::Stage::normalise, [&push](auto& event) {
        on_affiliation(push, event);
        return Flow::next;
    });
    setup.on<MessageReceiving>(MessageReceiving::Stage::copy, [&push](auto& event) {
        push.notifier->on_receiving(event);
        return Flow::next;
    });
    setup.on<MessageSending>(MessageSending::Stage::copy, [&push](auto& event) {
        push.notifier->on_sending(event);
        return Flow::next;
    });
    setup.on<Archived>(Archived::Stage::push,
                       [&push](const auto& event) { push.notifier->on_archived(event); });
    setup.on<Undelivered>(Undelivered::Stage::notify, [&push](auto& event) {
        push.notifier->on_undelivered(event);
        return Flow::next;
    });
    setup.on<PushPing>(PushPing::Stage::send,
                       [&push](const auto& event) { push.notifier->on_ping(event); });
    setup.on<PushRequested>(PushRequested::Stage::send,
                            [&push](const auto& event) { push.notifier->on_requested(event); });
}

void follow_server(core::ModuleSetup& setup, Push& push) {
    setup.on<PushSought>(PushSought::Stage::find,
                         [&push](const auto& event) { event.found = &push; });
    setup.on<events::ServerStarted>(
        events::ServerStarted::Stage::react, [&push](const auto& event) {
            event.core.scope().spawn("push-last-run", push.queue_rules->learn_last_run());
            event.core.scope().spawn("push-owed", push.publish_log->resend_after_restart());
            event.core.scope().spawn("push-after-restart", push.hibernation->sweep_after_restart());
        });
    setup.on<events::ServerStopping>(
        events::ServerStopping::Stage::save, [&push](const auto& event) {
            push.publish_log->erase_settled();
            event.core.accounts().for_each(
                [&push](core::Account& account) { push.registrations->save_changed(account); });
        });
    // Fired where the domain lives; each shard has its own view of its services.
    setup.on<events::DomainReachable>(events::DomainReachable::Stage::react, [](const auto& event) {
        event.core.everywhere([domain = std::string(event.domain)](core::Core& core) {
            if (Push* there = find_push(core)) there->sender->domain_reachable(domain);
        });
    });
}

}  // namespace

void PushOptions::declare(OptionTable<PushOptions>& t) {
    using namespace std::chrono_literals;
    t.section("push", "Push notifications (XEP-0357).").per_host().live();
    t.add("max_errors", &PushOptions::max_errors)
        .min(1)
        .doc("Errors in a row, except those of type wait, after which a registration is removed.");
    t.add("max_devices", &PushOptions::max_devices)
        .min(1)
        .max(1000)
        .doc(
            "Registrations of one account; one more removes the one that was enabled longest ago.");
    t.add("max_hibernation_timeout", &PushOptions::max_hibernation_timeout)
        .min(1s)
        .doc(
            "How long a session with push hibernates until something important happens; from then "
            "it "
            "has smacks.hibernation_time.");
    t.add("notification_with_body", &PushOptions::notification_with_body)
        .doc("Tell push services the text of important messages.");
    t.add("notification_with_sender", &PushOptions::notification_with_sender)
        .doc("Tell push services who sent a message.");
    t.add("notification_important_body", &PushOptions::notification_important_body)
        .doc(
            "Stands for the text of an important message, which is how push services know it is "
            "important; empty: nothing does.");
    t.add("coalesce_time", &PushOptions::coalesce_time)
        .min(0ms)
        .max(longest_window)
        .doc(
            "A notification for a hibernating session covers what is queued within this time after "
            "it.");
    t.add("restart_grace", &PushOptions::restart_grace)
        .min(0ms)
        .doc(
            "After a restart, sessions that did not come back in this time are notified of what "
            "they missed.");
    t.add("answer_timeout", &PushOptions::answer_timeout)
        .min(1s)
        .doc(
            "A service that sends nothing at all for this long while publishes wait for an answer "
            "is unreachable.");
    t.add("unreachable_disables_after", &PushOptions::unreachable_disables_after)
        .min(1s)
        .doc("A registration whose service could not be reached for this long is removed.");
    t.add("message_count", &PushOptions::message_count)
        .choices({"one", "unread"})
        .doc("What message-count says: always one, or how many messages the device has missed.");
    t.add("min_interval", &PushOptions::min_interval)
        .min(0ms)
        .doc(
            "At least this long between two notifications to one registration, calls excepted; 0: "
            "no limit.");
    t.add("wake_before_timeout", &PushOptions::wake_before_timeout)
        .min(0ms)
        .doc(
            "Wake the client of a hibernating session once, this long before the session expires; "
            "0: "
            "do not.");
    t.add("gone_disables_at_once", &PushOptions::gone_disables_at_once)
        .doc("Remove a registration at the first error gone or item-not-found.");
    t.add("max_outstanding_per_service", &PushOptions::max_outstanding_per_service)
        .min(1000)
        .doc(
            "Publishes to one service, per worker, that may wait for an answer; beyond, each "
            "registration's newest notification waits.");
    t.add("max_node_size", &PushOptions::max_node_size)
        .min(256)
        .max(65536)
        .unit("bytes")
        .doc("The longest node a client may register.");
    t.add("max_enable_size", &PushOptions::max_enable_size)
        .min(1024)
        .max(262144)
        .unit("bytes")
        .doc("The largest <enable/> element a client may send.");
}

void declare_options(OptionRegistry& registry) { registry.add<PushOptions>(); }

void install(core::ModuleSetup& setup) {
    Push& push = setup.state<Push>(setup);
    setup.account_feature(ns::push);
    setup.serve(IqTarget::account, StanzaType::set, ns::push, "enable",
                [&push](IqRequest& request) { return on_enable(push, request); });
    setup.serve(IqTarget::account, StanzaType::set, ns::push, "disable",
                [&push](IqRequest& request) { return on_disable(push, request); });
    follow_accounts(setup, push);
    follow_sessions(setup, push);
    follow_messages(setup, push);
    follow_server(setup, push);
}

}  // namespace clarion::push
