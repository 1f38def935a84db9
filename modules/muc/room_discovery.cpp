#include "modules/muc/room_discovery.h"

#include <algorithm>
#include <utility>

#include "base/clock.h"
#include "base/text.h"
#include "modules/muc/activity.h"
#include "modules/muc/room_form.h"
#include "modules/muc/room_walk.h"
#include "proto/ns.h"
#include "proto/rsm.h"
#include "server/core/context.h"

namespace clarion::muc {

using core::IqAnswer;
using core::IqRequest;
using Condition = StanzaErrorCondition;

namespace {

constexpr std::uint32_t largest_page = 200;
constexpr std::uint32_t usual_page = 100;

constexpr std::string_view room_features[] = {ns::muc_stable_id_feature,
                                              ns::muc_self_ping_feature,
                                              ns::moderate,
                                              ns::retract,
                                              ns::retract_tombstone,
                                              ns::register_};

/// Rooms tell members who are away of what is said, if they register for it.
constexpr std::string_view offline_feature = "http://tigase.org/protocol/muc#offline";

/// It is something that was said in the room: who may not enter is not told.
std::string_view subject_of(const Room& room) {
    const StanzaPtr& message = room.subject().message;
    return message ? message->root().child_text(ns::client, "subject") : std::string_view();
}

std::string shown_name(const std::string& address, const RoomConfig& config) {
    return config.name.empty() ? std::string(Jid::trusted(address).local()) : config.name;
}

/// What stands for itself in a URL (RFC 3986, 2.3).
bool is_unreserved(char c) {
    const char letter = static_cast<char>(c | 0x20);
    return (letter >= 'a' && letter <= 'z') || (c >= '0' && c <= '9') ||
           std::string_view("-._~").find(c) != std::string_view::npos;
}

std::string in_url(std::string_view text) {
    std::string written;
    for (const char& c : text)
        written += is_unreserved(c) ? std::string(1, c) : '%' + hex_encode({&c, 1});
    return written;
}

/// Empty: there are none that everybody may read.
std::string logs_of(const Room& room) {
    const RoomConfig& config = room.config();
    const bool is_open = config.is_public && !config.is_members_only && config.password.empty();
    std::string url = room.options().logs_url;
    if (url.empty() || !config.is_archived || !is_open) return {};
    constexpr std::string_view placeholder = "{room}";
    const auto at = url.find(placeholder);
    if (at != url.npos) url.replace(at, placeholder.size(), in_url(room.jid().local()));
    return url;
}

struct Listed {
    std::string address, name;
};

/// The public rooms behind an address, at most `most` and one more if there is one.
Task<Result<std::vector<Listed>>> rooms_behind(const Rooms& rooms, std::string after,
                                               std::size_t most) {
    std::vector<Listed> found;
    co_await rooms.walking().wait(rooms.shard());
    const OneAtATime::Turn turn(rooms.walking());
    RoomWalk walk(rooms, std::move(after));
    while (found.size() <= most) {
        const auto room = co_await walk.next();
        if (!room) co_return room.error();
        if (!*room) break;
        if (is_findable((*room)->record))
            found.push_back(
                {(*room)->address, shown_name((*room)->address, (*room)->record.config)});
    }
    co_return found;
}

}  // namespace

void describe_room(const Room& room, xml::Element& query) {
    const RoomConfig& config = room.config();
    const std::string_view name =
        config.name.empty() ? room.jid().local() : std::string_view(config.name);
    query.add("identity")
        .set_attr("category", "conference")
        .set_attr("type", "text")
        .set_attr("name", name);
    for (const std::string_view feature : config_features(config))
        query.add("feature").set_attr("var", feature);
    for (const std::string_view feature : room_features)
        query.add("feature").set_attr("var", feature);
    if (room.options().offline_delivery == "registered")
        query.add("feature").set_attr("var", offline_feature);
    RoomFacts facts{.occupants = room.occupants().size(),
                    .pictures = room.store().pictures(room.owner()),
                    .logs = logs_of(room)};
    if (!config.is_members_only && config.password.empty()) facts.subject = subject_of(room);
    if (tells_activity(config))
        facts.messages_per_hour = room.activity().per_hour(room.context().clock().wall());
    info_form(config, facts).append_to(query);
}

Task<IqAnswer> list_rooms(const Rooms& rooms, IqRequest request) {
    if (!request.payload().attr("node").empty()) co_return StanzaError(Condition::item_not_found);
    const auto rsm = read_rsm(request.payload());
    if (!rsm) co_return to_stanza_error(rsm.error());
    if (rsm->before || rsm->index)
        co_return StanzaError(Condition::feature_not_implemented, "pages are asked for forwards");
    const std::size_t limit = rsm->limit(largest_page, usual_page);
    const auto found = co_await rooms_behind(rooms, rsm->after.value_or(std::string()), limit);
    if (!found) co_return to_stanza_error(found.error());
    auto result = make_result(*request.stanza);
    xml::Element& query = result->root().add("query", ns::disco_items);
    const std::size_t count = std::min(limit, found->size());
    for (std::size_t i = 0; i < count; ++i)
        query.add("item").set_attr("jid", (*found)[i].address).set_attr("name", (*found)[i].name);
    RsmAnswer page;
    if (count > 0) page.first = found->front().address, page.last = (*found)[count - 1].address;
    if (found->size() <= limit && !rsm->after) page.count = static_cast<std::uint32_t>(count);
    if (rsm->present || found->size() > limit) add_rsm(query, page);
    co_return result;
}

IqAnswer list_occupants(const Room& room, const IqRequest& request) {
    if (!request.payload().attr("node").empty()) return StanzaError(Condition::item_not_found);
    auto result = make_result(*request.stanza);
    xml::Element& query = result->root().add("query", ns::disco_items);
    const bool is_there = room.occupants().by_session(request.from) != nullptr;
    if (!is_there && (!room.config().is_public || request.relation < core::Relation::contact))
        return result;
    room.occupants().for_each([&](const Occupant& each) {
        if (!room.broadcasts(each.role) && !is_there) return;
        query.add("item").set_attr("jid", each.address.full());
    });
    return result;
}

IqAnswer answer_own_nickname(const Room& room, const IqRequest& request) {
    auto result = make_result(*request.stanza);
    xml::Element& query = result->root().add("query", ns::disco_info);
    query.set_attr("node", request.payload().attr("node"));
    const AffiliationRecord record = room.affiliation_record(request.from.to_bare());
    if (!record.nick.empty())
        query.add("identity")
            .set_attr("category", "conference")
            .set_attr("type", "text")
            .set_attr("name", record.nick);
    return result;
}

}  // namespace clarion::muc
