#include "modules/stream_limits.h"

#include <chrono>

#include "proto/stream_limits.h"
#include "server/core/events/stream_events.h"
#include "server/core/options.h"

namespace clarion::stream_limits {

namespace {

void offer_before_login(events::LoginFeatures& event) {
    const auto& options = event.context.options<core::C2sOptions>(event.stream.host);
    add_stream_limits(event.features, {.max_bytes = options.max_unauthenticated_stanza_size});
}

void offer(events::StreamFeatures& event) {
    const auto& options = event.context.options<core::C2sOptions>(event.stream.host);
    const auto idle = std::chrono::duration_cast<std::chrono::seconds>(options.ping_interval);
    add_stream_limits(event.features, {options.max_stanza_size, idle.count()});
}

}  // namespace

void install(core::ModuleSetup& setup) {
    setup.on(events::LoginFeatures::Stage::offer, &offer_before_login);
    setup.on(events::StreamFeatures::Stage::offer, &offer);
}

}  // namespace clarion::stream_limits
