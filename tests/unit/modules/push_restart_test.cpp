// Stopped or killed between a notification and its answer (PUSH.md, R3 and R9).
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

}  // namespace
}  // namespace clarion::push
