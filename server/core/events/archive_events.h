// Events of the archive.
#pragma once

#include <string_view>

#include "server/core/routing/envelope.h"
#include "server/runtime/event_bus.h"

namespace clarion::core {
class Account;
class Actor;
}  // namespace clarion::core

namespace clarion::events {

/// An actor of a service keeps a message in its archive. Whoever keeps archives sets `id`, where it
/// is from now on, and the log id in the envelope. Ids that claim to be the owner's are removed.
struct ActorArchiving {
    enum class Stage { archive };
    static constexpr std::string_view name = "ActorArchiving";
    static constexpr auto kind = core::EventKind::fill_in;
    core::Actor& owner;
    core::Envelope& envelope;
    const Jid& with;         // who said it
    storage::ArchiveId& id;  // none: it was not kept
};

/// A message for this account was written to its archive (envelope.meta.archive_id says where). Not
/// fired for own outgoing messages. (archive-message-added)
struct Archived {
    enum class Stage { notify };
    static constexpr std::string_view name = "Archived";
    core::Account& account;
    const core::Envelope& envelope;
};

}  // namespace clarion::events
