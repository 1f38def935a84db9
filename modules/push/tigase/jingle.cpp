#include "modules/push/tigase/jingle.h"

#include "modules/push/policy.h"
#include "modules/push/tigase/names.h"
#include "modules/push/tigase/payload.h"
#include "server/core/events/push_events.h"

namespace clarion::push::tigase {

namespace {

void read(events::PushRegistrationReading& event) {
    if (event.enable.child(ns_jingle, "jingle")) event.wishes.call_answers = true;
}

void compose(events::PushSending& event) {
    if (!event.cause || !event.urgent || !event.enable.child(ns_jingle, "jingle")) return;
    const auto step = read_call(*carried(*event.cause, event.account.jid().bare()).message);
    if (!step) return;
    xml::Element& jingle = event.notification.add("jingle", ns_jingle);
    jingle.set_attr("action", step->action).set_attr("sid", step->sid);
    for (const auto kind : step->media) jingle.add_text_child("media", kind);
}

}  // namespace

void install_jingle(core::ModuleSetup& setup) {
    setup.account_feature(ns_jingle);
    setup.on(events::PushRegistrationReading::Stage::read, &read);
    setup.on(events::PushSending::Stage::compose, &compose);
}

}  // namespace clarion::push::tigase
