// Requests to subscribe that come with a token (XEP-0379, 3.4), for accounts at home on this shard.
//
// With that of an open contact invitation of exactly this account they are granted in its name, and
// the account asks in turn, whether anybody is logged in or not. With any other they are requests
// like all others. No client ever sees a token: what is passed on, and kept, goes without.
#pragma once

#include <string>

#include "base/task.h"
#include "proto/stanza.h"
#include "server/core/accounts/roster.h"
#include "server/core/events/presence_events.h"
#include "server/core/setup/module.h"
#include "server/runtime/ticket.h"

namespace clarion::registration::invitations {

/// The same stanza without its tokens.
StanzaPtr without_tokens(const Stanza& presence);

class SubscribeRequests {
public:
    explicit SubscribeRequests(core::ModuleSetup& setup) : context_(setup.context()) {}

    core::Flow on_presence(events::PresenceReceiving& event);

private:
    /// What is to be decided: its stanza is not acknowledged meanwhile.
    struct Request {
        StanzaPtr stanza;  // as it came
        std::string account;
        std::string key;  // of the invitation
        core::Ticket ticket;
    };
    Task<> decide(Request request);
    Task<Result<>> try_to_grant(const Request& request);
    void pass_on(const Request& request, StanzaPtr stanza) const;

    core::Context& context_;
};

}  // namespace clarion::registration::invitations
