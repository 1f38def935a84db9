#include "modules/muc/announce.h"

#include <memory>
#include <utility>

#include "proto/ns.h"

namespace clarion::muc {

namespace {

void add_payload(xml::Element& to, const Stanza& source) {
    for (const xml::Element& child : source.root().children()) to.add_copy(child);
}

void add_items(xml::Element& x, const Telling& telling, const News& news) {
    const Occupant& about = telling.about;
    const bool leaves = telling.type == StanzaType::unavailable && news.new_nick.empty();
    UserItem item{.affiliation = about.affiliation,
                  .role = leaves ? Role::none : about.role,
                  .nick = news.new_nick,
                  .actor_nick = news.actor_nick,
                  .reason = news.reason};
    if (!telling.with_jids || about.sessions.empty()) return add_item(x, item);
    for (const OccupantSession& session : about.sessions) {
        item.jid = session.jid.full();
        add_item(x, item);
    }
}

void add_destruction(xml::Element& x, const Destruction& destruction) {
    xml::Element& destroy = x.add("destroy");
    if (!destruction.venue.empty()) destroy.set_attr("jid", destruction.venue.full());
    if (!destruction.reason.empty()) destroy.add_text_child("reason", destruction.reason);
    if (!destruction.password.empty()) destroy.add_text_child("password", destruction.password);
}

/// To those of the room of whom `wanted` is true, in the form that each may see.
void tell(Room& room, Telling telling, const News& news,
          const std::function<bool(const Occupant&)>& wanted) {
    for (const bool with_jids : {false, true}) {
        auto to = room.occupants().sessions_of([&](const Occupant& viewer) {
            return room.shows_jids_to(viewer) == with_jids && wanted(viewer);
        });
        if (to.empty()) continue;
        telling.with_jids = with_jids;
        room.outbox().send(make_presence(telling, news), std::move(to));
    }
}

}  // namespace

StanzaPtr clean_presence(const Stanza& presence) {
    auto clean = presence.clone();
    strip_room_elements(clean->root());
    return clean->compact();
}

std::shared_ptr<Stanza> make_presence(const Telling& telling, const News& news) {
    const Occupant& about = telling.about;
    auto made = Stanza::make(StanzaKind::presence, telling.type, about.address, {});
    xml::Element& root = made->root();
    if (telling.source) {
        if (!telling.source->id().empty()) root.set_attr("id", telling.source->id());
        if (!telling.source->lang().empty()) root.set_attr("lang", telling.source->lang(), ns::xml);
        add_payload(root, *telling.source);
    }
    root.add("occupant-id", ns::occupant_id).set_attr("id", about.id);
    xml::Element& x = root.add("x", ns::muc_user);
    add_items(x, telling, news);
    if (news.destroyed) add_destruction(x, *news.destroyed);
    for (const int code : news.codes) add_status(x, code);
    if (!telling.to_self) return made;
    for (const int code : news.own_codes) add_status(x, code);
    add_status(x, status::self);
    return made;
}

void tell_available(Room& room, const Occupant& about, const News& news, const Jid& except) {
    const Telling telling{.about = about, .source = about.current().presence.get()};
    if (room.broadcasts(about.role))
        tell(room, telling, news, [&](const Occupant& viewer) { return &viewer != &about; });
    for (const OccupantSession& session : about.sessions)
        if (session.jid != except) tell_self(room, about, session.jid, news);
}

namespace {

void tell_out_of_sight(Room& room, const Occupant& about, const News& news) {
    const Telling telling{.about = about, .type = StanzaType::unavailable};
    tell(room, telling, news, [&](const Occupant& viewer) { return &viewer != &about; });
}

}  // namespace

void tell_role(Room& room, const Occupant& about, Role before, const News& news) {
    if (room.broadcasts(before) && !room.broadcasts(about.role))
        tell_out_of_sight(room, about, news);
    tell_available(room, about, news);
}

void tell_of_broadcast(Room& room, Roles before) {
    room.occupants().for_each([&](const Occupant& each) {
        const bool is_seen = room.broadcasts(each.role);
        if (before.contains(each.role) == is_seen) return;
        is_seen ? tell_available(room, each, {}) : tell_out_of_sight(room, each, {});
    });
}

void tell_unavailable(Room& room, const Occupant& about, const std::vector<Jid>& sessions,
                      const Stanza* source, const News& news) {
    Telling telling{.about = about, .type = StanzaType::unavailable, .source = source};
    if (room.broadcasts(about.role))
        tell(room, telling, news, [&](const Occupant& viewer) { return &viewer != &about; });
    telling.with_jids = telling.to_self = true;
    room.outbox().send(make_presence(telling, news), sessions);
}

namespace {

/// Made once for all who enter, until the occupant changes or nobody enters any more.
const SaidToMany& shown(Occupant& about, bool with_jids) {
    ShownPresence& kept = about.shown;
    if (kept.role != about.role || kept.affiliation != about.affiliation ||
        kept.changes != about.changes)
        kept = {.role = about.role, .affiliation = about.affiliation, .changes = about.changes};
    SaidToMany& form = with_jids ? kept.with_jids : kept.without;
    if (form) return form;
    const Telling telling{
        .about = about, .source = about.current().presence.get(), .with_jids = with_jids};
    form = SaidToMany(make_presence(telling, {})->compact());
    return form;
}

}  // namespace

void tell_occupants(Room& room, const Occupant& to, const Jid& session) {
    const bool with_jids = room.shows_jids_to(to);
    const auto recipient = std::make_shared<const std::vector<Jid>>(1, session);
    room.occupants().for_each([&](Occupant& about) {
        if (&about == &to || !room.broadcasts(about.role)) return;
        room.outbox().send(shown(about, with_jids), recipient);
    });
    room.note_shown();
}

void tell_self(Room& room, const Occupant& about, const Jid& session, const News& news) {
    const Telling telling{.about = about,
                          .source = about.current().presence.get(),
                          .with_jids = true,
                          .to_self = true};
    room.outbox().send(make_presence(telling, news), {session});
}

void tell_codes(Room& room, const std::vector<int>& codes) {
    if (codes.empty()) return;
    auto message = Stanza::make(StanzaKind::message, StanzaType::groupchat, room.jid(), {});
    xml::Element& x = message->root().add("x", ns::muc_user);
    for (const int code : codes) add_status(x, code);
    room.outbox().send(std::move(message), room.occupants().everybody());
}

}  // namespace clarion::muc
