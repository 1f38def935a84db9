// SessionOutlet: where goes on what a session sends of its client's presence, and what it could not
// deliver. Implemented by Delivery (core/delivery/delivery.h), which knows all sessions of an
// account.
#pragma once

#include "server/core/routing/envelope.h"

namespace clarion::core {

class Account;
class Session;

class SessionOutlet {
public:
    /// A client's presence without 'to', or directed, or subscription: RFC 6121 sections 3 and 4,
    /// sender's side.
    virtual void send_presence(Session& session, Envelope envelope) = 0;
    /// The session ended, hibernated past its time, or is replaced: unavailable to all who saw it
    /// available.
    virtual void send_unavailable(Session& session) = 0;
    /// A message that was unacknowledged when `ended` ended: to another session, or Undelivered
    /// (ended).
    virtual void redeliver(Account& account, Session* ended, Envelope envelope) = 0;

protected:
    ~SessionOutlet() = default;
};

}  // namespace clarion::core
