// Events in the life of a session.
#pragma once

#include <memory>
#include <string_view>

#include "server/core/routing/envelope.h"
#include "server/runtime/event_bus.h"
#include "storage/accounts.h"
#include "storage/sessions.h"

namespace clarion::core {
class Account;
class Session;
class UnackedStanza;
enum class SessionEnd : std::uint8_t;
}  // namespace clarion::core

namespace clarion::events {

/// A resource was bound; its stream management is not enabled yet and it sent no presence.
struct SessionBound {
    enum class Stage { begin };
    static constexpr std::string_view name = "SessionBound";
    core::Session& session;
};

/// A stanza is about to go to the client. `hold` may take it away (CSI): then stop. Not fired for
/// what was held and is now let go.
struct SessionSending {
    enum class Stage { hold };
    static constexpr std::string_view name = "SessionSending";
    static constexpr auto kind = core::EventKind::stoppable;
    core::Session& session;
    core::Envelope& envelope;
};

/// A stanza that waited (among the offline messages, in the queue of a hibernating session, behind
/// others, held back) is about to be handed to a client, or to take another way to one. Stop: its
/// user wants it no more, and it goes nowhere.
struct HandingOver {
    enum class Stage { screen };
    static constexpr std::string_view name = "HandingOver";
    static constexpr auto kind = core::EventKind::stoppable;
    core::Account& account;
    const Stanza& stanza;
};

/// Its client is out of reach: it begins to hibernate now, or ends. Who held stanzas back gives
/// them up, in order: they join the hibernating queue, or go where what is unacknowledged goes.
struct SessionDetaching {
    enum class Stage { release };
    static constexpr std::string_view name = "SessionDetaching";
    static constexpr auto kind = core::EventKind::fill_in;
    core::Session& session;
    std::vector<core::Envelope>& held;
};

/// It began to hibernate; its queue is written. (smacks-hibernation-start)
struct SessionHibernated {
    enum class Stage { notify };
    static constexpr std::string_view name = "SessionHibernated";
    core::Session& session;
    /// What was unacknowledged at that moment, oldest first.
    const std::vector<core::UnackedStanza>& unacked;
};

/// It will expire soon, and somebody asked to be told in time (Hibernation::set_expiry): wake its
/// client.
struct SessionExpiring {
    enum class Stage { wake };
    static constexpr std::string_view name = "SessionExpiring";
    core::Session& session;
};

/// It woke up: a connection took it over, <resumed/> is written. (smacks-hibernation-end)
struct SessionResumed {
    enum class Stage { go_on };
    static constexpr std::string_view name = "SessionResumed";
    core::Session& session;
};

/// The client left stanzas unacknowledged for max_ack_delay; of each stanza once.
/// (smacks-ack-delayed)
struct AckDelayed {
    enum class Stage { notify };
    static constexpr std::string_view name = "AckDelayed";
    core::Session& session;
};

/// It is over; still in the account's list, its port gone.
struct SessionEnded {
    enum class Stage { clean_up };
    static constexpr std::string_view name = "SessionEnded";
    core::Session& session;
    core::SessionEnd why;
};

/// It was live when the server died, and its client did not come back within the grace. It has
/// ended; what it had not acknowledged is in the archive or among the offline messages.
struct SessionLost {
    enum class Stage { notify };
    static constexpr std::string_view name = "SessionLost";
    std::shared_ptr<core::Session> session;
};

/// How long may this session hibernate if its connection is lost now? `limit` is [smacks]
/// hibernation_time of the host; `extend` may raise it (push). What the client itself asked for is
/// applied afterwards. Its answer is what <enabled max='…'/> says.
struct HibernationLimit {
    enum class Stage { extend };
    static constexpr std::string_view name = "HibernationLimit";
    static constexpr auto kind = core::EventKind::fill_in;
    core::Account& account;
    core::Session& session;
    Duration& limit;
};

/// The record of a hibernating session is being written: modules add their part.
struct SessionRecording {
    enum class Stage { add };
    static constexpr std::string_view name = "SessionRecording";
    static constexpr auto kind = core::EventKind::fill_in;
    core::Session& session;
    storage::HibernatingSession& record;
};
/// A hibernating session was made from its record: modules take their part.
struct SessionRestored {
    enum class Stage { read };
    static constexpr std::string_view name = "SessionRestored";
    core::Session& session;
    const storage::HibernatingSession& record;
};

}  // namespace clarion::events
