#include "modules/muc/catalogue.h"

#include <algorithm>
#include <set>
#include <utility>

#include "modules/muc/room_discovery.h"
#include "proto/nickname.h"
#include "proto/ns.h"
#include "server/core/context.h"
#include "server/runtime/shard.h"
#include "storage/owners.h"
#include "storage/storage.h"

namespace clarion::muc {

using core::IqAnswer;
using core::IqRequest;

namespace {

constexpr std::uint32_t largest_page = 100;
constexpr std::uint32_t usual_page = 50;
constexpr std::size_t slice = 200;  // addresses that are read at a time

Task<std::uint32_t> occupants_of(const Rooms& rooms, storage::OwnerId room) {
    const auto sessions = co_await rooms.store().occupants(room);
    if (!sessions) co_return 0;
    std::set<std::string> nicks;
    for (const OccupantRecord& each : *sessions) nicks.insert(nickname_key(each.nick));
    co_return static_cast<std::uint32_t>(nicks.size());
}

Channel channel_of(const std::string& address, const RoomConfig& config) {
    const std::string name =
        config.name.empty() ? std::string(Jid::trusted(address).local()) : config.name;
    return {.address = address,
            .name = name,
            .description = config.description,
            .language = config.language,
            .is_open = !config.is_members_only && config.password.empty(),
            .is_semianonymous = config.who_is == WhoIs::moderators,
            .folded_name = folded(name),
            .folded_description = folded(config.description)};
}

}  // namespace

Task<std::optional<Channel>> public_channel(const Rooms& rooms, std::string address) {
    const auto room = co_await find_public(rooms, address);
    if (!room) co_return std::nullopt;
    Channel channel = channel_of(address, room->config);
    channel.occupants = co_await occupants_of(rooms, room->id);
    co_return channel;
}

// ---- Making it ---------------------------------------------------------------------------------

/// Whoever makes it may be stopped; then somebody else does.
class Catalogue::Making {
public:
    explicit Making(Catalogue& catalogue) : catalogue_(catalogue) {
        catalogue_.is_being_made_ = true;
    }
    Making(const Making&) = delete;
    Making& operator=(const Making&) = delete;
    ~Making() {
        catalogue_.is_being_made_ = false;
        catalogue_.made_now_.notify();
    }

private:
    Catalogue& catalogue_;
};

bool Catalogue::is_fresh() const {
    return made_ != SteadyTime{} && context_.clock().steady() - made_ < lasts;
}

Task<Result<>> Catalogue::renew() {
    core::Shard& shard = context_.shard();
    while (is_being_made_) (void)co_await made_now_.wait(shard);
    if (is_fresh()) co_return Result<>{};
    const Making making(*this);
    co_return co_await make();
}

Task<Result<>> Catalogue::make() {
    std::vector<Channel> channels;
    std::string after;
    (void)co_await context_.shard().committed();
    for (;;) {
        const auto addresses = co_await rooms_.storage().owners().list(
            storage::OwnerKind::actor, rooms_.domain(), after, slice);
        if (!addresses) co_return addresses.error();
        for (const std::string& address : *addresses) {
            auto channel = co_await public_channel(rooms_, address);
            if (channel) channels.push_back(std::move(*channel));
        }
        if (addresses->size() < slice) break;
        after = addresses->back();
    }
    channels_ = std::move(channels);
    made_ = context_.clock().steady();
    co_return Result<>{};
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
    const Result<> made = co_await renew();
    if (!made) co_return to_stanza_error(made.error());
    const ChannelPage page =
        find_channels(channels_, query, query.page.limit(largest_page, usual_page));
    std::vector<std::string> found;  // the catalogue may be made anew meanwhile
    for (const Channel* each : page.channels) found.push_back(each->address);
    xml::Element& result = answer->root().add("result", ns::channel_search);
    for (const std::string& address : found) {
        const auto channel = co_await public_channel(rooms_, address);
        if (channel) add_channel(result, *channel);
    }
    add_rsm(result, page.set);
    co_return answer;
}

}  // namespace clarion::muc
