// Events on the way of a message: from a local client, and to a local account.
#pragma once

#include <cstdint>
#include <string_view>

#include "server/core/routing/envelope.h"
#include "server/runtime/event_bus.h"

namespace clarion::core {
class Account;
class Session;
}  // namespace clarion::core

namespace clarion::events {

/// A local client sends a message; 'from' is stamped, 'to' filled in. Stop: it goes no further (the
/// handler answered it).
struct MessageSending {
    enum class Stage { screen, normalise, archive, copy, notify };
    static constexpr std::string_view name = "MessageSending";
    static constexpr auto kind = core::EventKind::stoppable;
    core::Account& account;
    core::Session& session;
    core::Envelope& envelope;
    /// Set by `archive`: where the sender's own archive has it, for the copies that `copy` makes.
    /// Nobody else's business: envelope.meta.archive_id stays unset until the recipient's archive
    /// sets it.
    storage::ArchiveId archive_id = storage::ArchiveId::none;
};

/// A message for a local account, before RFC 6121's table picks its sessions. `archive` sets
/// envelope.meta.log_id and archive_id, so that `copy` and delivery carry the stanza-id.
struct MessageReceiving {
    enum class Stage { screen, normalise, archive, copy, notify };
    static constexpr std::string_view name = "MessageReceiving";
    static constexpr auto kind = core::EventKind::stoppable;
    core::Account& account;
    core::Envelope& envelope;
};

/// A message that waited is about to be sent to a session that may have a copy from when it came.
/// Stop: it was sent one.
struct CopySought {
    enum class Stage { recall };
    static constexpr std::string_view name = "CopySought";
    static constexpr auto kind = core::EventKind::stoppable;
    core::Account& account;
    core::Session& session;
    const Stanza& stanza;
    std::uint64_t offline_seq;  // when it reached the account (Envelope::offline_seq)
};

}  // namespace clarion::events
