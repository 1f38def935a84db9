// One owner for one name, however many ask for it in the same moment.
#include "server/core/actors/owner_maker.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "server/core/actors/host_owner.h"
#include "server/runtime/scope.h"
#include "server/runtime/shard.h"
#include "storage/storage.h"
#include "tests/support/world.h"

using namespace clarion;
using namespace clarion::core;
using namespace clarion::test;

namespace {

using storage::OwnerId;
using storage::OwnerKind;

const std::string montague = "example.org";

struct Scene {
    World world{{.shards = 1}};
    std::vector<OwnerId> made;
    std::vector<std::string> errors;

    Task<> make(Core& core) {
        const auto id = co_await owner_of_host(core, montague);
        if (id)
            made.push_back(*id);
        else
            errors.push_back(id.error().code);
    }
    void spawn(int count) {
        world.post(montague, [this, count](Core& core) {
            for (int i = 0; i < count; ++i) core.scope().spawn("make", make(core));
        });
    }
    /// Whoever asks later finds that one.
    bool is_kept(OwnerId id) {
        world.crash_and_restart();
        made.clear();
        spawn(1);
        world.settle();
        return made.size() == 1 && made.front() == id;
    }
};

}  // namespace

TEST_CASE_FIXTURE(Scene, "who asks for an owner while it is being made gets the same one") {
    world.storage().hold_commits();
    spawn(3);
    world.run_shards();
    spawn(2);  // in a later turn
    world.run_shards();
    CHECK(made.empty());
    world.storage().release_commits();
    world.settle();
    REQUIRE(made.size() == 5);
    for (const OwnerId id : made) CHECK(id == made.front());
    CHECK(errors.empty());
    CHECK(is_kept(made.front()));
}

TEST_CASE_FIXTURE(Scene, "who waited for an owner that could not be made makes it") {
    world.storage().fail_next_batches(1, fail("internal-server-error", "disk"));
    spawn(3);
    world.settle();
    CHECK(errors == std::vector<std::string>{"internal-server-error"});
    REQUIRE(made.size() == 2);
    CHECK(made[0] == made[1]);
    CHECK(is_kept(made.front()));
}

TEST_CASE_FIXTURE(Scene, "a name that is held is held once, each kind for itself") {
    world.at(montague, [](Core& core) {
        OwnerMaker& maker = owner_maker(core);
        auto held = maker.try_claim(OwnerKind::actor, montague);
        CHECK(held.has_value());
        CHECK_FALSE(maker.try_claim(OwnerKind::actor, montague).has_value());
        CHECK(maker.try_claim(OwnerKind::account, montague).has_value());
        CHECK(maker.try_claim(OwnerKind::actor, "example.net").has_value());
        held.reset();
        CHECK(maker.try_claim(OwnerKind::actor, montague).has_value());
    });
}
