#include "server/core/setup/partition_moves.h"

#include <doctest/doctest.h>

#include <optional>

#include "server/core/events/partition_events.h"
#include "server/core/options.h"
#include "server/core/setup/import_accounts.h"
#include "server/core/setup/remote_call.h"
#include "server/runtime/event_bus.h"
#include "tests/support/world.h"

using namespace clarion;
using namespace clarion::core;
using namespace std::chrono_literals;
using test::Client;
using test::FakeLink;
using test::World;

namespace {

constexpr std::string_view juliet = "juliet@example.org";
constexpr std::string_view gateway = "gw.example.org";
constexpr const char* config = "[component.\"gw.example.org\"]\nsecret = \"x\"\n";

PartitionSet only(std::string_view address) {
    PartitionSet set;
    set.add(partition_of(address));
    return set;
}

struct Scene {
    World world;
    std::optional<bool> moved;

    explicit Scene(const std::string& more = {}) : world({.config = config + more}) {
        world.add_account(juliet);
    }
    unsigned home(std::string_view address = juliet) {
        return world.home_of(address).shard().index();
    }
    /// To the other shard, without waiting for the end.
    void begin_move() {
        Core& core = world.home_of(juliet);
        core.shards().post(core.shard().index(), [this, &core] {
            core.scope().spawn("move", run(core, 1 - core.shard().index()));
        });
        world.settle();
    }
    Task<> run(Core& core, unsigned to) {
        const auto result = co_await move_partitions(core, only(juliet), to);
        moved = result.ok();
    }
    /// One more move, from that shard; what is said of it.
    std::string move_too(unsigned from) {
        std::string said = "nothing";
        world.run_on(from, [&](Core& core) -> Task<> {
            const auto result = co_await move_partitions(core, only(gateway), 0);
            said = result.ok() ? "moved" : result.error().code;
        });
        return said;
    }
    PartitionState state_on(unsigned shard, std::string_view address = juliet) {
        return world.core(shard).partition_table().state(partition_of(address));
    }
};

std::string message(std::string_view from, std::string_view to, std::string_view id) {
    return "<message from='" + std::string(from) + "' to='" + std::string(to) +
           "' type='chat' id='" + std::string(id) + "'><body>x</body></message>";
}

/// The ids and conditions of the errors that went to other servers.
std::string errors(World& world) {
    std::string all;
    while (const StanzaPtr stanza = world.remote().pop()) {
        const StanzaError error = read_error(stanza->root());
        CHECK(error.condition == StanzaErrorCondition::resource_constraint);
        CHECK(error.type == StanzaErrorType::wait);
        all += stanza->id();
    }
    return all;
}

}  // namespace

TEST_CASE("who holds an account that moves has a while, and what is for its home waits in order") {
    Scene scene;
    World& world = scene.world;
    const unsigned before = scene.home();
    std::optional<AccountPin> pin(world.account(juliet));
    scene.begin_move();
    CHECK(!scene.moved);
    CHECK(world.core(before).partition_table().state(partition_of(juliet)) ==
          PartitionState::leaving);
    CHECK(pin->alive());
    std::string error, done;
    world.run_on(before, [&](Core& core) -> Task<> {
        const auto loaded = co_await core.accounts().load(std::string(juliet));
        if (!loaded) error = loaded.error().code;
    });
    for (unsigned shard : {before, 1 - before})
        for (int i = 0; i < 2; ++i) {
            Core& core = world.core(shard);
            core.shards().post(shard, [&, &from = core, shard, i] {
                from.on_home_shard(juliet, [&, shard, i](Context& there) {
                    CHECK(there.shard().index() == 1 - before);
                    done += (shard == before ? 'a' : 'c') + i;
                });
            });
        }
    world.settle();
    CHECK(error == "");  // it is in memory yet
    CHECK(done == "");
    world.advance(PartitionsOptions{}.release_limit);
    CHECK(scene.moved == true);
    CHECK(scene.home() == 1 - before);
    CHECK(pin->alive() == nullptr);
    CHECK(done.find('a') < done.find('b'));
    CHECK(done.find('c') < done.find('d'));
    CHECK(done.size() == 4);
    world.at("romeo@example.org", [&](Core&) { pin.reset(); });
    CHECK(&world.account(juliet).context() == &world.core(1 - before));
}

TEST_CASE("nobody is found where he was before he moved") {
    Scene scene;
    const unsigned before = scene.home();
    REQUIRE(scene.world.move(only(juliet), 1 - before));
    std::string error;
    scene.world.run_on(before, [&](Core& core) -> Task<> {
        const auto loaded = co_await core.accounts().load(std::string(juliet));
        if (!loaded) error = loaded.error().code;
    });
    CHECK(error == "moved");
    unsigned ran_on = 99;
    scene.world.run_on(before, [&](Core& core) -> Task<> {
        std::function<Task<>(Context&)> work = [&](Context& there) -> Task<> {
            ran_on = there.shard().index();
            co_return;
        };
        co_await call_at_home(core, std::string(juliet), std::move(work));
    });
    CHECK(ran_on == 1 - before);
}

TEST_CASE("what cannot be stored stays where it is") {
    Scene scene;
    World& world = scene.world;
    const unsigned before = scene.home();
    Client& client = world.connect("juliet@example.org/phone");
    world.at(juliet, [&](Core&) { client.session().enable_sm(true, 0); });
    world.storage().fail_next_commits(100'000);
    scene.begin_move();
    for (int i = 0; i < 12 && !scene.moved; ++i) world.advance(1s);
    CHECK(scene.moved == false);
    CHECK(client.port().cut());
    CHECK(scene.home() == before);
    CHECK(world.core(before).partition_table().is_here(partition_of(juliet)));
    world.storage().fail_next_commits(0);
    world.advance(6s);
    CHECK(client.session().hibernation().is_stored());
    CHECK(world.move(only(juliet), 1 - before));
    CHECK(world.account(juliet).sessions().size() == 1);
}

TEST_CASE("what is for a component that moves waits until it has connected again") {
    World world({.config = config});
    world.add_account(juliet);
    FakeLink& component = world.attach_component(gateway);
    Client& client = world.connect("juliet@example.org/phone");
    const auto say = [&] {
        client.send("<message to='x@gw.example.org' type='chat'><body>x</body></message>");
    };
    REQUIRE(world.move(only(gateway), 1 - world.home_of(gateway).shard().index()));
    CHECK(component.left());
    say();
    CHECK(component.pending() == 0);
    CHECK(client.pending() == 0);
    SUBCASE("it does") {
        world.attach_component(gateway);
        CHECK(component.pending() == 1);
        say();
        CHECK(component.pending() == 2);
        world.advance(11s);
        CHECK(client.pending() == 0);
    }
    SUBCASE("it does not") {
        world.advance(11s);
        CHECK(client.pop("message").root().attr("type") == "error");
        say();
        CHECK(client.pop("message").root().attr("type") == "error");
    }
}

TEST_CASE("what is held while an account moves has a limit, but for answers and tasks") {
    Scene scene("[partitions]\nmax_held_stanzas = 2\n");
    World& world = scene.world;
    Client& client = world.connect("juliet@example.org/phone");
    std::optional<AccountPin> pin(world.account(juliet));
    client.close();
    scene.begin_move();
    REQUIRE(!scene.moved);
    int tasks = 0;
    for (const char* id : {"a", "b", "c", "d"}) {
        world.arrive(message("romeo@example.com", juliet, id));
        world.post(juliet, [&](Core&) { ++tasks; });
    }
    world.arrive(
        "<iq type='error' from='romeo@example.com' to='juliet@example.org' id='e'>"
        "<error type='cancel'><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>"
        "</error></iq>");
    CHECK(errors(world) == "cd");
    CHECK(tasks == 0);
    world.advance(PartitionsOptions{}.release_limit);
    REQUIRE(scene.moved == true);
    CHECK(tasks == 4);
    world.remote().drop_all();
    // All that was held is counted off.
    pin.emplace(world.account(juliet));
    scene.moved.reset();
    scene.begin_move();
    REQUIRE(!scene.moved);
    for (const char* id : {"f", "g", "h"}) world.arrive(message("romeo@example.com", juliet, id));
    CHECK(errors(world) == "h");
}

TEST_CASE("how long a release waits is said in the configuration") {
    Scene scene("[partitions]\nrelease_limit = \"20s\"\n");
    const std::optional<AccountPin> pin(scene.world.account(juliet));
    scene.begin_move();
    scene.world.advance(19s);
    CHECK(!scene.moved);
    scene.world.advance(1s);
    CHECK(scene.moved == true);
}

TEST_CASE("what waits for a component has a limit, and its time") {
    World world({.config = std::string(config) +
                           "[partitions]\nmax_held_stanzas = 2\ncomponent_patience = \"20s\"\n"});
    world.attach_component(gateway);
    REQUIRE(world.move(only(gateway), 1 - world.home_of(gateway).shard().index()));
    for (const char* id : {"a", "b", "c"}) world.arrive(message("romeo@example.com", gateway, id));
    CHECK(errors(world) == "c");
    world.advance(11s);
    CHECK(world.remote().pending() == 0);
    SUBCASE("it comes back") {
        CHECK(world.attach_component(gateway).pending() == 2);
        world.arrive(message("romeo@example.com", gateway, "d"));
        CHECK(world.remote().pending() == 0);
    }
    SUBCASE("it does not") {
        world.advance(10s);
        CHECK(world.remote().pending() == 2);
    }
}

TEST_CASE("of two moves the second is refused, whatever shard it is started from") {
    Scene scene;
    const unsigned before = scene.home();
    std::optional<AccountPin> pin(scene.world.account(juliet));
    scene.begin_move();
    for (unsigned shard : {0u, 1u}) CHECK(scene.move_too(shard) == "conflict");
    CHECK(!scene.moved);
    scene.world.run_on(before, [&](Core& core) -> Task<> {
        pin.reset();
        core.partitions_changed().notify();
        co_return;
    });
    CHECK(scene.moved == true);
    for (unsigned shard : {0u, 1u}) CHECK(scene.move_too(shard) == "moved");
}

TEST_CASE("a loss waits for its turn, but a move that is releasing gives up for it") {
    Scene scene;
    World& world = scene.world;
    const unsigned before = scene.home();
    std::string heard;
    for (unsigned shard : {0u, 1u}) {
        EventBus& bus = world.core(shard).bus();
        using namespace events;
        bus.on<PartitionsReleased>(PartitionsReleased::Stage::hand_over, "test",
                                   [&](const PartitionsReleased&) { heard += "released "; });
        bus.on<PartitionsLost>(PartitionsLost::Stage::drop, "test",
                               [&](const PartitionsLost&) { heard += "lost "; });
    }
    const std::optional<AccountPin> pin(world.account(juliet));
    scene.begin_move();
    REQUIRE(!scene.moved);
    SUBCASE("of the same") {
        world.lose(only(juliet));
        CHECK(heard == "lost ");
        CHECK(pin->alive() == nullptr);
        CHECK(scene.state_on(before) == PartitionState::away);
    }
    SUBCASE("of others") {
        world.lose(only(gateway));
        CHECK(heard == "lost ");
        CHECK(pin->alive());
        CHECK(scene.state_on(before) == PartitionState::here);
    }
    CHECK(scene.moved == false);
    CHECK(scene.home() == before);
    CHECK(scene.move_too(1) == "moved");
}

TEST_CASE("two losses at a time both happen") {
    Scene scene;
    int ended = 0;
    const auto lose = [&](Core& core, std::string_view address) -> Task<> {
        co_await lose_partitions(core, only(address));
        ++ended;
    };
    for (const auto& [shard, address] : {std::pair{0u, juliet}, std::pair{1u, gateway}}) {
        Core& core = scene.world.core(shard);
        core.shards().post(shard,
                           [&, address] { core.scope().spawn("lose", lose(core, address)); });
    }
    scene.world.settle();
    CHECK(ended == 2);
    for (const auto address : {juliet, gateway})
        CHECK(scene.state_on(scene.home(address), address) == PartitionState::away);
}

TEST_CASE("who asks at the home of an account that moves is answered at the next one") {
    Scene scene;
    World& world = scene.world;
    const unsigned before = scene.home();
    std::optional<AccountPin> pin(world.account(juliet));
    std::string said, homes;
    const auto ask = [&](Core& core) -> Task<> {
        std::function<Task<Result<>>(Context&)> work = [&](Context& home) -> Task<Result<>> {
            homes += home.shard().index() == before ? "old " : "new ";
            // So slow that the account leaves before it is asked for.
            if (home.shard().index() == before) co_await home.shard().sleep(6s);
            co_return co_await home.account_registry().set_disabled(
                Jid::trusted(std::string(juliet)), true);
        };
        const auto done = co_await ask_at_home<void>(core, std::string(juliet), work);
        said = done.ok() ? "done" : done.error().code;
    };
    Core& core = world.core(1 - before);
    core.shards().post(1 - before, [&] { core.scope().spawn("ask", ask(core)); });
    world.settle();
    CHECK(homes == "old ");
    scene.begin_move();
    world.advance(PartitionsOptions{}.release_limit);
    REQUIRE(scene.moved == true);
    CHECK(said.empty());
    world.advance(1s);
    CHECK(homes == "old new ");
    CHECK(said == "done");
    CHECK(world.account(juliet).disabled());
}

TEST_CASE("who follows an account that moves again and again is told in the end") {
    Scene scene;
    int asked = 0;
    std::string said;
    scene.world.run_on(0, [&](Core& core) -> Task<> {
        std::function<Task<Result<>>(Context&)> work = [&](Context&) -> Task<Result<>> {
            ++asked;
            co_return fail(error_code::moved);
        };
        const auto done = co_await ask_at_home<void>(core, std::string(juliet), work);
        said = done.error().code;
    });
    CHECK(said == "moved");
    CHECK(asked == 5);
}

TEST_CASE("accounts that move while they are imported are made at their next home") {
    Scene scene;
    World& world = scene.world;
    const unsigned before = scene.home();
    const std::optional<AccountPin> pin(world.account(juliet));
    std::string nurse = "nurse@example.org";  // of her partition
    for (int i = 0; partition_of(nurse) != partition_of(juliet); ++i)
        nurse = "nurse" + std::to_string(i) + "@example.org";
    const std::string paris = "paris@example.org";
    scene.begin_move();
    std::vector<Jid> existing;
    bool ended = false;
    const auto import = [&](Core& core) -> Task<> {
        std::vector<AccountRegistry::NewAccount> accounts;
        for (const std::string& name : {std::string(juliet), nurse, paris})
            accounts.push_back({Jid::trusted(name), {}});
        auto made = co_await import_accounts(core, std::move(accounts));
        REQUIRE(made.ok());
        existing = std::move(*made);
        ended = true;
    };
    world.core(0).shards().post(
        0, [&] { world.core(0).scope().spawn("import", import(world.core(0))); });
    world.settle();
    CHECK(!ended);
    world.advance(PartitionsOptions{}.release_limit);
    REQUIRE(scene.moved == true);
    CHECK(ended);
    REQUIRE(existing.size() == 1);
    CHECK(existing[0].full() == juliet);
    CHECK(&world.account(nurse).context() == &world.core(1 - before));
    (void)world.account(paris);
}
