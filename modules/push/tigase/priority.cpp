#include "modules/push/tigase/priority.h"

#include "modules/push/tigase/names.h"
#include "server/events/push_events.h"

namespace clarion::push::tigase {

void install_priority(core::ModuleSetup& setup) {
    setup.account_feature(ns_priority);
    using events::PushSending;
    setup.on<PushSending>(PushSending::Stage::compose, [](PushSending& event) {
        if (event.enable.child(ns_priority, "priority"))
            event.notification.add_text_child("priority", event.important ? "high" : "low",
                                              ns_priority);
        return core::Flow::next;
    });
}

}  // namespace clarion::push::tigase
