#include "modules/push/tigase/offline_rooms.h"

#include "modules/push/push.h"
#include "modules/push/tigase/names.h"
#include "server/events/push_events.h"
#include "server/events/undelivered_events.h"

namespace clarion::push::tigase {

namespace {

using core::Flow;

/// The module on one shard.
class OfflineRooms {
public:
    explicit OfflineRooms(core::ModuleSetup& setup) : core_(setup.core()) {}

    Flow on_registration_found(const events::PushSending& event) {
        if (event.cause && is_for_absent_member(*event.cause)) told_ = event.cause;
        return Flow::next;
    }

    Flow compose(const events::PushSending& event) const {
        if (!event.cause || !is_for_absent_member(*event.cause)) return Flow::next;
        const auto nick = event.cause->from().resource();
        const bool asked = event.enable.child(ns_groupchat, "groupchat") != nullptr;
        if (asked && !nick.empty() &&
            core_.options<PushOptions>(event.account.host()).notification_with_sender)
            event.notification.add("groupchat", ns_muc_offline).add_text_child("nickname", nick);
        return Flow::next;
    }

    /// After push has notified.
    Flow on_undelivered(events::Undelivered& event) {
        if (told_ && told_ == event.envelope.stanza.get()) event.stored = true;
        told_ = nullptr;
        return Flow::next;
    }

private:
    core::Core& core_;
    const Stanza* told_ = nullptr;  // while its Undelivered is under way
};

}  // namespace

bool is_for_absent_member(const Stanza& stanza) {
    return stanza.is_message() && stanza.type() == StanzaType::groupchat && stanza.to().is_bare();
}

void install_offline_rooms(core::ModuleSetup& setup) {
    OfflineRooms& self = setup.state<OfflineRooms>(setup);
    setup.account_feature(ns_muc_offline);
    using events::PushSending, events::Undelivered;
    // Its row in all.cpp is before that of push_filters and after that of push.
    setup.on<PushSending>(PushSending::Stage::filter, [&self](PushSending& event) {
        return self.on_registration_found(event);
    });
    setup.on<PushSending>(PushSending::Stage::compose,
                          [&self](PushSending& event) { return self.compose(event); });
    setup.on<Undelivered>(Undelivered::Stage::notify,
                          [&self](Undelivered& event) { return self.on_undelivered(event); });
}

}  // namespace clarion::push::tigase
