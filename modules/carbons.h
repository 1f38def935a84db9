// Message Carbons (XEP-0280): every device of an account sees both sides of every conversation.
//
// A client enables it for its session; the server then sends it a wrapped copy of each eligible
// message that another session of the account sends, or that arrives and does not reach it anyway.
// Copies come from the account's own bare JID, carry the message as the archive identifies it
// (<stanza-id/>), and end where they arrive: Envelope::is_copy keeps them out of archives, offline
// storage and further copying.
//
// The rules of section 6.1 are implemented in full and announced (urn:xmpp:carbons:rules:0).
// Whether an error answers an eligible message is remembered, not guessed: the newest 64
// messages' ids per account. Of a private message that one client sends to a room's occupant, those
// get copies that joined the room under the same nickname. Enabling survives hibernation, restarts
// included, and resumption. A message to oneself gives each session one copy: as the original or as
// received, never as sent.
//
// Every session that enabled it and is not sent the message itself gets a copy: hibernating (it
// joins the queue), with negative priority, or not available at all. Copies are sent in the turn in
// which the owner's archive gave the message its id, as the message itself is: a client sees
// originals and copies in the order of the archive.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "proto/stanza.h"
#include "server/core/setup/module.h"

namespace clarion::carbons {

enum class Direction : std::uint8_t { sent, received };

struct Verdict {
    bool copy = false;
    std::string_view reason;  // one word, for tests and logs
};

/// Whether a message that the account sends or receives is eligible for copies (XEP-0280,
/// section 6.1). `answers_copied`: for errors, whether the message that one answers was eligible
/// itself.
Verdict should_copy(const Stanza& message, Direction direction, bool answers_copied = false);

/// Which messages were eligible lately, to recognise their errors: a ring of hashes of (peer, id).
/// One per account. A message without id is not remembered; a hash collision copies one error too
/// many.
class CopiedMessages {
public:
    void remember(std::string_view peer_bare, std::string_view id);
    bool knows(std::string_view peer_bare, std::string_view id) const;

private:
    std::array<std::uint64_t, 64> hashes_{};
    std::size_t next_ = 0;
};

void install(core::ModuleSetup& setup);

}  // namespace clarion::carbons
