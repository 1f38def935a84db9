#include "modules/push/push.h"

#include "modules/push/parts.h"
#include "proto/ns.h"

namespace clarion::push {

namespace {

using core::IqRequest;
using core::IqTarget;

void follow_accounts(core::ModuleSetup& setup, Push& push) {
    using namespace events;
    setup.on(AccountLoaded::Stage::load, push.registrations, &Registrations::on_loaded);
    setup.on(LoginsRevoked::Stage::forget, push.registrations, &Registrations::on_logins_revoked);
    setup.on(ClientsSought::Stage::add, push.registrations, &Registrations::on_clients_sought);
    setup.on(ClientSigningOut::Stage::forget, push.registrations, &Registrations::on_signing_out);
    setup.on(AccountEvicting::Stage::ask, push, &Push::may_evict);
    setup.on(AccountDeleted::Stage::drop, push, &Push::on_deleted);
    setup.on(RegistrationRemoved::Stage::forget, push.sender, &Sender::on_removed);
    setup.on(RegistrationRemoved::Stage::forget, push.hibernation, &Hibernation::on_removed);
    setup.on(DeviceChanged::Stage::react, push.hibernation, &Hibernation::on_device_changed);
}

void follow_sessions(core::ModuleSetup& setup, Push& push) {
    using namespace events;
    setup.on(SessionBound::Stage::begin, push.registrations, &Registrations::on_bound);
    setup.on(SessionHibernated::Stage::notify, push.queue_rules, &QueueRules::on_hibernated);
    setup.on(SessionExpiring::Stage::wake, push.hibernation, &Hibernation::on_expiring);
    setup.on(SessionExpiring::Stage::wake, push.notifier, &Notifier::on_expiring);
    setup.on(SessionResumed::Stage::go_on, push.hibernation, &Hibernation::on_resumed);
    setup.on(SessionResumed::Stage::go_on, push.registrations, &Registrations::on_resumed);
    setup.on(SessionLost::Stage::notify, push.queue_rules, &QueueRules::on_lost);
    setup.on(AckDelayed::Stage::notify, push.queue_rules, &QueueRules::on_ack_delayed);
    setup.on(SessionEnded::Stage::clean_up, push.queue_rules, &QueueRules::on_ended);
    setup.on(SessionRecording::Stage::add, push.hibernation, &Hibernation::on_recording);
    setup.on(SessionRestored::Stage::read, push.hibernation, &Hibernation::on_restored);
    setup.on(HibernationLimit::Stage::extend, push.hibernation, &Hibernation::on_limit);
}

void follow_messages(core::ModuleSetup& setup, Push& push) {
    using namespace events;
    setup.on(MessageReceiving::Stage::normalise, push.enabling, &Enabling::on_receiving);
    setup.on(MessageReceiving::Stage::notify, push.notifier, &Notifier::on_receiving);
    setup.on(MessageSending::Stage::notify, push.notifier, &Notifier::on_sending);
    setup.on(Archived::Stage::notify, push.notifier, &Notifier::on_archived);
    setup.on(Undelivered::Stage::notify, push.notifier, &Notifier::on_undelivered);
    setup.on(Undelivered::Stage::notify, push.queue_rules, &QueueRules::on_undelivered);
    setup.on(PushPing::Stage::send, push.notifier, &Notifier::on_ping);
    setup.on(PushRequested::Stage::send, push.notifier, &Notifier::on_requested);
}

void follow_server(core::ModuleSetup& setup, Push& push) {
    using namespace events;
    setup.on(PushSought::Stage::find, push, &Push::on_sought);
    setup.on(PartitionsAcquired::Stage::recover, push, &Push::on_acquired);
    setup.on(PartitionsReleased::Stage::hand_over, push, &Push::on_released);
    setup.on(PartitionsLost::Stage::drop, push, &Push::on_partitions_lost);
    setup.on(ServerStopping::Stage::save, push, &Push::on_stopping);
    setup.on(DomainReachable::Stage::react, push.outage, &Outage::on_reachable);
}

void declare_bounds(OptionTable<PushOptions>& t) {
    t.add("gone_disables_at_once", &PushOptions::gone_disables_at_once)
        .doc("Remove a registration at the first error gone or item-not-found.");
    t.add("max_outstanding_per_service", &PushOptions::max_outstanding_per_service)
        .min(1000)
        .doc(
            "Publishes to one service, per worker, that may wait for an answer; beyond, each "
            "registration's newest notification waits.");
    t.add("max_unproved_per_hour", &PushOptions::max_unproved_per_hour)
        .min(0)
        .doc(
            "Notifications that one account may have sent within an hour to addresses at one "
            "domain that have never accepted one; beyond, each registration's newest one waits "
            "until one is accepted, or for the rest of the hour. So nobody has this server flood "
            "an address that is no push service. A component of this server needs no proof. 0: "
            "any number.");
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
    t.add("max_publish_options_size", &PushOptions::max_publish_options_size)
        .min(256)
        .max(262144)
        .unit("bytes")
        .doc("The largest form of publish-options in it: each notification has a copy.");
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
    t.add("public_rooms", &PushOptions::public_rooms)
        .choices({"on-mention", "always"})
        .doc(
            "What is told of rooms that anybody may find and enter, if the user has set nothing "
            "else for the room (XEP-0492) and the app has no filter of its own: mentions of the "
            "user and replies, or all. Of other rooms all is told.");
    t.add("max_room_questions", &PushOptions::max_room_questions)
        .min(1)
        .unit("rooms")
        .doc(
            "Rooms that are asked at the same time, for one account, whether anybody may find and "
            "enter them. Until a room has answered, all of it is told.");
    t.add("max_rooms_asked", &PushOptions::max_rooms_asked)
        .min(1)
        .unit("rooms")
        .doc(
            "Rooms of one account whose answer is kept in memory; beyond, they are asked again. "
            "That of rooms its devices are in is stored with their place.");
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
    declare_bounds(t);
}

void declare_options(OptionRegistry& registry) { registry.add<PushOptions>(); }

void install(core::ModuleSetup& setup) {
    Push& push = setup.state<Push>(setup);
    setup.account_feature(ns::push);
    setup.serve(IqTarget::account, StanzaType::set, ns::push, "enable",
                [&push](IqRequest& request) { return push.enabling.on_enable(request); });
    setup.serve(IqTarget::account, StanzaType::set, ns::push, "disable",
                [&push](IqRequest& request) { return push.enabling.on_disable(request); });
    follow_accounts(setup, push);
    follow_sessions(setup, push);
    follow_messages(setup, push);
    follow_server(setup, push);
}

}  // namespace clarion::push
