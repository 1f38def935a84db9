// Slots are numbered for each shard and owner apart: what a session carries does not grow with the
// number of shards.
#include "server/runtime/slots.h"

#include <doctest/doctest.h>

#include "tests/support/world.h"

namespace clarion {
namespace {

void install_two_and_one(core::ModuleSetup& setup) {
    (void)setup.session_slot<int>();
    (void)setup.account_slot<int>();
    (void)setup.session_slot<int>();
}

TEST_CASE("each shard numbers the slots of sessions and of accounts from 0") {
    test::World world{{.modules = {{"specimen", install_two_and_one}}, .shards = 5}};
    for (unsigned shard = 0; shard < 5; ++shard) {
        CAPTURE(shard);
        CHECK(world.core(shard).slot_counts().session == 2);
        CHECK(world.core(shard).slot_counts().account == 1);
    }
}

}  // namespace
}  // namespace clarion
