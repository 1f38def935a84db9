#include "modules/entity_time.h"

#include "base/clock.h"
#include "base/text.h"
#include "proto/ns.h"

namespace clarion::time {

namespace {

using core::IqAnswer;
using core::IqRequest;
using core::IqTarget;

/// The server lives in UTC: where its machine stands is nobody's business (XEP-0202, Security
/// Considerations).
IqAnswer answer(const core::Context& context, IqRequest& request) {
    const WallTime now = std::chrono::floor<std::chrono::seconds>(context.clock().wall());
    auto result = make_result(*request.stanza);
    result->root()
        .add("time", ns::time)
        .add_text_child("tzo", "+00:00")
        .add_text_child("utc", format_datetime(now));
    return result;
}

}  // namespace

void install(core::ModuleSetup& setup) {
    setup.host_feature(ns::time);
    setup.serve(
        IqTarget::host, StanzaType::get, ns::time, "time",
        [&context = setup.context()](IqRequest& request) { return answer(context, request); });
}

}  // namespace clarion::time
