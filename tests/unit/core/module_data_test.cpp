// What a module keeps for an account: in memory and in storage, over reloads, within its bounds.
#include "server/core/actors/module_data.h"

#include <doctest/doctest.h>

#include <optional>

#include "tests/support/world.h"

namespace clarion::core {
namespace {

constexpr std::string_view juliet = "juliet@example.org";

struct Spaces {
    std::optional<ResidentSpace> plain, other, bounded;
    std::optional<StoredSpace> stored;
};

/// As three modules would have them, on one shard.
Spaces declare(Core& core) {
    Spaces spaces;
    ModuleSetup notes(core, "notes"), marks(core, "marks"), lists(core, "lists");
    spaces.plain.emplace(notes.resident_data());
    spaces.other.emplace(marks.resident_data());
    spaces.bounded.emplace(lists.resident_data(100'000));
    spaces.stored.emplace(notes.stored_data({.entries = 2, .bytes = 20}));
    return spaces;
}

struct Scene {
    test::World world;
    Spaces spaces;

    Scene() {
        world.add_account(juliet);
        spaces = declare(world.home_of(juliet));
    }
    /// With the account loaded; what was written is committed, and the account evicted.
    void with(const std::function<void(DataOwner&)>& use) {
        world.run(juliet, [&](Core& core) -> Task<> {
            auto pin = co_await core.accounts().load(std::string(juliet));
            REQUIRE(pin.ok());
            use((*pin)->owner());
            CHECK((co_await core.shard().committed()).ok());
        });
        using namespace std::chrono_literals;
        world.at(juliet, [](Core& core) { core.accounts().evict_idle(-1s); });
        CHECK(world.home_of(juliet).accounts().find(juliet) == nullptr);
    }
    std::string put(std::string key, std::string value) {
        std::string outcome;
        world.run(juliet, [&](Core& core) -> Task<> {
            auto pin = co_await core.accounts().load(std::string(juliet));
            auto done = co_await spaces.stored->put((*pin)->id(), key, value);
            outcome = done ? "ok" : done.error().code;
        });
        return outcome;
    }
};

TEST_CASE("resident data is there again when the account is loaded again") {
    Scene scene;
    const ResidentSpace& notes = *scene.spaces.plain;
    scene.with([&](DataOwner& owner) {
        CHECK(notes.empty(owner));
        CHECK(notes.put(owner, "b", "2").ok());
        CHECK(notes.put(owner, "a", "1").ok());
        CHECK(scene.spaces.other->put(owner, "a", "of another module").ok());
        CHECK(notes.get(owner, "b") == "2");
    });
    scene.with([&](DataOwner& owner) {
        std::string seen;
        notes.for_each(owner, [&](std::string_view key, std::string_view value) {
            seen.append(key).append(value).append(" ");
        });
        CHECK(seen == "a1 b2 ");
        notes.remove(owner, "a");
        CHECK(notes.put(owner, "b", "3").ok());
    });
    scene.with([&](DataOwner& owner) {
        CHECK_FALSE(notes.get(owner, "a"));
        CHECK(notes.get(owner, "b") == "3");
        notes.clear(owner);
    });
    scene.with([&](DataOwner& owner) {
        CHECK(notes.empty(owner));
        CHECK(scene.spaces.other->get(owner, "a") == "of another module");
    });
}

TEST_CASE("what a module keeps resident is bounded, and what all keep together") {
    Scene scene;
    const auto entry = [](std::size_t bytes) { return std::string(bytes - 6, 'x'); };
    scene.with([&](DataOwner& owner) {
        const ResidentSpace& notes = *scene.spaces.plain;
        CHECK(notes.room(owner) == storage::max_resident_of_module);
        CHECK(notes.put(owner, "a", entry(8000)).ok());
        CHECK(notes.room(owner) == 192);
        CHECK(notes.put(owner, "b", entry(193)).error().code == "resource-constraint");
        CHECK_FALSE(notes.get(owner, "b"));
        CHECK(notes.put(owner, "b", entry(192)).ok());
        CHECK(notes.put(owner, "a", entry(8000)).ok());  // replaced: no more than before
        CHECK(notes.put(owner, "a", entry(8001)).error().code == "resource-constraint");

        const ResidentSpace& lists = *scene.spaces.bounded;
        CHECK(lists.put(owner, "a", entry(90'000)).ok());
        CHECK(lists.put(owner, "b", entry(20'000)).error().code == "resource-constraint");
        CHECK(scene.spaces.other->room(owner) == storage::max_resident_of_module);

        const std::vector<std::string> names{"m1", "m2", "m3", "m4", "m5", "m6", "m7", "m8"};
        std::size_t refused = 0;
        for (const auto& name : names) {
            ModuleSetup module(scene.world.home_of(juliet), name);
            if (!module.resident_data().put(owner, "k", entry(8192))) ++refused;
        }
        CHECK(refused == 1);  // together with the notes it would be more than 64 KB
    });
}

TEST_CASE("what a module stores is bounded by number and bytes") {
    Scene scene;
    CHECK(scene.put("a", "1") == "ok");
    CHECK(scene.put("b", "12345678901234567890") == "resource-constraint");
    CHECK(scene.put("b", "1234567890") == "ok");
    CHECK(scene.put("c", "") == "resource-constraint");
    CHECK(scene.put("b", "12345678901234567") == "ok");
    CHECK(scene.put("b", "123456789012345678") == "resource-constraint");
    CHECK(scene.put("b", "1") == "ok");
    scene.with([&](DataOwner& owner) {
        scene.spaces.stored->remove(owner.id(), "a");
        scene.spaces.stored->put_new(owner.id(), "c", "new");
    });
    scene.world.run(juliet, [&](Core& core) -> Task<> {
        auto pin = co_await core.accounts().load(std::string(juliet));
        storage::DataQuery all;  // with a name: see HACKING.md about GCC 12
        const auto page = co_await scene.spaces.stored->read((*pin)->id(), all);
        REQUIRE(page.ok());
        REQUIRE(page->entries.size() == 2);
        CHECK(page->entries[1].value == "new");
        const auto usage = co_await scene.spaces.stored->usage((*pin)->id());
        CHECK(usage->entries == 2);
        CHECK(usage->bytes == 6);
        scene.spaces.stored->put_new((*pin)->id(), "c", "again");
        CHECK((co_await core.shard().committed()).error().code == "conflict");
        scene.spaces.stored->clear((*pin)->id());
        CHECK((co_await core.shard().committed()).ok());
        const auto gone = co_await scene.spaces.stored->get((*pin)->id(), "c");
        CHECK(gone->has_value() == false);
    });
}

}  // namespace
}  // namespace clarion::core
