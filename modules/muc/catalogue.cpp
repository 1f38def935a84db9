#include "modules/muc/catalogue.h"

#include <algorithm>
#include <set>
#include <utility>

#include "modules/muc/room_walk.h"
#include "proto/nickname.h"
#include "proto/ns.h"
#include "server/core/context.h"
#include "server/runtime/scope.h"
#include "server/runtime/shard.h"

namespace clarion::muc {

using core::IqAnswer;
using core::IqRequest;

namespace {

constexpr std::uint32_t largest_page = 100;
constexpr std::uint32_t usual_page = 50;

Task<std::uint32_t> occupants_of(const Rooms& rooms, storage::OwnerId room) {
    const auto sessions = co_await rooms.store().occupants(room);
    if (!sessions) co_return 0;
    std::set<std::string> nicks;
    for (const OccupantRecord& each : *sessions) nicks.insert(nickname_key(each.nick));
    co_return static_cast<std::uint32_t>(nicks.size());
}

Channel channel_of(const StoredRoom& room) {
    const RoomConfig& config = room.record.config;
    const std::string name =
        config.name.empty() ? std::string(Jid::trusted(room.address).local()) : config.name;
    return {.address = room.address,
            .name = name,
            .description = config.description,
            .language = config.language,
            .is_open = !config.is_members_only && config.password.empty(),
            .is_semianonymous = config.who_is == WhoIs::moderators,
            .folded_name = folded(name),
            .folded_description = folded(config.description)};
}

}  // namespace

// ---- Making it ---------------------------------------------------------------------------------

bool Catalogue::is_fresh() const {
    return made_ != SteadyTime{} && context_.clock().steady() - made_ < lasts;
}

Task<Result<>> Catalogue::renew() {
    co_await making_.wait(context_.shard());
    if (is_fresh()) co_return Result<>{};
    const OneAtATime::Turn turn(making_);
    co_return co_await make();
}

Task<Result<>> Catalogue::make() {
    std::vector<Channel> channels;
    (void)co_await context_.shard().committed();
    co_await rooms_.walking().wait(context_.shard());
    const OneAtATime::Turn turn(rooms_.walking());
    RoomWalk walk(rooms_);
    for (;;) {
        const auto room = co_await walk.next();
        if (!room) co_return room.error();
        if (!*room) break;
        if (!is_findable((*room)->record)) continue;
        channels.push_back(channel_of(**room));
        channels.back().occupants = co_await occupants_of(rooms_, (*room)->id);
    }
    channels_ = std::make_shared<const std::vector<Channel>>(std::move(channels));
    made_ = context_.clock().steady();
    if (!std::exchange(is_kept_, true)) context_.scope().spawn("catalogue", forget_when_unused());
    co_return Result<>{};
}

Task<> Catalogue::forget_when_unused() {
    do {
        co_await context_.shard().sleep(lasts);
    } while (context_.clock().steady() - used_ < lasts);
    channels_ = nullptr;
    made_ = {};
    is_kept_ = false;
}

/// Elsewhere: of a hundred thousand rooms it takes a while. REQUIRES: it is made.
Task<ChannelPage> Catalogue::find(const ChannelQuery& query, std::string asker) const {
    const auto channels = channels_;
    ChannelPage page;
    UniqueFunction<void()> work = [&] {
        page = find_channels(*channels, query, query.page.limit(largest_page, usual_page));
    };
    co_await context_.shard().offload(std::move(work), std::move(asker));
    co_return page;
}

// ---- Searching ---------------------------------------------------------------------------------

Task<IqAnswer> Catalogue::search(IqRequest request) {
    auto answer = make_result(*request.stanza);
    if (!request.payload().has_children()) {
        add_search_form(answer->root().add("search", ns::channel_search));
        co_return answer;
    }
    auto read = read_channel_query(request.payload());
    if (const auto* refused = std::get_if<StanzaError>(&read)) co_return *refused;
    const ChannelQuery query = std::get<ChannelQuery>(std::move(read));
    used_ = context_.clock().steady();
    const Result<> made = co_await renew();
    if (!made) co_return to_stanza_error(made.error());
    const auto kept = channels_;  // it may be made anew meanwhile
    std::string asker(request.from.bare());
    const ChannelPage page = co_await find(query, std::move(asker));
    std::vector<std::string> found;
    for (const Channel* each : page.channels) found.push_back(each->address);
    xml::Element& result = answer->root().add("result", ns::channel_search);
    for (const std::string& address : found) {
        const auto room = co_await read_room(rooms_, address);
        if (!room || !is_findable(room->record)) continue;
        Channel channel = channel_of(*room);
        channel.occupants = co_await occupants_of(rooms_, room->id);
        add_channel(result, channel);
    }
    add_rsm(result, page.set);
    co_return answer;
}

}  // namespace clarion::muc
