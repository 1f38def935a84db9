// Binding a resource (RFC 6120, section 7): an account gets a session on an authenticated stream.
//
// A function with a result: whoever asked (RFC 6120's <bind/>, and others that may come) tells the
// client what became of it, in its own words.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/task.h"
#include "proto/jid.h"
#include "proto/stanza_error.h"

namespace clarion::core {

class Context;
class Session;
class SessionPort;

struct BindRequest {
    Jid account;           // bare; it has authenticated
    std::string resource;  // as the client wants it; empty: one is made
    std::string device{};  // Session::device(); empty: the resource
    /// Set once nobody wants the session any more; nullptr: cannot happen. The caller owns it.
    const bool* abandoned = nullptr;
};

struct Bound {
    std::shared_ptr<Session> session;      // nullptr: there is none
    std::optional<StanzaError> refused{};  // why; nullopt: the account is gone, or leaves this
                                           // shard, or it was abandoned
};

/// Makes the session, which writes to `port`. One that has the resource is replaced, and what it
/// held is there for the new one. On the account's shard.
/// The caller answers and calls begin_session(), both before its next co_await.
Task<Bound> bind_resource(Context& context, SessionPort& port, BindRequest request);

/// The client knows its address: from here on the session is everybody's.
void begin_session(Session& session);

}  // namespace clarion::core
