// OtherModules: what the modules of an account answer to one of them that asks, by the same requests
// as anybody else.
//
// A module that converts between two things (bookmarks in one form and another, a vCard and an
// avatar) keeps neither twice: it asks who keeps them. That way access, limits and notifications
// are the same for it as for a client, and it needs no other module's header.
#pragma once

#include <string_view>

#include "base/task.h"
#include "proto/stanza.h"
#include "server/core/accounts/account.h"
#include "server/core/actors/iq_table.h"

namespace clarion::core {

class Context;

class OtherModules {
public:
    /// `asking`: the module that asks, which is not asked itself. Both outlive it.
    OtherModules(Context& context, std::string_view asking) : context_(context), asking_(asking) {}

    /// `request`: an iq to the account's bare address. It is answered as if `from` had sent it, who
    /// is told what strangers are told if they may not ask: the account itself may ask anything.
    /// What a `set` did is durable when it is answered. Error "service-unavailable": nobody serves
    /// it there, or the account is gone.
    Task<IqAnswer> ask(AccountPin account, StanzaPtr request) const;

private:
    Context& context_;
    std::string_view asking_;
};

}  // namespace clarion::core
