#include "modules/muc/occupant_requests.h"

#include <chrono>
#include <optional>
#include <string>
#include <utility>

#include "base/clock.h"
#include "modules/muc/haste.h"
#include "modules/muc/room_metrics.h"
#include "proto/ns.h"
#include "server/core/context.h"
#include "server/core/routing/pending_iq.h"
#include "server/core/routing/router.h"

namespace clarion::muc {

using Condition = StanzaErrorCondition;

namespace {

constexpr auto patience = std::chrono::seconds(60);
/// A longer one would be kept until the answer comes.
constexpr std::size_t longest_id = 1024;

/// What is kept of a request until it is answered.
struct Asked {
    Jid asker, to;
    std::string id;
};

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

/// Of one that would be passed on. nullopt: it is counted, and open.
std::optional<StanzaError> refuse_more(Room& room, const Occupant& asker, const Stanza& request) {
    if (request.id().size() > longest_id)
        return StanzaError(Condition::not_acceptable, StanzaErrorType::modify,
                           "the id is too long");
    const SteadyTime now = room.context().clock().steady();
    if (auto refused = refuse_hasty_request(room, asker, now)) return refused;
    const MucOptions& options = room.options();
    if (room.open_requests().begin(asker.user,
                                   static_cast<std::size_t>(options.max_requests_of_user),
                                   static_cast<std::size_t>(options.max_requests)))
        return std::nullopt;
    return StanzaError(Condition::resource_constraint, StanzaErrorType::wait,
                       "too many requests are not answered yet");
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
void answer(Room& room, const Asked& asked, const Stanza* from_client) {
    core::Router& router = room.context().router();
    if (!from_client) {
        const auto request =
            Stanza::make(StanzaKind::iq, StanzaType::get, asked.asker, asked.to, asked.id);
        return router.route(
            make_error(*request, {Condition::remote_server_timeout, StanzaErrorType::wait}));
    }
    auto passed = from_client->clone();
    if (room.config().who_is != WhoIs::anyone)
        hide_address(passed->root(), from_client->from(), asked.to);
    passed->set_from(asked.to);
    passed->set_to(asked.asker);
    passed->root().set_attr("id", asked.id);
    router.route(std::move(passed));
}

void refuse_request(core::Context& context, core::Envelope envelope, const StanzaError& error) {
    note_refusal(error);
    context.router().bounce(std::move(envelope), error);
}

}  // namespace

void pass_request(Room& room, core::Envelope envelope) {
    const StanzaPtr request = envelope.stanza;
    core::Context& context = room.context();
    const Occupant* const asker = room.occupants().by_session(request->from());
    const Occupant* const to = room.occupants().by_nick(request->to().resource());
    if (auto refused = refuse(room, asker, to, *request))
        return refuse_request(context, std::move(envelope), *refused);
    if (asker == to && request->payload()->is(ns::ping, "ping"))
        return context.router().route(make_result(*request));
    if (auto refused = refuse_more(room, *asker, *request))
        return refuse_request(context, std::move(envelope), *refused);
    auto passed = request->clone();
    passed->set_from(asker->address);
    passed->set_to(is_about_user(*request->payload()) ? Jid::trusted(to->user) : to->current().jid);
    context.pending().send(
        room.jid().bare(), std::move(passed), patience,
        [pin = core::ActorPin<Room>(room),
         asked = Asked{request->from(), request->to(), std::string(request->id())}](
            const Stanza* answered, bool) {
            if (!pin.alive()) return;
            pin->open_requests().end(asked.asker.bare());
            answer(*pin, asked, answered);
        });
}

}  // namespace clarion::muc
