#include "modules/mam/archive_expiry.h"

#include <doctest/doctest.h>

#include <thread>

#include "base/metrics.h"
#include "modules/mam/admin_commands.h"
#include "modules/mam/mam.h"
#include "proto/ns.h"
#include "server/core/events/server_events.h"
#include "tests/support/world.h"

namespace clarion::mam {
namespace {

using namespace std::chrono_literals;
using storage::Table;
constexpr auto day = std::chrono::hours(24);

/// Two accounts of one host and one of another; the server has just started.
struct Scene {
    test::World world;

    explicit Scene(std::string config)
        : world({.modules = {{"mam", install, declare_options, "", ""}},
                 .config = std::move(config)}) {
        for (const char* jid : {juliet, nurse, romeo}) world.add_account(jid);
        for (unsigned i = 0; i < 2; ++i) {
            core::Core& core = world.core(i);
            core.shards().post(i, [&core] { core.bus().fire(events::ServerStarted{core}); });
        }
        world.settle();
    }

    void say(const std::string& from, const std::string& to, const std::string& text) {
        test::Client& client = world.connect(from + "/x");
        client.send("<message to='" + to + "' type='chat'><body>" + text + "</body></message>");
        client.close();
        world.advance(1s);
    }
    std::string archive_of(const std::string& jid) {
        test::Client& client = world.connect(jid + "/reader");
        client.drop_all();
        client.ask("<iq type='set' id='q'><query xmlns='urn:xmpp:mam:2'/></iq>");
        std::string bodies;
        while (client.pending() > 0) {
            const auto message = client.pop();
            const xml::Element* result = message.root().child(ns::mam, "result");
            if (!result) continue;
            const xml::Element* forwarded = result->child(ns::forward, "forwarded");
            REQUIRE(forwarded);
            const xml::Element* copy = forwarded->child(ns::client, "message");
            REQUIRE(copy);
            bodies += std::string(copy->child_text(ns::client, "body")) + " ";
        }
        client.close();
        return bodies;
    }
    /// Long enough for the next run over all accounts, slice by slice.
    void run_expiry() {
        world.advance(expiry_interval);
        for (int i = 0; i < 50; ++i) world.advance(slice_pause);
    }
    std::uint64_t entries(Table table) {
        return world.storage().engine().snapshot()->entries(table);
    }
    /// The sweep reads on a worker, whose time is real: one that is late puts the next one off, so
    /// this waits for a few. False: it did not happen.
    bool wait_for_log(std::uint64_t stanzas) {
        for (int sweeps = 0; sweeps < 10; ++sweeps) {
            if (sweeps > 0) world.advance(sweep_interval);
            const auto limit = std::chrono::steady_clock::now() + 6s;
            while (std::chrono::steady_clock::now() < limit) {
                if (entries(Table::log) == stanzas && entries(Table::unreferenced) == 0)
                    return true;
                world.advance(slice_pause);
                std::this_thread::sleep_for(1ms);  // or the clock runs ahead by days
            }
        }
        return false;
    }

    static constexpr const char* juliet = "juliet@example.org";
    static constexpr const char* nurse = "nurse@example.org";
    static constexpr const char* romeo = "romeo@example.net";
};

TEST_CASE("each host's archives keep messages as long as its option says") {
    Scene scene("[mam]\nexpire_after = 30\n[host.\"example.net\".mam]\nexpire_after = \"never\"\n");
    const std::uint64_t before =
        metrics().counter("clarion_archive_messages_expired_total", "").value();
    scene.say(Scene::juliet, Scene::romeo, "one");
    scene.say(Scene::nurse, Scene::juliet, "two");
    scene.world.advance(20 * day);
    scene.say(Scene::juliet, Scene::romeo, "three");
    scene.run_expiry();
    CHECK(scene.archive_of(Scene::juliet) == "one two three ");

    scene.world.advance(10 * day);
    scene.run_expiry();
    CHECK(scene.archive_of(Scene::juliet) == "three ");
    CHECK(scene.archive_of(Scene::nurse) == "");
    CHECK(scene.archive_of(Scene::romeo) == "one three ");
    CHECK(metrics().counter("clarion_archive_messages_expired_total", "").value() == before + 3);

    scene.world.advance(sweep_interval);  // "two" was in two archives, both have lost it
    CHECK(scene.wait_for_log(2));
    CHECK(scene.archive_of(Scene::romeo) == "one three ");
}

TEST_CASE("each host's archives keep as many messages as its option says") {
    Scene scene("[mam]\nmax_messages = 2\n[host.\"example.net\".mam]\nmax_messages = 0\n");
    for (const char* text : {"one", "two", "three"}) scene.say(Scene::juliet, Scene::romeo, text);
    scene.run_expiry();
    CHECK(scene.archive_of(Scene::juliet) == "two three ");
    CHECK(scene.archive_of(Scene::romeo) == "one two three ");
    scene.say(Scene::juliet, Scene::romeo, "four");
    CHECK(scene.archive_of(Scene::juliet) == "two three four ");
    scene.run_expiry();
    CHECK(scene.archive_of(Scene::juliet) == "three four ");
}

TEST_CASE("an archive that is too large loses its oldest, and the administrator is told") {
    Scene scene("[mam]\nmax_bytes = 6000\n[host.\"example.net\".mam]\nmax_bytes = 0\n");
    const std::string large(3000, 'x');
    const auto alarms = [&] {
        std::string text;
        scene.world.run_on(0, [&](core::Core& core) -> Task<> {
            for (const auto& alarm : co_await admin_area().alarms(core))
                text += alarm.what + " -> " + alarm.next;
        });
        return text;
    };
    for (const char* text : {"one", "two"}) scene.say(Scene::juliet, Scene::romeo, text + large);
    scene.run_expiry();
    CHECK(scene.archive_of(Scene::juliet) == "one" + large + " two" + large + " ");
    CHECK(alarms() == "");
    for (const char* text : {"three", "four"}) scene.say(Scene::juliet, Scene::romeo, text + large);
    scene.run_expiry();
    CHECK(scene.archive_of(Scene::juliet) == "three" + large + " four" + large + " ");
    CHECK(scene.archive_of(Scene::romeo).size() > 4 * large.size());
    CHECK(alarms() ==
          "archives that grew beyond [mam] max_bytes and lost their oldest messages within the "
          "hour: 1, that of juliet@example.org for one -> clarionctl archive stats "
          "juliet@example.org");
    scene.run_expiry();
    CHECK(alarms() == "");
}

TEST_CASE("who takes from the archive of an account that is not here any more is told so") {
    Scene scene("");
    scene.say(Scene::juliet, Scene::romeo, "one");
    const unsigned home = scene.world.home_of(Scene::juliet).shard().index();
    Expired expired;
    std::string said;
    const auto purge = [&](core::Core& core) -> Task<> {
        const auto done = co_await expire_archive(core, storage::OwnerKind::account, Scene::juliet,
                                                  {.since = WallTime::max()}, expired);
        said = done ? "done" : done.error().code;
    };
    scene.world.run_on(1 - home, purge);
    CHECK(said == "moved");
    CHECK(scene.archive_of(Scene::juliet) == "one ");
    CHECK(expired.messages == 0);
    scene.world.run_on(home, purge);
    CHECK(said == "done");
    CHECK(expired.messages == 1);
}

TEST_CASE("nothing expires if nothing was said about it") {
    Scene scene("");
    scene.say(Scene::juliet, Scene::romeo, "one");
    scene.world.advance(3650 * day);
    scene.run_expiry();
    CHECK(scene.archive_of(Scene::juliet) == "one ");
    CHECK(scene.entries(Table::log) == 1);
}

TEST_CASE("a clock that jumps ahead makes nothing old until it has lasted") {
    Scene scene("[mam]\nexpire_after = 30\n");
    scene.say(Scene::juliet, Scene::romeo, "one");
    const auto jump = [&](Duration by) {
        scene.world.clock().set_wall(scene.world.clock().wall() + by);
        scene.run_expiry();
    };
    jump(31 * day);
    CHECK(scene.archive_of(Scene::juliet) == "one ");
    jump(-31 * day);
    jump(31 * day);
    CHECK(scene.archive_of(Scene::juliet) == "one ");
    jump(-31 * day);
    jump(29 * day);
    scene.run_expiry();
    CHECK(scene.archive_of(Scene::juliet) == "one ");  // 29 days are believed, and are not too many
    jump(2 * day);
    CHECK(scene.archive_of(Scene::juliet) == "one ");
    scene.run_expiry();
    CHECK(scene.archive_of(Scene::juliet) == "");
}

TEST_CASE("a message from a clock that was ahead expires with those after it") {
    Scene scene("[mam]\nexpire_after = 30\n");
    const auto set = [&](std::chrono::hours by) {
        scene.world.clock().set_wall(scene.world.clock().wall() + by);
    };
    scene.say(Scene::juliet, Scene::romeo, "one");
    set(9000 * day);
    scene.say(Scene::juliet, Scene::romeo, "two");
    set(-9000 * day);
    scene.world.advance(10 * day);
    scene.say(Scene::juliet, Scene::romeo, "three");
    scene.world.advance(21 * day);
    scene.run_expiry();
    CHECK(scene.archive_of(Scene::juliet) == "two three ");
    scene.world.advance(10 * day);
    scene.run_expiry();
    CHECK(scene.archive_of(Scene::juliet) == "");
}

TEST_CASE("accounts are not loaded for it, and a long archive goes in slices") {
    Scene scene("[mam]\nexpire_after = \"72h\"\n");
    test::Client& client = scene.world.connect("juliet@example.org/x");
    for (int n = 0; n < 2100; ++n)
        client.send_soon(
            "<message to='friend@remote.example' type='chat'><body>x</body></message>");
    scene.world.settle();
    client.close();
    CHECK(scene.entries(Table::archive) == 2100);
    scene.world.advance(4 * day);
    scene.run_expiry();
    CHECK(scene.entries(Table::archive) == 1);  // the newest, emptied: ids go on from it
    CHECK(scene.archive_of(Scene::juliet) == "");
    scene.world.advance(sweep_interval);
    CHECK(scene.wait_for_log(0));
}

TEST_CASE("a failing disk ends one run; the next goes on") {
    Scene scene("[mam]\nexpire_after = 1\n");
    scene.say(Scene::juliet, "friend@remote.example", "one");
    scene.world.advance(2 * day);
    scene.say(Scene::juliet, "friend@remote.example", "two");
    scene.world.storage().fail_next_batches(1, fail("resource-constraint", "full"));
    scene.world.advance(expiry_interval);
    scene.run_expiry();
    CHECK(scene.archive_of(Scene::juliet) == "two ");
}

}  // namespace
}  // namespace clarion::mam
