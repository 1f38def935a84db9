#include "modules/push/rooms/push_rooms.h"

#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "modules/push/mentions.h"
#include "modules/push/push.h"
#include "modules/push/rooms/room_kinds.h"
#include "modules/push/rooms/room_records.h"
#include "proto/muc.h"
#include "proto/ns.h"
#include "proto/pubsub_client.h"
#include "server/core/accounts/account.h"
#include "server/core/accounts/session.h"
#include "server/core/events/message_events.h"
#include "server/core/events/pep_events.h"
#include "server/core/events/presence_events.h"
#include "server/core/events/push_events.h"
#include "server/core/routing/delivery_queue.h"
#include "server/runtime/scope.h"

namespace clarion::push::rooms {

namespace {

constexpr std::size_t page_size = 100;

struct State {
    bool is_learning = false;
};

/// What a room says with a status code.
bool has_status(const Stanza& stanza, std::string_view code) {
    const xml::Element* const x = stanza.root().child(ns::muc_user, "x");
    if (!x) return false;
    for (const xml::Element& child : x->children())
        if (child.is(ns::muc_user, "status") && child.attr("code") == code) return true;
    return false;
}

bool is_self_presence(const Stanza& presence) {
    return presence.type() == StanzaType::available && presence.from().is_full() &&
           has_status(presence, "110");
}

/// A session of the account has asked to be there.
bool is_in(const core::Account& account, std::string_view room) {
    for (const auto& session : account.sessions())
        for (const Jid& to : session->directed_presence())
            if (to.bare() == room) return true;
    return false;
}

class PushRooms {
public:
    explicit PushRooms(core::ModuleSetup& setup)
        : context_(setup.context()),
          others_(setup.other_modules()),
          records_(setup),
          kinds_(setup, records_),
          states_(setup.account_slot<State>()) {}

    void on_registration(events::PushRegistrationReading& event) const;
    void on_node_changed(const events::PepNodeChanged& event) const;
    void on_presence(events::PresenceReceiving& event) const;
    void on_message(events::MessageReceiving& event) const;
    void on_judging(events::PushRoomJudging& event) const;

private:
    bool follows(core::Account& account) const;
    Task<> learn(core::AccountPin account) const;
    Task<bool> learn_page(core::Account& account, std::string& after) const;

    OwnPlace place(const core::Account& account, std::string_view room, const Kept* kept) const;
    Setting usual(core::Account& account, std::string_view room) const;

    core::Context& context_;
    const core::OtherModules others_;
    const RoomRecords records_;
    const RoomKinds kinds_;
    core::AccountSlot<State> states_;
};

// ---- Bookmarks ---------------------------------------------------------------------------------

/// Whether its bookmarks are of use: it has push.
bool PushRooms::follows(core::Account& account) const {
    const State* const state = states_.find(account);
    return (state && state->is_learning) || records_.has_bookmarks(account);
}

/// Not in the middle of loading the account.
void PushRooms::on_registration(events::PushRegistrationReading& event) const {
    if (follows(event.account)) return;
    states_.of(event.account).is_learning = true;
    context_.deliveries().push(
        [this, pin = core::AccountPin(event.account)](core::Context& here) mutable {
            core::Scope& scope = here.scope_of(pin->id());
            scope.spawn("push-rooms", learn(std::move(pin)));
        });
}

Task<> PushRooms::learn(core::AccountPin account) const {
    std::string after;
    for (bool more = true; more && account.alive();) more = co_await learn_page(*account, after);
    if (!account.alive()) co_return;
    records_.set_has_bookmarks(*account);
    states_.of(*account).is_learning = false;
}

/// What changes meanwhile is told by events, too, and is the same.
Task<bool> PushRooms::learn_page(core::Account& account, std::string& after) const {
    auto request = pubsub::make_get_items({account.jid(), account.jid()}, ns::bookmarks);
    xml::Element& set = request->root().child(ns::pubsub, "pubsub")->add("set", ns::rsm);
    set.add_text_child("max", std::to_string(page_size));
    if (!after.empty()) set.add_text_child("after", after);
    core::AccountPin pin(account);
    StanzaPtr question = std::move(request);
    const core::IqAnswer answer = co_await others_.ask(std::move(pin), std::move(question));
    const auto* const result = std::get_if<std::shared_ptr<Stanza>>(&answer);
    if (!result || !*result || (*result)->is_error() || account.deleted()) co_return false;
    const std::vector<pubsub::ItemText> items = pubsub::read_items(**result);
    for (const pubsub::ItemText& item : items)
        records_.note_bookmark(account, item.id, item.payload);
    if (!items.empty()) after = items.back().id;
    co_return items.size() >= page_size;
}

void PushRooms::on_node_changed(const events::PepNodeChanged& event) const {
    using What = events::PepNodeChanged::What;
    if (event.node != ns::bookmarks || !follows(event.account)) return;
    if (event.what == What::purged || event.what == What::deleted)
        return records_.forget_bookmarks(event.account);
    if (event.what == What::configured) return;
    for (const auto& item : event.items) {
        const bool is_gone = event.what == What::retracted;
        records_.note_bookmark(event.account, item.id,
                               is_gone ? std::string_view() : std::string_view(item.payload));
    }
}

// ---- Who the user is in rooms ------------------------------------------------------------------

void PushRooms::on_presence(events::PresenceReceiving& event) const {
    core::Account& account = event.account;
    if (!is_self_presence(event.presence) || !follows(account)) return;
    const Jid& from = event.presence.from();
    if (!is_in(account, from.bare())) return;
    const xml::Element* const id = event.presence.root().child(ns::occupant_id, "occupant-id");
    const auto last = records_.occupancy(account, from.bare());
    const Kind kind = last ? last->kind : Kind::unknown;
    records_.keep(account, {.room = std::string(from.bare()),
                            .nick = std::string(from.resource()),
                            .occupant_id = id ? std::string(id->attr("id")) : std::string(),
                            .kind = kind});
    kinds_.entered(account, from.bare(), kind);
}

void PushRooms::on_message(events::MessageReceiving& event) const {
    const Stanza& message = *event.envelope.stanza;
    if (message.type() != StanzaType::groupchat || message.from().is_full()) return;
    if (!has_status(message, "104") || !follows(event.account)) return;
    const std::string_view room = message.from().bare();
    if (is_in(event.account, room)) kinds_.changed(event.account, room);
}

/// Sessions that are in the room know best; of those who are not, what was last.
OwnPlace PushRooms::place(const core::Account& account, std::string_view room,
                          const Kept* kept) const {
    OwnPlace own{.account = account.jid().bare(), .room = room};
    for (const auto& session : account.sessions())
        for (const Jid& to : session->directed_presence())
            if (to.is_full() && to.bare() == room) own.nicks.emplace_back(to.resource());
    auto last = records_.occupancy(account, room);
    if (last) own.occupant_id = std::move(last->occupant_id);
    if (!own.nicks.empty()) return own;
    if (last) own.nicks.push_back(std::move(last->nick));
    if (kept && !kept->nick.empty()) own.nicks.push_back(kept->nick);
    return own;
}

// ---- Judging -----------------------------------------------------------------------------------

Setting PushRooms::usual(core::Account& account, std::string_view room) const {
    if (context_.options<PushOptions>(account.host()).public_rooms == "always")
        return Setting::always;
    return kinds_.find(account, room) == Kind::is_public ? Setting::on_mention : Setting::always;
}

void PushRooms::on_judging(events::PushRoomJudging& event) const {
    using Judging = events::PushRoomJudging;
    const std::string_view room = event.message.from().bare();
    const auto kept = records_.bookmark(event.account, room);
    const bool is_set = kept && kept->setting != Setting::unset;
    const Setting setting = is_set ? kept->setting : usual(event.account, room);
    if (setting == Setting::never) event.verdict = Judging::Verdict::muted;
    if (setting != Setting::on_mention) return;
    const OwnPlace own = place(event.account, room, kept ? &*kept : nullptr);
    if (!is_mentioned(event.message.root(), own)) event.verdict = Judging::Verdict::not_mentioned;
}

}  // namespace

Result<> check_entry(storage::DataKind, std::string_view key, std::string_view value) {
    if (key.starts_with(bookmark_prefix)) {
        if (const auto read = decode_kept(value); !read) return read.error();
    } else if (key.starts_with(occupancy_prefix)) {
        if (const auto read = decode_occupancy(value); !read) return read.error();
    }
    return {};
}

void install(core::ModuleSetup& setup) {
    using namespace events;
    const PushRooms& self = setup.state<PushRooms>(setup);
    setup.on(PushRegistrationReading::Stage::read, self, &PushRooms::on_registration);
    setup.on(PepNodeChanged::Stage::react, self, &PushRooms::on_node_changed);
    setup.on(PresenceReceiving::Stage::note, self, &PushRooms::on_presence);
    setup.on(MessageReceiving::Stage::archive, self, &PushRooms::on_message);
    setup.on(PushRoomJudging::Stage::judge, self, &PushRooms::on_judging);
}

}  // namespace clarion::push::rooms
