#include "modules/push/tigase/offline_rooms.h"

#include "modules/push/push.h"
#include "modules/push/tigase/names.h"
#include "server/core/events/push_events.h"
#include "server/core/events/undelivered_events.h"

namespace clarion::push::tigase {

namespace {

/// The module on one shard.
class OfflineRooms {
public:
    explicit OfflineRooms(core::ModuleSetup& setup) : context_(setup.context()) {}

    /// It is told of the room, if not of this: by what its user set for the room.
    void on_room_judging(const events::PushRoomJudging& event) {
        if (is_for_absent_member(event.message)) told_ = &event.message;
    }
    void on_registration_found(const events::PushSending& event) {
        if (event.cause && is_for_absent_member(*event.cause)) told_ = event.cause;
    }

    void compose(const events::PushSending& event) const {
        if (!event.cause || !is_for_absent_member(*event.cause)) return;
        const auto nick = event.cause->from().resource();
        const bool asked = event.enable.child(ns_groupchat, "groupchat") != nullptr;
        if (asked && !nick.empty() &&
            context_.options<PushOptions>(event.account.host()).notification_with_sender)
            event.notification.add("groupchat", ns_muc_offline).add_text_child("nickname", nick);
    }

    /// After push has notified.
    void on_undelivered(events::Undelivered& event) {
        if (told_ && told_ == event.envelope.stanza.get()) event.stored = true;
        told_ = nullptr;
    }

private:
    core::Context& context_;
    const Stanza* told_ = nullptr;  // while its Undelivered is under way
};

}  // namespace

bool is_for_absent_member(const Stanza& stanza) {
    return stanza.is_message() && stanza.type() == StanzaType::groupchat && stanza.to().is_bare();
}

void install_offline_rooms(core::ModuleSetup& setup) {
    OfflineRooms& self = setup.state<OfflineRooms>(setup);
    setup.account_feature(ns_muc_offline);
    using namespace events;
    // It hears of a registration before push_filters may stop that notification, and of the end
    // when push has notified: rows in modules/all.cpp say so.
    setup.on(PushRoomJudging::Stage::judge, self, &OfflineRooms::on_room_judging);
    setup.on(PushSending::Stage::filter, self, &OfflineRooms::on_registration_found);
    setup.on(PushSending::Stage::compose, self, &OfflineRooms::compose);
    setup.on(Undelivered::Stage::notify, self, &OfflineRooms::on_undelivered);
}

}  // namespace clarion::push::tigase
