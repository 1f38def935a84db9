#include "modules/push/rooms/room_kinds.h"

#include <memory>

#include "modules/push/push.h"
#include "proto/disco_info.h"
#include "proto/ns.h"
#include "server/core/accounts/account.h"
#include "server/core/accounts/account_directory.h"
#include "server/core/routing/pending_iq.h"

namespace clarion::push::rooms {

namespace {

/// Anybody may find it and enter it.
Kind read_kind(const Stanza* answer) {
    if (!answer || answer->type() != StanzaType::result || !answer->payload()) return Kind::unknown;
    const auto info = DiscoInfo::from_element(*answer->payload());
    if (!info) return Kind::unknown;
    const bool is_public = info->has_feature("muc_public") && !info->has_feature("muc_membersonly");
    return is_public ? Kind::is_public : Kind::is_private;
}

}  // namespace

RoomKinds::RoomKinds(core::ModuleSetup& setup, const RoomRecords& records)
    : context_(setup.context()), records_(records), states_(setup.account_slot<State>()) {}

Kind RoomKinds::find(core::Account& account, std::string_view room) const {
    const auto place = records_.occupancy(account, room);
    if (place && place->kind != Kind::unknown) return place->kind;
    State& state = states_.of(account);
    const auto asked = state.rooms.find(room);
    if (asked != state.rooms.end()) return asked->second.kind;
    ask(account, room);
    return Kind::unknown;
}

void RoomKinds::entered(core::Account& account, std::string_view room, Kind last) const {
    const auto& rooms = states_.of(account).rooms;
    const auto asked = rooms.find(room);
    const bool is_known = asked != rooms.end() && (asked->second.waits || last != Kind::unknown);
    if (!is_known) ask(account, room);
}

void RoomKinds::changed(core::Account& account, std::string_view room) const { ask(account, room); }

/// One question at a time to one room.
void RoomKinds::ask(core::Account& account, std::string_view room) const {
    const PushOptions& options = context_.options<PushOptions>(account.host());
    State& state = states_.of(account);
    const auto known = state.rooms.find(room);
    const auto most_waiting = static_cast<std::size_t>(options.max_room_questions);
    if (state.waiting >= most_waiting || (known != state.rooms.end() && known->second.waits))
        return;
    if (state.rooms.size() >= static_cast<std::size_t>(options.max_rooms_asked))
        std::erase_if(state.rooms, [](const auto& each) { return !each.second.waits; });
    state.rooms.insert_or_assign(std::string(room), Asked{});
    ++state.waiting;
    auto request = Stanza::make(StanzaKind::iq, StanzaType::get, account.jid(), Jid::trusted(room));
    request->root().add("query", ns::disco_info);
    const std::string asker(account.jid().bare());
    context_.pending().send(asker, std::move(request), options.answer_timeout,
                            [this, asker, room = std::string(room)](const Stanza* answer, bool) {
                                on_answer(asker, room, answer);
                            });
}

void RoomKinds::on_answer(const std::string& owner, const std::string& room,
                          const Stanza* answer) const {
    core::Account* const account = context_.accounts().find(owner);
    State* const state = account ? states_.find(*account) : nullptr;
    if (!state) return;  // the account went out of memory meanwhile
    const auto asked = state->rooms.find(room);
    if (asked == state->rooms.end() || !asked->second.waits) return;
    --state->waiting;
    const Kind kind = read_kind(answer);
    asked->second = {.waits = false, .kind = kind};
    auto place = records_.occupancy(*account, room);
    // One that cannot be reached now is what it was.
    if (!place || kind == Kind::unknown || place->kind == kind) return;
    place->kind = kind;
    records_.keep(*account, *place);
}

}  // namespace clarion::push::rooms
