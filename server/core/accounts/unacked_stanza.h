// UnackedStanza: one stanza that was sent to a client and not acknowledged (XEP-0198).
//
// In memory while its session is live (StreamManagement), in storage while it hibernates
// (Hibernation).
#pragma once

#include <utility>

#include "proto/stanza.h"
#include "server/core/routing/envelope.h"
#include "storage/offline_messages.h"

namespace clarion::core {

class Account;

struct UnackedStanza {
    UnackedStanza() = default;
    explicit UnackedStanza(Envelope&& envelope)
        : stanza(std::move(envelope.stanza)), meta(envelope.meta) {}
    /// In memory, in bytes; 0: it has no stanza.
    std::uint32_t cost() const { return stanza ? static_cast<std::uint32_t>(stanza->cost()) : 0; }
    Envelope to_envelope() && { return {.stanza = std::move(stanza), .meta = meta}; }

    StanzaPtr stanza;
    storage::StanzaMeta meta;
};

/// What storage keeps of one that waits for a hibernating session: no bytes if the archive has it.
storage::KeptStanza to_kept(const UnackedStanza& sent);
storage::KeptStanza to_kept(Envelope& envelope);
/// And back; what the log keeps is without the owner's stanza-id. Without its stanza if that cannot
/// be read.
UnackedStanza from_kept(const storage::KeptStanza& kept, const Account& owner);

/// An empty message in the place of one that has a number, because the client counts, and cannot be
/// sent.
StanzaPtr make_filler(const Jid& client);

}  // namespace clarion::core
