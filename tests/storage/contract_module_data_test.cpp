// Module data, on both back ends: resident entries come with their owner, stored ones are read and
// counted; conditions; removal; what the check and a backup make of it.
#include "storage/module_data.h"

#include "storage/kv/database_check.h"
#include "storage/kv/describe_key.h"
#include "storage/kv/keys.h"
#include "tests/storage/storage_fixture.h"

namespace clarion::storage {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

constexpr auto resident = DataKind::resident;
constexpr auto stored = DataKind::stored;

Pairs pairs(const ResidentData& data, std::string_view module) {
    Pairs found;
    data.for_each(module, [&](std::string_view key, std::string_view value) {
        found.emplace_back(key, value);
    });
    return found;
}

CheckReport check(Engine& engine) {
    const auto snapshot = engine.snapshot();
    return DatabaseCheck(*snapshot).run([](std::string_view, std::uint64_t, std::uint64_t) {});
}

template <class Backend>
struct DataFixture {
    Fixture<Backend> fixture;
    Owner actor{fixture->owners().next_id("book@guestbook.example"), OwnerKind::actor,
                "book@guestbook.example"};
    ModuleData& data = fixture->module_data();

    DataFixture() {
        fixture.commit([&](Batch& batch) { fixture->owners().put(batch, actor); });
    }
    DataSpace space(DataKind kind, std::string_view module = "guestbook") const {
        return {actor.id, module, kind};
    }
    void put(const DataSpace& where, std::string_view key, std::string_view value) {
        fixture.commit([&](Batch& batch) { data.put(batch, where, key, value); });
    }
    std::string page(DataKind kind, DataQuery query) {
        std::string keys;
        const DataPage page = read(data.read(space(kind), std::move(query)));
        for (const DataEntry& entry : page.entries) keys += entry.key + " ";
        return keys + (page.complete ? "." : "");
    }
    std::pair<std::uint64_t, std::uint64_t> usage(std::string_view module = "guestbook") {
        const DataUsage usage = read(data.usage(space(stored, module)));
        return {usage.entries, usage.bytes};
    }
};

TEST_CASE_TEMPLATE("resident data comes with its owner, account or actor", Backend, MemoryBackend,
                   LmdbBackend) {
    DataFixture<Backend> f;
    const auto romeo = create_account(f.fixture, "romeo@example.org");
    const auto juliet = create_account(f.fixture, "juliet@example.org");
    f.fixture.commit([&](Batch& batch) {
        f.data.put(batch, {romeo.id, "push", resident}, "b", "2");
        f.data.put(batch, {romeo.id, "push", resident}, std::string_view("a\0x", 3), "1");
        f.data.put(batch, {romeo.id, "pus", resident}, "h", "other");
        f.data.put(batch, {juliet.id, "push", resident}, "c", "3");
        f.data.put(batch, {romeo.id, "push", stored}, "d", "not resident");
        f.data.put(batch, f.space(resident), "entry", "hello");
    });
    const auto loaded = read(f.fixture->accounts().load(romeo.jid));
    REQUIRE(loaded);
    CHECK(pairs(loaded->resident, "push") == Pairs{{std::string("a\0x", 3), "1"}, {"b", "2"}});
    CHECK(pairs(loaded->resident, "pus") == Pairs{{"h", "other"}});
    CHECK(pairs(read(f.fixture->accounts().load(juliet.jid))->resident, "push") ==
          Pairs{{"c", "3"}});
    CHECK(pairs(read(f.fixture->owners().load(f.actor.address))->resident, "guestbook") ==
          Pairs{{"entry", "hello"}});
    CHECK(check(f.fixture->engine()).problems == 0);

    f.fixture.commit([&](Batch& batch) {
        f.data.remove(batch, {romeo.id, "push", resident}, "b");
        f.data.remove(batch, {romeo.id, "push", resident}, "never there");
        f.data.clear(batch, {romeo.id, "pus", resident});
    });
    const auto later = read(f.fixture->accounts().load(romeo.jid));
    CHECK(pairs(later->resident, "push") == Pairs{{std::string("a\0x", 3), "1"}});
    CHECK(later->resident.empty("pus"));
}

TEST_CASE_TEMPLATE("stored data is read alone and in pages, in order of its keys", Backend,
                   MemoryBackend, LmdbBackend) {
    DataFixture<Backend> f;
    const std::string longest(max_data_key, '\xff');
    for (const char* key : {"b2", "a", "b1", "c", "b"}) f.put(f.space(stored), key, "v");
    f.put(f.space(stored), longest, "last");
    f.put(f.space(stored, "guest"), "x", "of another module");
    f.put(f.space(stored, "guestbook2"), "y", "of a third");

    CHECK(read(f.data.get(f.space(stored), "b1")) == "v");
    CHECK(read(f.data.get(f.space(stored), longest)) == "last");
    CHECK_FALSE(read(f.data.get(f.space(stored), "b3")));
    CHECK_FALSE(read(f.data.get(f.space(resident), "b1")));
    CHECK(f.page(stored, {}) == "a b b1 b2 c " + longest + " .");
    CHECK(f.page(stored, {.limit = 2}) == "a b ");
    CHECK(f.page(stored, {.after = "b", .limit = 2}) == "b1 b2 ");
    CHECK(f.page(stored, {.after = "bb"}) == "c " + longest + " .");
    CHECK(f.page(stored, {.prefix = "b"}) == "b b1 b2 .");
    CHECK(f.page(stored, {.prefix = "b", .after = "b", .limit = 2}) == "b1 b2 .");
    CHECK(f.page(stored, {.prefix = "d"}) == ".");
    CHECK(f.page(stored, {.after = longest}) == ".");
    CHECK(f.page(stored, {.max_bytes = 5}) == "a b ");
    CHECK(f.page(stored, {.after = "c", .max_bytes = 5}) == longest + " .");
    CHECK(f.page(stored, {.limit = 0}) == "");
}

TEST_CASE_TEMPLATE("a check asks modules whether they can read what they keep", Backend,
                   MemoryBackend, LmdbBackend) {
    DataFixture<Backend> f;
    f.fixture.commit([&](Batch& batch) {
        f.data.put(batch, f.space(stored), "good", "1");
        f.data.put(batch, f.space(stored), "bad", "2");
        f.data.put(batch, f.space(resident), "bad", "3");
        f.data.put(batch, f.space(stored, "other"), "bad", "4");
    });
    std::vector<std::string> asked;
    const auto snapshot = f.fixture->engine().snapshot();
    const auto report =
        DatabaseCheck(
            *snapshot,
            [&](const DataSpace& space, std::string_view key, std::string_view value) -> Result<> {
                asked.push_back(std::string(space.module) + ' ' + std::string(key) + ' ' +
                                std::string(value));
                if (space.module == "guestbook" && key == "bad")
                    return fail("bad-record", "unreadable");
                return {};
            })
            .run([](auto, auto, auto) {});
    std::sort(asked.begin(), asked.end());
    CHECK(asked == std::vector<std::string>{"guestbook bad 2", "guestbook bad 3",
                                            "guestbook good 1", "other bad 4"});
    CHECK(report.problems == 2);
    REQUIRE(report.first.size() == 2);
    CHECK(report.first.front().find("unreadable") != std::string::npos);
}

TEST_CASE_TEMPLATE("what is stored is counted, by module", Backend, MemoryBackend, LmdbBackend) {
    DataFixture<Backend> f;
    CHECK(f.usage() == std::pair<std::uint64_t, std::uint64_t>{0, 0});
    f.fixture.commit([&](Batch& batch) {
        f.data.put(batch, f.space(stored), "k", "value");
        f.data.put(batch, f.space(stored), "key2", "");
        f.data.put(batch, f.space(stored, "other"), "k", "v");
    });
    CHECK(f.usage() == std::pair<std::uint64_t, std::uint64_t>{2, 10});
    f.put(f.space(stored), "k", "longer value");
    CHECK(f.usage() == std::pair<std::uint64_t, std::uint64_t>{2, 17});
    CHECK(f.usage("other") == std::pair<std::uint64_t, std::uint64_t>{1, 2});
    CHECK(check(f.fixture->engine()).problems == 0);
    f.fixture.commit([&](Batch& batch) {
        f.data.remove(batch, f.space(stored), "k");
        f.data.remove(batch, f.space(stored), "never there");
    });
    CHECK(f.usage() == std::pair<std::uint64_t, std::uint64_t>{1, 4});
    f.fixture.commit([&](Batch& batch) { f.data.remove(batch, f.space(stored), "key2"); });
    CHECK(f.usage() == std::pair<std::uint64_t, std::uint64_t>{0, 0});
    f.put(f.space(stored), "again", "x");
    f.fixture.commit([&](Batch& batch) { f.data.clear(batch, f.space(stored)); });
    CHECK(f.usage() == std::pair<std::uint64_t, std::uint64_t>{0, 0});
    CHECK(f.usage("other") == std::pair<std::uint64_t, std::uint64_t>{1, 2});
    CHECK(check(f.fixture->engine()).problems == 0);
}

TEST_CASE_TEMPLATE("a write may depend on what is there", Backend, MemoryBackend, LmdbBackend) {
    for (const DataKind kind : {resident, stored}) {
        DataFixture<Backend> f;
        const DataSpace space = f.space(kind);
        const auto put = [&](Batch& batch, DataCondition condition, const char* value) {
            f.data.put(batch, space, "k", value, condition);
        };
        const auto outcome = [&](DataCondition condition, const char* value) {
            return f.fixture.try_commit([&](Batch& batch) { put(batch, condition, value); });
        };
        const auto value = [&] { return read(f.data.get(space, "k")).value_or("-"); };
        CHECK(outcome(DataCondition::equal("1"), "2") == "conflict");
        CHECK(value() == "-");
        CHECK(outcome(DataCondition::absent(), "1") == "");
        CHECK(outcome(DataCondition::absent(), "2") == "conflict");
        CHECK(outcome(DataCondition::equal("0"), "2") == "conflict");
        CHECK(value() == "1");
        CHECK(outcome(DataCondition::equal("1"), "2") == "");
        CHECK(value() == "2");

        // What the batch itself wrote before counts as there.
        CHECK(f.fixture.try_commit([&](Batch& batch) {
            put(batch, DataCondition::none(), "3");
            put(batch, DataCondition::equal("3"), "4");
            f.data.remove(batch, space, "k", DataCondition::equal("4"));
            put(batch, DataCondition::absent(), "5");
        }) == "");
        CHECK(value() == "5");
        CHECK(f.fixture.try_commit([&](Batch& batch) {
            f.data.clear(batch, space);
            put(batch, DataCondition::equal("5"), "6");
        }) == "conflict");
        CHECK(f.fixture.try_commit([&](Batch& batch) {
            put(batch, DataCondition::none(), "6");
            put(batch, DataCondition::absent(), "7");
        }) == "conflict");
        CHECK(value() == "5");
        CHECK(f.fixture.try_commit([&](Batch& batch) {
            f.data.remove(batch, space, "k", DataCondition::equal("4"));
        }) == "conflict");
        CHECK(f.fixture.try_commit([&](Batch& batch) {
            f.data.clear(batch, space);
            put(batch, DataCondition::absent(), "8");
        }) == "");
        CHECK(value() == "8");
    }
}

TEST_CASE_TEMPLATE("module data goes with its owner, and does not come back", Backend,
                   MemoryBackend, LmdbBackend) {
    DataFixture<Backend> f;
    f.put(f.space(resident), "k", "v");
    f.fixture.commit([&](Batch& batch) {
        for (int n = 0; n < 5000; ++n) f.data.put(batch, f.space(stored), std::to_string(n), "v");
    });
    CHECK(f.usage().first == 5000);
    f.fixture.commit([&](Batch& batch) { f.fixture->owners().remove(batch, f.actor); });
    f.fixture->wait_until_idle();
    CHECK(f.fixture->engine().snapshot()->entries(Table::module_data) == 0);
    CHECK(f.fixture->engine().snapshot()->entries(Table::owners) == 0);
    CHECK(f.fixture->engine().snapshot()->entries(Table::deleting) == 0);

    // Who does not know yet harms nobody, neither by writing nor by expecting.
    f.fixture.commit([&](Batch& batch) {
        f.data.put(batch, f.space(resident), "k", "late");
        f.data.put(batch, f.space(stored), "k", "late", DataCondition::equal("v"));
        f.data.remove(batch, f.space(stored), "1");
    });
    CHECK(f.fixture->engine().snapshot()->entries(Table::module_data) == 0);
    CHECK(f.fixture->engine().snapshot()->entries(Table::owners) == 0);
}

TEST_CASE("damaged module data is told") {
    DataFixture<MemoryBackend> f;
    f.put(f.space(stored), "k", "v");
    const auto transaction = f.fixture->engine().begin_write();
    const OwnerId id = f.actor.id;
    transaction->put(Table::module_data, module_data_key({id, "guestbook", stored}, "l"), "");
    transaction->put(Table::module_data, module_data_key({id, "", stored}, "l"), "");
    transaction->put(Table::module_data, module_data_key({OwnerId{5}, "m", stored}, "l"), "");
    transaction->put(Table::owners, module_data_key({id, "m", resident}, ""), "");
    transaction->put(Table::owners, Key(owner_key(id, OwnerEntry::module_data)).bytes("x"), "");
    transaction->commit();
    const auto report = check(f.fixture->engine());
    std::string told;
    for (const auto& problem : report.first) told += problem + "\n";
    const std::string owner = "owner " + std::to_string(static_cast<std::uint64_t>(id));
    for (const std::string& expected :
         {"module_data: " + owner + ", key 6775657374626f6f6b01: it counts more, or fewer",
          "module_data: " + owner + ", data of , key 6c: the key is no module's",
          std::string("module_data: owner 5, data of m, key 6c: there is no such owner"),
          "owners: " + owner + ", data of m, key : the key is no module's",
          "owners: " + owner + ", key 0978: the key is no module's"})
        CHECK_MESSAGE(told.find(expected) != std::string::npos, told);
    CHECK(report.problems == 5);
}

TEST_CASE("resident data in memory is kept in order of its keys, by module") {
    ResidentData data;
    CHECK(data.empty("a"));
    CHECK_FALSE(data.get("a", "k"));
    data.remove("a", "k");
    data.clear("a");
    for (const char* key : {"m", "c", "z", "", "c"}) data.put("a", key, std::string("v") + key);
    data.put("b", "m", "");
    CHECK(pairs(data, "a") == Pairs{{"", "v"}, {"c", "vc"}, {"m", "vm"}, {"z", "vz"}});
    data.put("a", "c", "a longer value");
    data.put("a", "m", "");
    CHECK(data.get("a", "c") == "a longer value");
    CHECK(data.get("a", "m") == "");
    CHECK(data.get("b", "m") == "");
    CHECK(data.bytes("b") == ResidentData::entry_bytes(1, 0));
    const ResidentData copy = data;
    data.remove("a", "");
    data.remove("a", "z");
    data.remove("a", "x");
    CHECK(pairs(data, "a") == Pairs{{"c", "a longer value"}, {"m", ""}});
    data.clear("b");
    CHECK(data.empty("b"));
    data.remove("a", "c");
    data.remove("a", "m");
    CHECK(data.empty("a"));
    CHECK(pairs(copy, "a").size() == 4);
    CHECK(sizeof(ResidentData) == sizeof(void*));
}

TEST_CASE("a text of any length has a key") {
    const std::string longest(max_data_key - 1, 'x');
    CHECK(data_key("tybalt@example.org") == "tybalt@example.org");
    CHECK(data_key(longest) == longest);
    CHECK(data_key(longest + "a").size() == max_data_key);
    CHECK(data_key(longest + "a") != data_key(longest + "b"));
    CHECK(data_key(longest + "a").substr(0, 100) == longest.substr(0, 100));
}

}  // namespace
}  // namespace clarion::storage
