// push_away: notifications although somebody is connected (tigase:push:away:0).
//
// A registration with <enable away='true'/> is also notified of an important message between two
// people that reaches a connected device while the user is at none: no device that is awake, with a
// priority of 0 or more, shows itself online (no <show/>, or chat). Devices that hibernate are left
// to the ordinary rules, which cover a burst with one notification. What was told is not told again
// (docs/push-rules.md, R9), by whatever rule.
//
// When the user is back online on another device, a notification with message-count 0 takes the
// badge away, once, if such a registration was notified of something important meanwhile. That
// something is remembered while the account is loaded, which it is while anybody is connected.
#pragma once

#include "server/core/events/push_registration.h"
#include "server/core/setup/module.h"

namespace clarion::core {
class Account;
class Session;
}  // namespace clarion::core

namespace clarion::push::tigase {

void install_away(core::ModuleSetup& setup);

/// Whether it was enabled with away='true' (or '1', another way to write that).
bool wants_away(const events::PushRegistration& registration);
/// Whether the user is at this device.
bool is_online(const core::Session& session);

}  // namespace clarion::push::tigase
