// Push: wakes phones (XEP-0357 0.4.1; docs/push-rules.md is the specification,
// docs/design/004-push.md the why).
//
//     policy             which stanza notifies whom, and how urgent it is      pure
//     hibernation_times  how long a session with push hibernates               pure
//     coverage           what has been notified already                        pure
//     notification       the stanza that is published                          pure
//     service            back-off and health of one push service               pure
//     registrations      what devices asked for, kept with the account
//     enable             <enable/>, <disable/>, and a service that ends it
//     mentions           whether a message in a room speaks to somebody        pure
//     notifier           events -> policy -> notifications that are pending
//     queue_rules        those about a session's queue: R3, R4, R5
//     composer           what a notification says; other modules see it
//     publish_log        what must go out also after a crash
//     sender             pending and durable -> published -> answered, or waits
//     turns              those who wait, in order
//     answers            what results and errors mean
//     outage             services that cannot be reached: one attempt for the whole server
//     failed_attempts    what they count for
//     hibernation        the end of hibernation, and what survives a restart
//     parts              all of them, on one shard
//     admin              what clarionctl push shows and does, on one shard
//     admin_commands     its commands
//
// All state lives on the shard of its account; nothing here is shared between shards.
#pragma once

#include <cstdint>
#include <string>

#include "base/option.h"
#include "server/core/setup/module.h"

namespace clarion::push {

struct PushOptions {
    std::int64_t max_errors = 16;
    std::int64_t max_devices = 5;
    Duration max_hibernation_timeout = std::chrono::hours(72);
    bool notification_with_body = false;
    bool notification_with_sender = false;
    std::string notification_important_body = "New Message!";
    Duration coalesce_time = std::chrono::seconds(1);
    Duration restart_grace = std::chrono::seconds(10);
    Duration answer_timeout = std::chrono::seconds(60);
    Duration unreachable_disables_after = std::chrono::hours(72);
    std::string message_count = "one";
    std::string public_rooms = "on-mention";
    std::int64_t max_room_questions = 10;
    std::int64_t max_rooms_asked = 200;
    Duration min_interval = std::chrono::seconds(0);
    Duration wake_before_timeout = std::chrono::seconds(0);
    bool gone_disables_at_once = false;
    std::int64_t max_outstanding_per_service = 2000;
    std::int64_t max_unproved_per_hour = 100;
    std::int64_t max_node_size = 4096;
    std::int64_t max_enable_size = 16384;
    std::int64_t max_publish_options_size = 2048;
    static void declare(OptionTable<PushOptions>& table);
};

/// For the row in modules/all.cpp.
void install(core::ModuleSetup& setup);
void declare_options(OptionRegistry& registry);

}  // namespace clarion::push
