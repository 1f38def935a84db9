// Events of the archive.
#pragma once

#include <functional>
#include <optional>
#include <string_view>

#include "base/task.h"
#include "proto/stanza_error.h"
#include "server/core/routing/envelope.h"
#include "server/runtime/event_bus.h"
#include "storage/archive.h"

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

/// Somebody searches the archive of an actor of a service for what one author said. `author` is the
/// address that was asked for; whoever knows the actor exchanges it for the one that messages are
/// archived under, or stops with why the asker may not know.
struct ActorArchiveSearching {
    enum class Stage { screen };
    static constexpr std::string_view name = "ActorArchiveSearching";
    static constexpr auto kind = core::EventKind::stoppable;
    core::Actor& owner;
    const Jid& asker;
    Jid& author;
    std::optional<StanzaError> refused{};
};

/// A page of the archive of an actor of a service was read for somebody. Whoever knows the actor says
/// what adds to it what this asker may know beside what is archived.
struct ActorArchiveShowing {
    enum class Stage { complete };
    static constexpr std::string_view name = "ActorArchiveShowing";
    static constexpr auto kind = core::EventKind::fill_in;
    core::Actor& owner;
    const Jid& asker;
    /// The actor and the page outlive what it begins.
    std::function<Task<>(storage::ArchivePage& page)> complete{};
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
