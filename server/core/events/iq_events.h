// Events on the way of an iq: from a local client, and to a local account.
#pragma once

#include <string_view>

#include "server/core/routing/envelope.h"
#include "server/runtime/event_bus.h"

namespace clarion::core {
class Account;
class Session;
}  // namespace clarion::core

namespace clarion::events {

/// A local client sends a request or an answer; 'from' is stamped, 'to' filled in. Stop: it goes no
/// further (the handler answered it).
struct IqSending {
    enum class Stage { screen };
    static constexpr std::string_view name = "IqSending";
    static constexpr auto kind = core::EventKind::stoppable;
    core::Account& account;
    core::Session& session;
    core::Envelope& envelope;
};

/// An iq for a local account or one of its resources, the account's own among them, before a
/// handler or a session gets it.
struct IqReceiving {
    enum class Stage { screen };
    static constexpr std::string_view name = "IqReceiving";
    static constexpr auto kind = core::EventKind::stoppable;
    core::Account& account;
    core::Envelope& envelope;
};

}  // namespace clarion::events
