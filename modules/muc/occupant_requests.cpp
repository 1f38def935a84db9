#include "modules/muc/occupant_requests.h"

#include <chrono>
#include <optional>
#include <string>
#include <utility>

#include "proto/ns.h"
#include "server/core/context.h"
#include "server/core/routing/pending_iq.h"
#include "server/core/routing/router.h"

namespace clarion::muc {

using Condition = StanzaErrorCondition;

namespace {

constexpr auto patience = std::chrono::seconds(60);

bool is_about_user(const xml::Element& payload) {
    return payload.is(ns::vcard, "vCard") || payload.is(ns::vcard4, "vcard") ||
           payload.ns() == ns::pubsub || payload.ns() == ns::pubsub_owner;
}

std::optional<StanzaError> refuse(const Room& room, const Occupant* asker, const Occupant* to,
                                  const Stanza& request) {
    if (!asker) return StanzaError(Condition::not_acceptable, "you are not in this room");
    if (!to) return StanzaError(Condition::item_not_found, "nobody here has this nickname");
    const bool sets = request.type() == StanzaType::set;
    if (sets && is_about_user(*request.payload()) && !room.options().occupants_answer_sets)
        return StanzaError(Condition::not_allowed);
    return std::nullopt;
}

/// A client or its server may say in an answer whose it is, as the publisher of an item or in the
/// "by" of an error. There the occupant's address takes the place of the real one (17.4).
void hide_address(xml::Element& element, const Jid& real, const Jid& shown) {
    const std::string with_resource = std::string(real.bare()) + "/";
    for (const xml::Attribute* each = element.first_attribute(); each; each = each->next)
        if (each->value == real.bare() || each->value.starts_with(with_resource))
            element.set_attr(each->name, shown.full(), each->ns);
    for (xml::Element* child = element.first_child(); child; child = child->next_sibling())
        hide_address(*child, real, shown);
}

/// The answer, or that there is none, as the asker sees it: from the occupant's address.
void answer(Room& room, const StanzaPtr& request, const Stanza* from_client) {
    if (!from_client)
        return room.context().router().route(
            make_error(*request, {Condition::remote_server_timeout, StanzaErrorType::wait}));
    auto passed = from_client->clone();
    if (room.config().who_is != WhoIs::anyone)
        hide_address(passed->root(), from_client->from(), request->to());
    passed->set_from(request->to());
    passed->set_to(request->from());
    passed->root().set_attr("id", request->id());
    room.context().router().route(std::move(passed));
}

}  // namespace

void pass_request(Room& room, core::Envelope envelope) {
    const StanzaPtr request = envelope.stanza;
    core::Context& context = room.context();
    const Occupant* const asker = room.occupants().by_session(request->from());
    const Occupant* const to = room.occupants().by_nick(request->to().resource());
    if (auto refused = refuse(room, asker, to, *request))
        return context.router().bounce(std::move(envelope), *refused);
    if (asker == to && request->payload()->is(ns::ping, "ping"))
        return context.router().route(make_result(*request));
    auto passed = request->clone();
    passed->set_from(asker->address);
    passed->set_to(is_about_user(*request->payload()) ? Jid::trusted(to->user) : to->current().jid);
    context.pending().send(
        room.jid().bare(), std::move(passed), patience,
        [pin = core::ActorPin<Room>(room), request](const Stanza* answered, bool) {
            if (pin.alive()) answer(*pin, request, answered);
        });
}

}  // namespace clarion::muc
