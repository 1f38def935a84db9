// What the two sides of presence share: an account and one of its contacts (RFC 6121, sections 3
// and 4).
//
// Plain functions on the account's shard. The stanzas they make leave through the router; the
// roster changes they make are in the turn's batch. Who sends presence: send_presence.cpp; who
// receives it: deliver_presence.cpp.
#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "proto/jid.h"
#include "proto/stanza.h"
#include "server/core/accounts/roster.h"
#include "server/core/accounts/subscription.h"

namespace clarion::core {

class Account;
class Session;

/// What a session's stored presence looks like: with the time at which it was sent (XEP-0203), for
/// who hears of it later.
StanzaPtr stamped_presence(const Stanza& presence, const Session& session);

// The addresses to which a session has sent presence of its own accord (section 4.6): they hear
// when it goes.
/// False: there are as many, or as long ones, as max_directed_presence and max_directed_bytes of
/// [c2s] allow.
bool remember_directed(Session& session, const Jid& who);
void forget_directed(Session& session, const Jid& who);
/// All of them; returns them.
std::vector<Jid> forget_all_directed(Session& session);
/// All those of which `wanted` is true; returns them.
std::vector<Jid> forget_directed_if(Session& session,
                                    const std::function<bool(const Jid&)>& wanted);
/// Presence, available or not, from one of them has come: who is gone is forgotten, unless it is a
/// room that says under which nickname the session goes on (XEP-0045, 7.6), or as what it is there
/// (7.2.9): then that is the address to say goodbye to.
void follow_directed(Session& session, const Stanza& presence);

/// Whether what the server sends in the account's name may go there (events::PresenceSending).
bool may_tell(Account& account, const Jid& to);

/// What others are shown of an available session: its presence, and what modules add to it
/// (events::PresenceShowing).
StanzaPtr shown_presence(Session& session);

/// The current presence of each available resource again, to all who see it: what modules add has
/// changed. Those whom presence was addressed to are left out.
void show_presence_again(Account& account);

/// The current presence of each available resource of the account, to one who may see it: a bare or
/// full JID. Returns how many there are.
int show_presence(Account& account, const Jid& to);

/// Unavailable presence of each available resource, to one who may see it no longer.
void hide_presence(Account& account, const Jid& to);

/// What a probe gets that its sender may not have answered, from the bare address and with its id
/// (section 4.3.2, rule 1; 4.3.2.1). The same for an account that does not exist, so that nobody
/// learns which do.
StanzaPtr refuse_probe(const Stanza& probe);

/// Asks a contact for its presence, for the account's available resources (section 4.3.1).
void probe_contact(Account& account, const Jid& contact);

/// A subscription stanza in the account's name: from its bare JID (RFC 6121, 3).
void send_subscription(Account& account, const Jid& contact, StanzaType type,
                       std::string_view id = {});

/// Brings the roster to a new state, and tells (events::RosterChanged) if clients see a difference.
/// An item of which nothing is left and that was never listed goes. `request`: the stanza, when
/// `state` is newly pending in; it is kept until it is answered.
void change_subscription(Account& account, std::string_view contact, const SubscriptionState& state,
                         const Stanza* request = nullptr);

/// Whether the roster is full (max_items and max_bytes of [roster]): no item may be listed that was
/// not.
bool roster_full(const Account& account, std::string_view contact);
/// Whether an item may become this one: it is not larger than it was, or max_bytes allow it.
bool roster_has_room(const Account& account, const RosterItem& item);

/// Removes a roster item and ends both subscriptions (RFC 6121, 2.5.2). REQUIRES: it is in the
/// roster.
void remove_contact(Account& account, const Jid& contact);

/// The account is being deleted: tells all contacts that no subscription is left.
void cancel_all_subscriptions(Account& account);

}  // namespace clarion::core
