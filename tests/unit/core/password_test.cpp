// A password that changes, an account that is disabled: who must log in again, and what is written
// when the account goes meanwhile.
#include <doctest/doctest.h>

#include <string>

#include "server/core/accounts/session.h"
#include "server/core/setup/core.h"
#include "tests/support/world.h"

using namespace clarion;
using namespace clarion::core;
using namespace clarion::test;
using namespace std::chrono_literals;

namespace {

constexpr std::string_view juliet = "juliet@example.org";
const Jid juliet_jid = Jid::trusted(std::string(juliet));

struct Scene {
    World world{{.config = "[auth]\nscram_iterations = 4096\n"}};

    Scene() { world.add_account(juliet, "old"); }

    static std::string code(const Result<>& result) { return result ? "ok" : result.error().code; }
    static Task<> change(Core& core, std::string& outcome) {
        outcome = code(co_await core.account_registry().set_password(juliet_jid, "new"));
    }
    static Task<> remove(Core& core, std::string& outcome) {
        outcome = code(co_await core.account_registry().remove(juliet_jid));
    }
    static Task<> create(Core& core, std::string& outcome) {
        outcome = code(co_await core.account_registry().create(juliet_jid, "another"));
    }
    std::string change() {
        std::string outcome;
        world.run(juliet, [&](Core& core) { return change(core, outcome); });
        return outcome;
    }
    bool exists() {
        bool found = false;
        world.run(juliet, [&](Core& core) -> Task<> {
            const auto record = co_await core.storage().accounts().find(std::string(juliet));
            found = record.ok() && record->has_value();
        });
        return found;
    }
    Client& sleeper(std::string_view jid) {
        Client& client = world.log_in(jid);
        world.at(juliet, [&](Core&) { client.session().enable_sm(true, 0); });
        client.cut();
        return client;
    }
};

}  // namespace

TEST_CASE("a password that changes while the account goes does not bring it back") {
    Scene scene;
    for (int i = 0; i < 10; ++i) {
        std::string changed, removed;
        // The key derivation is under way when the removal begins, and takes longer than it.
        scene.world.post(juliet, [&](Core& core) {
            core.scope().spawn("change", Scene::change(core, changed));
            core.scope().spawn("remove", Scene::remove(core, removed));
        });
        scene.world.settle_until([&] { return !changed.empty() && !removed.empty(); });
        CHECK(removed == "ok");
        CHECK((changed == "ok" || changed == "item-not-found"));
        CHECK_FALSE(scene.exists());
        scene.world.crash_and_restart();
        CHECK_FALSE(scene.exists());
        scene.world.add_account(juliet, "old");
        scene.world.crash_and_restart();
    }
}

TEST_CASE("nor does it spoil the account that has the name next") {
    Scene scene;
    std::string changed, removed, created;
    scene.world.post(juliet, [&](Core& core) {
        core.scope().spawn("change", Scene::change(core, changed));
        core.scope().spawn("remove", Scene::remove(core, removed));
    });
    scene.world.settle_until([&] { return !removed.empty(); });
    scene.world.run(juliet, [&](Core& core) { return Scene::create(core, created); });
    scene.world.settle_until([&] { return !changed.empty(); });
    CHECK(created == "ok");
    CHECK(scene.exists());
    CHECK(scene.world.log_in("juliet@example.org/phone").session().is_live());
}

TEST_CASE("whoever waits for an account that is being deleted does not get it") {
    Scene scene;
    scene.world.account(juliet);  // it is in memory: the answer is ready at once, and taken later
    bool found = true;
    scene.world.run(juliet, [&](Core& core) -> Task<> {
        auto loading = [](Core& c, bool& got) -> Task<> {
            const auto pin = co_await c.accounts().load(std::string(juliet));
            got = pin.ok();
        };
        std::string removed;
        core.scope().spawn("remove", Scene::remove(core, removed));
        core.scope().spawn("load", loading(core, found));
        while (removed.empty()) co_await core.shard().committed();
    });
    scene.world.settle();
    CHECK_FALSE(found);
}

TEST_CASE("a password that an administrator changes ends all sessions, the hibernating ones too") {
    Scene scene;
    Client& phone = scene.world.log_in("juliet@example.org/phone");
    Client& laptop = scene.world.log_in("juliet@example.org/laptop");
    Client& tablet = scene.sleeper("juliet@example.org/tablet");
    CHECK(scene.change() == "ok");
    CHECK(phone.ended());
    CHECK(phone.port().error() == StreamErrorCondition::reset);
    CHECK(laptop.ended());
    CHECK(tablet.ended());
    CHECK(scene.world.account(juliet).sessions().empty());
    scene.world.crash_and_restart();
    CHECK(scene.world.account(juliet).sessions().empty());
}

TEST_CASE("a change that fails ends nothing") {
    Scene scene;
    Client& phone = scene.world.log_in("juliet@example.org/phone");
    scene.world.storage().fail_next_batches(1, fail("resource-constraint", "full"));
    CHECK(scene.change() == "resource-constraint");
    CHECK(phone.session().is_live());
}

TEST_CASE("the session that changes the password stays") {
    Scene scene;
    Client& phone = scene.world.log_in("juliet@example.org/phone");
    Client& laptop = scene.world.log_in("juliet@example.org/laptop");
    scene.world.run(juliet, [&](Core& core) -> Task<> {
        const auto done = co_await core.account_registry().set_password(juliet_jid, "new",
                                                                        laptop.session().number());
        CHECK(done.ok());
    });
    CHECK(phone.ended());
    CHECK(laptop.session().is_live());
}

TEST_CASE("changes of one account's record do not undo each other") {
    Scene scene;
    std::string changed, before;
    bool disabled = false;
    scene.world.run(juliet, [&](Core& core) -> Task<> {
        const auto record = co_await core.storage().accounts().find(std::string(juliet));
        before = (*record)->credentials.sha256->salt;
    });
    scene.world.post(juliet, [&](Core& core) {
        auto disable = [](Core& c, bool& done) -> Task<> {
            done = (co_await c.account_registry().set_disabled(juliet_jid, true)).ok();
        };
        core.scope().spawn("change", Scene::change(core, changed));
        core.scope().spawn("disable", disable(core, disabled));
    });
    scene.world.settle_until([&] {
        scene.world.advance(2ms);
        return !changed.empty() && disabled;
    });
    scene.world.run(juliet, [&](Core& core) -> Task<> {
        const auto record = co_await core.storage().accounts().find(std::string(juliet));
        REQUIRE((record.ok() && record->has_value()));
        CHECK((*record)->disabled);
        CHECK((*record)->credentials.sha256->salt != before);
    });
}

TEST_CASE("an account that is disabled has no sessions, and keeps what comes for it") {
    Scene scene;
    Client& phone = scene.world.log_in("juliet@example.org/phone");
    Client& tablet = scene.sleeper("juliet@example.org/tablet");
    const auto set = [&](bool disabled) {
        scene.world.run(juliet, [disabled](Core& core) -> Task<> {
            CHECK((co_await core.account_registry().set_disabled(juliet_jid, disabled)).ok());
        });
    };
    set(true);
    CHECK(phone.port().error() == StreamErrorCondition::not_authorized);
    CHECK(tablet.ended());
    CHECK(scene.world.account(juliet).disabled());
    scene.world.crash_and_restart();
    CHECK(scene.world.account(juliet).disabled());
    CHECK(scene.world.account(juliet).sessions().empty());
    set(false);
    scene.world.crash_and_restart();
    CHECK_FALSE(scene.world.account(juliet).disabled());
}
