#include "modules/muc/probes.h"

#include <string>
#include <utility>

#include "base/clock.h"
#include "modules/muc/announce.h"
#include "modules/muc/haste.h"
#include "proto/ns.h"
#include "proto/stanza_error.h"
#include "server/core/context.h"
#include "server/core/routing/router.h"

namespace clarion::muc {

using Condition = StanzaErrorCondition;

namespace {

/// nullptr: nobody has that nickname.
std::shared_ptr<Stanza> presence_of(const Room& room, const Jid& address, const Occupant& asker) {
    if (const Occupant* const there = room.occupants().by_nick(address.resource())) {
        const bool with_jids = room.shows_jids_to(asker) || there == &asker;
        return make_presence(
            {.about = *there, .source = there->current().presence.get(), .with_jids = with_jids},
            {});
    }
    const auto user = room.store().reserved_for(room.owner(), address.resource());
    if (!user) return nullptr;
    auto away = Stanza::make(StanzaKind::presence, StanzaType::unavailable, address, {});
    const bool with_jid = room.shows_jids_to(asker);
    add_item(away->root().add("x", ns::muc_user),
             {.affiliation = room.affiliation_of(Jid::trusted(*user)),
              .role = Role::none,
              .jid = with_jid ? std::string_view(*user) : std::string_view(),
              .nick = address.resource()});
    return away;
}

}  // namespace

void answer_probe(Room& room, core::Envelope envelope) {
    const Stanza& probe = *envelope.stanza;
    if (probe.to().is_bare()) return;
    core::Router& router = room.context().router();
    const Occupant* const asker = room.occupants().by_session(probe.from());
    if (!asker)
        return router.bounce(
            std::move(envelope),
            {Condition::not_acceptable, StanzaErrorType::cancel, "you are not in this room"});
    if (!allows_presence(room, *asker, room.context().clock().steady()))
        return router.bounce(std::move(envelope), {Condition::policy_violation,
                                                   StanzaErrorType::wait, "you ask too often"});
    auto presence = presence_of(room, probe.to(), *asker);
    if (!presence)
        return router.bounce(std::move(envelope),
                             {Condition::item_not_found, "nobody here has this nickname"});
    room.outbox().send(std::move(presence), {probe.from()});
}

}  // namespace clarion::muc
