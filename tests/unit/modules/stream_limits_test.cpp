#include "modules/stream_limits.h"

#include <doctest/doctest.h>

#include "proto/ns.h"
#include "proto/stream_limits.h"
#include "proto/xml_writer.h"
#include "server/core/events/stream_events.h"
#include "server/runtime/event_bus.h"
#include "tests/support/world.h"

using namespace clarion;
using namespace clarion::test;

namespace {

template <class Event>
std::string features_of(std::string config) {
    World world({.modules = {{.name = "stream_limits", .install = stream_limits::install}},
                 .config = std::move(config)});
    xml::Document features("features", ns::streams);
    world.at("example.org", [&](core::Core& core) {
        const c2s::StreamFacts stream{.host = "example.org"};
        core.bus().fire(Event{core, stream, features.root()});
    });
    const xml::Element* limits = features.root().child(ns::stream_limits, "limits");
    if (!limits) return "none";
    return std::string(limits->child_text(ns::stream_limits, "max-bytes")) + ' ' +
           std::string(limits->child_text(ns::stream_limits, "idle-seconds"));
}

}  // namespace

TEST_CASE("a stream says what it takes, before login and after") {
    const std::string config =
        "[c2s]\nmax_stanza_size = 50000\nmax_unauthenticated_stanza_size = 9000\n";
    CHECK(features_of<events::LoginFeatures>(config) == "9000 ");
    CHECK(features_of<events::StreamFeatures>(config) == "50000 ");
    CHECK(features_of<events::StreamFeatures>(config + "ping_interval = \"90s\"\n") == "50000 90");
}

TEST_CASE("what has no limit is not said") {
    xml::Document features("features", ns::streams);
    add_stream_limits(features.root(), {});
    CHECK_FALSE(features.root().has_children());
    add_stream_limits(features.root(), {0, 60});
    CHECK(features.root()
              .child(ns::stream_limits, "limits")
              ->child_text(ns::stream_limits, "idle-seconds") == "60");
    CHECK_FALSE(
        features.root().child(ns::stream_limits, "limits")->child(ns::stream_limits, "max-bytes"));
}
