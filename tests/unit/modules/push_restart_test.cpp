// Stopped or killed between a notification and its answer (docs/push-rules.md, R3 and R9).
#include "tests/unit/modules/push_scene.h"

namespace clarion::push {
namespace {

void stop(Scene& scene) {
    for (unsigned i = 0; i < 2; ++i) scene.world.core(i).set_stopping();
}
void restart(Scene& scene) {
    scene.world.crash_and_restart();
    scene.started();
}

TEST_CASE("R3: stopped again before the grace was over: nothing at that stop, once after it") {
    Scene scene;
    Client& phone = scene.phone();
    scene.say("one");
    stop(scene);
    phone.cut();
    restart(scene);
    scene.world.advance(9s);
    stop(scene);
    scene.world.advance(2s);
    CHECK(scene.published() == "");
    restart(scene);
    scene.world.advance(11s);
    CHECK(scene.published() == "phone!");
}

TEST_CASE(
    "R9: what a sleeping session's queue is pending by an unreachable service survives a crash") {
    Scene scene;
    Client& phone = scene.phone();
    scene.acknowledge(phone);
    phone.cut();
    scene.detach();
    scene.say("one");
    scene.world.advance(1h);
    restart(scene);
    scene.world.advance(11s);
    CHECK(scene.published() == "phone!");
    scene.world.advance(1s);  // its answer is noted
    restart(scene);
    scene.world.advance(11s);
    CHECK(scene.published() == "");
}

TEST_CASE("R9: ... and so does what was pending for it when it began to hibernate") {
    Scene scene;
    Client& phone = scene.phone();
    scene.detach();
    scene.say("one");
    phone.cut();
    scene.world.advance(1h);
    restart(scene);
    scene.world.advance(11s);
    CHECK(scene.published() == "phone!");
}

TEST_CASE("R9: what waits is THE entry of the publish log: nothing is left of what it replaced") {
    Scene scene("", true);
    Client& phone = scene.phone();
    phone.close();
    scene.detach();
    scene.say("while away");
    scene.phone().cut();
    scene.say("while asleep");
    scene.reattach();
    CHECK(scene.published() == "phone!");
    scene.world.advance(1s);
    restart(scene);
    scene.world.advance(11s);
    CHECK(scene.published() == "");
}

}  // namespace
}  // namespace clarion::push
