// Events of subscriptions between an account and its contacts.
#pragma once

#include <string_view>

#include "server/core/routing/envelope.h"
#include "server/runtime/event_bus.h"

namespace clarion::core {
class Account;
}  // namespace clarion::core

namespace clarion::events {

/// A contact granted, cancelled or ended a subscription and that changed something: for interested
/// resources, ahead of the RosterChanged that follows (RFC 6121, 3.1.6, 3.2.3, 3.3.3).
struct SubscriptionAnswered {
    enum class Stage { deliver };
    static constexpr std::string_view name = "SubscriptionAnswered";
    core::Account& account;
    const core::Envelope& envelope;
};

}  // namespace clarion::events
