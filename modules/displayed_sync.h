// Message Displayed Synchronization (XEP-0490): what was read on one device is read on all.
//
// Clients keep up to where they have displayed each chat in a node of their account, which
// modules/pubsub serves. What is here is the server's assist: a client that tells a contact so
// (XEP-0333) says it to its own account with the same message, in an element that becomes the
// publication. The item is called as the message is addressed, word for word; what it says is
// opaque to the server.
//
// The element is for this server alone and says which archive has what: it is taken out of every
// message before anybody archives, copies or sends it, also of one that comes from elsewhere, and
// on hosts that do not have the module. It is published only for the account's own client, once
// nothing keeps the message from going its way (a blocked contact), and not of an error.
//
// The message does not wait for it, but the client's count of handled stanzas does (XEP-0198): what
// is acknowledged is published. One publication of an account is under way at a time; of those that
// wait meanwhile each chat's newest stays. How many there can be is bounded by the window of what a
// client has sent and is not acknowledged ([c2s] max_ack_window and max_ack_window_bytes).
//
// A node that it makes is configured as the XEP wants it, for the owner alone. One that is there
// and is open to others gets nothing: it would tell them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "proto/stanza.h"
#include "server/core/setup/module.h"

namespace clarion::displayed_sync {

/// Up to where a chat was displayed.
struct Displayed {
    std::string chat;     // the item's id
    std::string payload;  // the item: <displayed/> with a <stanza-id/>
};

/// What the message says about it; nothing: nothing, or not as the XEP writes it.
std::optional<Displayed> read_displayed(const Stanza& message);

/// What is to be published for an account, one of each chat, oldest first.
class Waiting {
public:
    struct Entry {
        Displayed displayed;
        Jid by;  // the client that said it
        /// Of all messages that said something of this chat since one was published.
        std::vector<core::Ticket> tickets;
    };
    /// In the place of what waits for the same chat.
    void add(Displayed displayed, const Jid& by, const core::Ticket& ticket);
    /// REQUIRES: not empty.
    Entry take();
    bool empty() const { return entries_.empty(); }
    std::size_t size() const { return entries_.size(); }

private:
    std::vector<Entry> entries_;
};

void install(core::ModuleSetup& setup);

}  // namespace clarion::displayed_sync
