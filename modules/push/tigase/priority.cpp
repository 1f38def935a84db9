#include "modules/push/tigase/priority.h"

#include "modules/push/tigase/names.h"
#include "server/core/events/push_events.h"

namespace clarion::push::tigase {

namespace {

void compose(events::PushSending& event) {
    if (event.enable.child(ns_priority, "priority"))
        event.notification.add_text_child("priority", event.important ? "high" : "low",
                                          ns_priority);
}

}  // namespace

void install_priority(core::ModuleSetup& setup) {
    setup.account_feature(ns_priority);
    setup.on(events::PushSending::Stage::compose, &compose);
}

}  // namespace clarion::push::tigase
