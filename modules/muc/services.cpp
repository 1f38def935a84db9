#include "modules/muc/services.h"

#include <utility>
#include <variant>

#include "modules/muc/owner_requests.h"
#include "modules/muc/room_discovery.h"
#include "server/core/context.h"
#include "server/runtime/shard.h"

namespace clarion::muc {

using core::IqAnswer;
using core::IqRequest;

Services::Services(core::ModuleSetup& setup) : context_(setup.context()), store_(setup) {
    for (const std::string& domain : setup.services()) {
        Rooms& rooms = rooms_.emplace_back(setup, domain, store_);
        catalogues_.emplace_back(context_, rooms);
        setup.serve_domain(domain, rooms);
    }
}

Rooms* Services::find(std::string_view domain) {
    for (Rooms& each : rooms_)
        if (each.domain() == domain) return &each;
    return nullptr;
}

void Services::forget_creators() {
    for (Rooms& each : rooms_) each.creators().forget();
}

Task<IqAnswer> Services::list(IqRequest request) {
    const Rooms& rooms = *find(request.host);
    co_return co_await list_rooms(rooms, std::move(request));
}

Task<IqAnswer> Services::search(IqRequest request) {
    std::size_t which = 0;
    while (rooms_[which].domain() != request.host) ++which;
    return catalogues_[which].search(std::move(request));
}

Task<IqAnswer> Services::change(IqRequest request, IqAnswer (*apply)(Room&, const IqRequest&)) {
    Room& room = room_of(request);
    IqAnswer answer = apply(room, request);
    find(request.host)->destroy_if_over(room);
    co_return co_await when_durable(std::move(answer));
}

Task<IqAnswer> Services::change_as_owner(IqRequest request) {
    Room& room = room_of(request);
    OwnerAnswer done = take_owner_request(room, request);
    Rooms& rooms = *find(request.host);
    done.fate == Fate::ends ? rooms.destroy(room) : rooms.destroy_if_over(room);
    co_return co_await when_durable(std::move(done.answer));
}

Task<IqAnswer> Services::when_durable(IqAnswer answer) const {
    if (std::holds_alternative<StanzaError>(answer)) co_return answer;
    const Result<> committed = co_await context_.shard().committed();
    if (!committed) co_return to_stanza_error(committed.error());
    co_return answer;
}

}  // namespace clarion::muc
