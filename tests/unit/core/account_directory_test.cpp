#include "server/core/accounts/account_directory.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "proto/ns.h"
#include "server/core/accounts/session.h"
#include "server/core/events/account_events.h"
#include "server/core/setup/core.h"
#include "tests/support/world.h"

using namespace clarion;
using namespace clarion::core;
using namespace clarion::test;
using namespace std::chrono_literals;

namespace {

constexpr std::string_view juliet = "juliet@example.org";

struct Scene {
    explicit Scene(std::string config = {})
        : world({.config = "[auth]\nscram_iterations = 4096\n" + std::move(config)}) {
        world.at(juliet, [this](Core& core) {
            core.bus().on<events::AccountLoaded>(events::AccountLoaded::Stage::load, "test",
                                                 [this](const events::AccountLoaded&) { ++loads; });
        });
    }
    std::string create() {
        std::string outcome;
        world.run(juliet, [&](Core& core) { return create(core, outcome); });
        return outcome;
    }
    static Task<> create(Core& core, std::string& outcome) {
        const auto made =
            co_await core.account_registry().create(Jid::trusted(std::string(juliet)), "secret");
        outcome = made ? "ok" : made.error().code;
    }
    static Task<> remove(Core& core, std::string& outcome) {
        const auto removed =
            co_await core.account_registry().remove(Jid::trusted(std::string(juliet)));
        outcome = removed ? "ok" : removed.error().code;
    }
    std::string remove() {
        std::string outcome;
        world.run(juliet, [&](Core& core) { return remove(core, outcome); });
        return outcome;
    }
    void evict(Duration idle = -1s) {
        world.at(juliet, [&](Core& core) { core.accounts().evict_idle(idle); });
    }
    bool loaded() {
        bool is = false;
        world.at(juliet, [&](Core& core) { is = core.accounts().find(juliet) != nullptr; });
        return is;
    }
    /// Asks for the account and notes what comes.
    void ask(Core& core, std::string name) {
        core.accounts().with(juliet, [this, name](Result<Account*> found) {
            answers.push_back(name + (found ? "" : " " + found.error().code));
        });
    }

    World world;
    int loads = 0;
    std::vector<std::string> answers;
};

using Answers = std::vector<std::string>;

}  // namespace

TEST_CASE("an account is loaded once, when it is wanted") {
    Scene scene;
    REQUIRE(scene.create() == "ok");
    CHECK_FALSE(scene.loaded());
    scene.world.at(juliet, [&](Core& core) {
        scene.ask(core, "a");
        scene.ask(core, "b");
    });
    CHECK(scene.answers == Answers{"a", "b"});
    CHECK(scene.loads == 1);
    CHECK(scene.loaded());
}

TEST_CASE("unknown names are remembered until they exist") {
    Scene scene;
    scene.world.at(juliet, [&](Core& core) { scene.ask(core, "a"); });
    CHECK(scene.answers == Answers{"a item-not-found"});
    scene.world.add_account(juliet);  // behind the directory's back
    scene.world.at(juliet, [&](Core& core) { scene.ask(core, "b"); });
    CHECK(scene.answers.back() == "b item-not-found");

    Scene other;
    other.world.at(juliet, [&](Core& core) { other.ask(core, "a"); });
    CHECK(other.create() == "ok");
    other.world.at(juliet, [&](Core& core) { other.ask(core, "b"); });
    CHECK(other.answers.back() == "b");
}

TEST_CASE("a name is given once, even to those who ask at the same time") {
    Scene scene;
    std::string one, two;
    scene.world.at(juliet, [&](Core& core) {
        core.scope().spawn("one", Scene::create(core, one));
        core.scope().spawn("two", Scene::create(core, two));
    });
    scene.world.settle_until([&] { return !one.empty() && !two.empty(); });
    CHECK((one == "ok") != (two == "ok"));
    CHECK((one == "conflict" || two == "conflict"));
    CHECK(scene.create() == "conflict");
}

TEST_CASE("import leaves alone what exists, and what it named before") {
    Scene scene;
    scene.world.add_account(juliet);
    std::vector<Jid> existing;
    std::string nurse = "nurse@example.org";  // at home with Juliet
    while (&scene.world.home_of(nurse) != &scene.world.home_of(juliet)) nurse.insert(0, 1, 'a');
    scene.world.run(juliet, [&](Core& core) -> Task<> {
        std::vector<AccountRegistry::NewAccount> accounts;
        for (const std::string& name : {std::string(juliet), nurse, nurse})
            accounts.push_back({Jid::trusted(name), {}});
        auto made = co_await core.account_registry().create_all(std::move(accounts));
        REQUIRE(made.ok());
        existing = std::move(made->existing);
    });
    REQUIRE(existing.size() == 2);
    CHECK(existing[0].full() == juliet);
    CHECK(existing[1].full() == nurse);
}

TEST_CASE("while an account is removed, who wants it waits in order, and only so many") {
    Scene scene;
    REQUIRE(scene.create() == "ok");
    std::string removed;
    scene.world.storage().hold_commits();
    scene.world.post(
        juliet, [&](Core& core) { core.scope().spawn("remove", Scene::remove(core, removed)); });
    scene.world.run_shards();
    scene.world.post(juliet, [&](Core& core) {
        CHECK(core.accounts().find(juliet) == nullptr);
        for (int i = 0; i < 1001; ++i) scene.ask(core, std::to_string(i));
    });
    scene.world.run_shards();
    CHECK(scene.answers == Answers{"1000 resource-constraint"});
    scene.world.storage().release_commits();
    scene.world.settle();
    CHECK(removed == "ok");
    REQUIRE(scene.answers.size() == 1001);
    CHECK(scene.answers[1] == "0 item-not-found");
    CHECK(scene.answers[1000] == "999 item-not-found");
}

TEST_CASE("evicted: idle accounts only") {
    Scene scene;
    REQUIRE(scene.create() == "ok");
    scene.world.account(juliet);
    scene.evict(60s);
    CHECK(scene.loaded());
    SUBCASE("untouched for a while") {
        scene.world.advance(61s);
        scene.evict(60s);
        CHECK_FALSE(scene.loaded());
    }
    SUBCASE("not with a live session") {
        scene.world.connect("juliet@example.org/phone");
        scene.evict();
        CHECK(scene.loaded());
    }
    SUBCASE("not while pinned") {
        Account& account = scene.world.account(juliet);
        scene.world.at(juliet, [&](Core&) { account.pin(); });
        scene.evict();
        CHECK(scene.loaded());
        scene.world.at(juliet, [&](Core&) { account.unpin(); });
        scene.evict();
        CHECK_FALSE(scene.loaded());
    }
    SUBCASE("not if a module says no") {
        scene.world.at(juliet, [](Core& core) {
            core.bus().on<events::AccountEvicting>(
                events::AccountEvicting::Stage::ask, "test",
                [](events::AccountEvicting&) { return Flow::stop; });
        });
        scene.evict();
        CHECK(scene.loaded());
    }
    SUBCASE("not before what it wrote is decided") {
        scene.world.storage().hold_commits();
        scene.world.post(juliet, [&](Core& core) {
            Account& account = *core.accounts().find(juliet);
            account.roster().put(core.shard(), account.id(), {.jid = "nurse@example.org"});
        });
        scene.world.post(juliet, [](Core& core) { core.accounts().evict_idle(-1s); });
        scene.world.run_shards();
        CHECK(scene.world.home_of(juliet).accounts().find(juliet));
        scene.world.storage().release_commits();
        scene.world.settle();
        CHECK_FALSE(scene.loaded());
        CHECK(scene.world.account(juliet).roster().find("nurse@example.org"));
    }
}

TEST_CASE("the walk over all accounts goes in slices, which reach everybody") {
    Scene scene;
    REQUIRE(scene.create() == "ok");
    scene.world.account(juliet);
    scene.world.advance(10s);
    constexpr std::size_t slices = 20;
    const auto walk = [&](Duration idle) {
        for (std::size_t i = 0; i < slices + 1; ++i)
            scene.world.at(juliet, [&](Core& core) { core.accounts().evict_slice(idle, slices); });
    };
    walk(11s);
    CHECK(scene.loaded());
    walk(9s);
    CHECK_FALSE(scene.loaded());
}

TEST_CASE("who was let go is evicted at once, or when nothing needs it any more") {
    Scene scene;
    REQUIRE(scene.create() == "ok");
    const auto slice = [&] {
        scene.world.at(juliet, [&](Core& core) { core.accounts().evict_slice(1h, 1'000'000); });
    };
    scene.world.account(juliet);
    std::optional<AccountPin> pin;
    scene.world.at(juliet, [&](Core& core) {
        pin.emplace(*core.accounts().find(juliet));
        core.accounts().evict_soon(std::string(juliet));
    });
    slice();
    CHECK(scene.loaded());
    scene.world.at(juliet, [&](Core&) { pin.reset(); });
    slice();
    CHECK_FALSE(scene.loaded());
    scene.world.account(juliet);  // that was once
    slice();
    CHECK(scene.loaded());
}

TEST_CASE("who hibernates is seen although the account was evicted") {
    Scene scene;
    REQUIRE(scene.create() == "ok");
    scene.world.add_account("romeo@example.org");
    scene.world.befriend(juliet, "romeo@example.org", Subscription::from);
    Client& phone = scene.world.log_in("juliet@example.org/phone");
    scene.world.at(juliet, [&](Core&) { phone.session().enable_sm(true, 0); });
    phone.send("<presence><status>dreaming</status></presence>");
    phone.cut();
    scene.evict();
    REQUIRE_FALSE(scene.loaded());

    Client& romeo = scene.world.connect("romeo@example.org/orchard");
    romeo.send("<presence to='juliet@example.org' type='probe'/>");
    const auto seen = romeo.pop("presence");
    CHECK(seen.root().attr("from") == "juliet@example.org/phone");
    CHECK(seen.root().child_text(ns::client, "status") == "dreaming");
    CHECK(scene.loaded());
}

TEST_CASE("presence for an account without sessions does not load it") {
    Scene scene;
    REQUIRE(scene.create() == "ok");
    scene.world.arrive("<presence from='m@example.com/x' to='juliet@example.org'/>");
    scene.world.arrive(
        "<presence from='m@example.com/x' to='juliet@example.org' type='unavailable'/>");
    CHECK_FALSE(scene.loaded());
    CHECK(scene.loads == 0);
}

TEST_CASE("an account that is made again inherits nothing") {
    Scene scene;
    REQUIRE(scene.create() == "ok");
    const auto first = scene.world.account(juliet).id();
    scene.world.befriend(juliet, "romeo@example.org");
    Client& phone = scene.world.log_in("juliet@example.org/phone");
    Client& tablet = scene.world.log_in("juliet@example.org/tablet");
    scene.world.at(juliet, [&](Core&) {
        phone.session().enable_sm(true, 0);
        tablet.session().enable_sm(true, 0);
    });
    phone.cut();
    scene.world.arrive(
        "<message from='m@example.com/x' to='juliet@example.org/phone' type='chat' "
        "id='1'><body>1</body></message>");
    scene.world.arrive(
        "<message from='m@example.com/x' to='juliet@example.org/tablet' type='chat' "
        "id='2'><body>2</body></message>");
    CHECK(scene.remove() == "ok");
    CHECK(scene.remove() == "item-not-found");
    CHECK(tablet.port().error() == StreamErrorCondition::not_authorized);
    REQUIRE(scene.create() == "ok");
    Account& again = scene.world.account(juliet);
    CHECK(again.id() != first);
    CHECK(again.sessions().empty());
    CHECK(again.roster().items().empty());
    CHECK(again.offline_count() == 0);
    scene.world.crash_and_restart();
    Account& still = scene.world.account(juliet);
    CHECK(still.sessions().empty());
    CHECK(still.offline_count() == 0);
}

TEST_CASE("a failed removal leaves the account") {
    Scene scene;
    REQUIRE(scene.create() == "ok");
    scene.world.befriend(juliet, "romeo@example.org");
    scene.world.storage().fail_next_batches(1, fail("resource-constraint", "full"));
    CHECK(scene.remove() == "resource-constraint");
    CHECK(scene.world.account(juliet).roster().find("romeo@example.org"));
}
