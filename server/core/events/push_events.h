// Events of push (docs/push-rules.md, "Extension points on the bus").
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "proto/stanza.h"
#include "server/core/events/push_registration.h"
#include "server/core/routing/envelope.h"
#include "server/runtime/event_bus.h"

namespace clarion::core {
class Account;
class Session;
}  // namespace clarion::core

namespace clarion::events {

/// A client enables push: refuse with an error by setting it and stopping.
/// (cloud_notify/registration)
struct PushRegistering {
    enum class Stage { check };
    static constexpr std::string_view name = "PushRegistering";
    static constexpr auto kind = core::EventKind::stoppable;
    core::Account& account;
    core::Session& session;
    const xml::Element& enable;
    events::PushRegistration& registration;
    std::optional<StanzaError> error{};
};

/// What a registration asked for beyond the ordinary and the rules know of.
struct PushWishes {
    bool call_answers = false;        // to hear that a call was answered elsewhere (R7)
    bool rooms_are_filtered = false;  // by itself: nobody else says what it hears of rooms
};

/// A registration is being read, because it was enabled or its account was loaded: say what it
/// asked for.
struct PushRegistrationReading {
    enum class Stage { read };
    static constexpr std::string_view name = "PushRegistrationReading";
    static constexpr auto kind = core::EventKind::fill_in;
    core::Account& account;
    const events::PushRegistration& registration;
    const xml::Element& enable;  // as of PushSending
    PushWishes& wishes;
};

/// A message to all in a room may be notified: say whether its user wants to hear of it, by what is
/// set for that room or by default. Asked for registrations that have no filter of rooms themselves.
struct PushRoomJudging {
    enum class Stage { judge };
    static constexpr std::string_view name = "PushRoomJudging";
    static constexpr auto kind = core::EventKind::fill_in;
    enum class Verdict { wanted, muted, not_mentioned };
    core::Account& account;
    const Stanza& message;
    Verdict verdict = Verdict::wanted;
};

/// Somebody wants notifications beyond the rules R1 to R7, as an extension a client asked for says.
/// Never of what a registration was notified of before (R9), and only once what this turn wrote is
/// durable.
struct PushRequested {
    enum class Stage { send };
    static constexpr std::string_view name = "PushRequested";
    core::Account& account;
    const core::Envelope* envelope = nullptr;  // nullptr: no message attached
    bool clear = false;                        // nothing is unread any more: message-count 0
    std::function<bool(const events::PushRegistration&)> wants;
};

/// A notification is about to be published: change it, or stop it with a reason.
/// (cloud_notify/push)
struct PushSending {
    enum class Stage { filter, compose, encrypt };
    static constexpr std::string_view name = "PushSending";
    static constexpr auto kind = core::EventKind::stoppable;
    core::Account& account;
    const events::PushRegistration& registration;
    const xml::Element&
        enable;  // what its client asked for: other attributes and children of its <enable/>
    const Stanza* cause;  // nullptr: no message attached (ping)
    bool important;
    bool urgent;           // a call, or that a call was answered
    std::uint64_t unread;  // important messages since the device was last here; what a badge shows
    xml::Element& notification;  // <notification/> with the summary form in it
    std::string_view reason{};   // why it was stopped
};

/// Somebody wants notifications with no message attached. Empty service or node: all.
/// (cloud-notify-ping)
struct PushPing {
    enum class Stage { send };
    static constexpr std::string_view name = "PushPing";
    core::Account& account;
    std::string_view service;
    std::string_view node;
};

/// A publish was answered with an error, or its service is unreachable; of a registration that
/// waited through several attempts once for all of them.
struct PushFailed {
    enum class Stage { react };
    static constexpr std::string_view name = "PushFailed";
    core::Account& account;
    const events::PushRegistration& registration;
    std::string_view condition;
};

/// A registration was removed by errors or by its service.
struct PushDisabled {
    enum class Stage { react };
    static constexpr std::string_view name = "PushDisabled";
    core::Account& account;
    const events::PushRegistration& registration;
};

}  // namespace clarion::events
