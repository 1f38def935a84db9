// Restart and shut down (XEP-0133, 4.30 and 4.31).
#include <doctest/doctest.h>

#include "server/core/events/server_events.h"
#include "server/runtime/event_bus.h"
#include "tests/unit/modules/administration/scene.h"

namespace clarion::administration {
namespace {

using namespace std::chrono_literals;

struct Stage : Theatre {
    explicit Stage(const std::string& config = "[administration]\nallow_stop = true\n")
        : Theatre(config), chief(&world.log_in("chief@example.net/stage")) {
        for (unsigned i = 0; i < 2; ++i)
            world.core(i).bus().on<events::StopOrdered>(
                events::StopOrdered::Stage::carry_out, "test",
                [this](const events::StopOrdered& event) {
                    ordered.push_back(event.restart ? "restart" : "stop");
                });
    }
    std::string order(Client& client, const std::string& name, const std::string& delay,
                      const Values& announcement = {}) {
        return run(client, name, field("delay", {delay}) + field("announcement", announcement));
    }
    Client* chief;
    Values ordered;
};

TEST_CASE_FIXTURE(Stage, "the server stops, or restarts, when it is time") {
    romeo->drop_all();
    CHECK(order(*chief, "shutdown", "60", {"Good night"}) == "completed");
    CHECK(romeo->pop("message").root().child_text(ns::client, "body") == "Good night");
    world.advance(59s);
    CHECK(ordered.empty());
    world.advance(1s);
    CHECK(ordered == Values{"stop"});
    CHECK(order(*chief, "restart", "0") == "completed");
    world.settle();
    CHECK(ordered == Values{"stop", "restart"});
    CHECK(romeo->pending() == 0);
}

TEST_CASE_FIXTURE(Stage, "only who administers the whole server may, and others do not see it") {
    CHECK(order(*bard, "shutdown", "0") == "item-not-found");
    CHECK(order(*romeo, "restart", "0") == "item-not-found");
    for (const auto* delay : {"-1", "soon", "3601"})
        CHECK(order(*chief, "shutdown", delay) == "bad-request bad-payload");
    world.advance(1h);
    CHECK(ordered.empty());
}

TEST_CASE("nobody may where it is not allowed, which is usual") {
    Stage stage("");
    CHECK(stage.order(*stage.chief, "shutdown", "0") == "item-not-found");
    CHECK(stage.order(*stage.chief, "restart", "0") == "item-not-found");
    CHECK(stage.ordered.empty());
}

}  // namespace
}  // namespace clarion::administration
