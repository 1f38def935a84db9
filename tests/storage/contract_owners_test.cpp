// Owners: accounts and actors, their addresses and ids, on both back ends.
#include "storage/kv/database_check.h"
#include "tests/storage/storage_fixture.h"

namespace clarion::storage {
namespace {

using Names = std::vector<std::string>;

template <class Backend>
Owner create_actor(Fixture<Backend>& fixture, std::string address) {
    const Owner actor{fixture->owners().next_id(address), OwnerKind::actor, address};
    fixture.commit([&](Batch& batch) { fixture->owners().put(batch, actor); });
    return actor;
}

std::uint64_t problems(Engine& engine) {
    const auto snapshot = engine.snapshot();
    return DatabaseCheck(*snapshot)
        .run([](std::string_view, std::uint64_t, std::uint64_t) {})
        .problems;
}

TEST_CASE_TEMPLATE("an actor is found by address and by id, and is no account", Backend,
                   MemoryBackend, LmdbBackend) {
    Fixture<Backend> fixture;
    auto& owners = fixture->owners();
    const auto romeo = create_account(fixture, "romeo@example.org");
    const Owner book = create_actor(fixture, "wedding@guestbook.example.org");
    CHECK(book.id > romeo.id);
    CHECK(read(owners.find(OwnerKind::actor, book.address)) == book.id);
    CHECK(read(owners.find(OwnerKind::account, romeo.jid)) == romeo.id);
    CHECK_FALSE(read(owners.find(OwnerKind::account, book.address)));
    CHECK_FALSE(read(owners.find(OwnerKind::actor, romeo.jid)));
    CHECK(read(owners.address_of(book.id)) == book.address);
    CHECK(read(owners.address_of(romeo.id)) == romeo.jid);
    CHECK_FALSE(read(owners.address_of(OwnerId{77})));

    CHECK_FALSE(read(fixture->accounts().load(book.address)));
    CHECK_FALSE(read(fixture->accounts().find(book.address)));
    CHECK_FALSE(read(owners.load(romeo.jid)));
    const auto loaded = read(owners.load(book.address));
    REQUIRE(loaded);
    CHECK(loaded->owner.id == book.id);
    CHECK(loaded->owner.kind == OwnerKind::actor);
    CHECK(loaded->owner.address == book.address);
    CHECK(loaded->last_archive_id == ArchiveId::none);
    CHECK(problems(fixture->engine()) == 0);
}

TEST_CASE_TEMPLATE("actors and accounts are listed and counted apart", Backend, MemoryBackend,
                   LmdbBackend) {
    Fixture<Backend> fixture;
    auto& owners = fixture->owners();
    for (const char* address : {"b@example.org", "a@example.org"}) create_account(fixture, address);
    for (const char* address : {"c@example.org", "guestbook.example", "z@guestbook.example"})
        create_actor(fixture, address);
    CHECK(read(owners.list(OwnerKind::account, "", "", 10)) ==
          Names{"a@example.org", "b@example.org"});
    CHECK(read(owners.list(OwnerKind::actor, "guestbook.example", "", 10)) ==
          Names{"guestbook.example", "z@guestbook.example"});
    CHECK(read(owners.list(OwnerKind::actor, "", "guestbook.example", 1)) ==
          Names{"z@guestbook.example"});
    CHECK(read(owners.count(OwnerKind::account)) == 2);
    CHECK(read(owners.count(OwnerKind::actor)) == 3);
}

TEST_CASE_TEMPLATE("an address belongs to one actor, and an id is never used again", Backend,
                   MemoryBackend, LmdbBackend) {
    Fixture<Backend> fixture;
    auto& owners = fixture->owners();
    const Owner first = create_actor(fixture, "room@rooms.example");
    const Owner other{owners.next_id(first.address), OwnerKind::actor, first.address};
    CHECK(fixture.try_commit([&](Batch& batch) { owners.put(batch, other); }) == "conflict");
    fixture.commit([&](Batch& batch) { owners.put(batch, first); });  // itself, again

    const LogId log = fixture->archive().next_log_id();
    fixture.commit([&](Batch& batch) {
        put_log(batch, log, at(5), "<message/>");
        fixture->archive().put_index(batch, first.id, {ArchiveId{5}, log, at(5), "a@b"});
    });
    CHECK(read(owners.load(first.address))->last_archive_id == ArchiveId{5});
    CHECK(read(fixture->archive().query({.owner = first.id})).messages.size() == 1);

    fixture.commit([&](Batch& batch) { owners.remove(batch, first); });
    fixture->wait_until_idle();
    CHECK_FALSE(read(owners.find(OwnerKind::actor, first.address)));
    CHECK_FALSE(read(owners.address_of(first.id)));
    CHECK(read(fixture->archive().query({.owner = first.id})).messages.empty());
    fixture.commit([&](Batch& batch) { owners.put(batch, first); });  // too late: passed over
    CHECK_FALSE(read(owners.find(OwnerKind::actor, first.address)));
    const Owner again = create_actor(fixture, first.address);
    CHECK(again.id > first.id);
    CHECK(read(owners.load(first.address))->last_archive_id == ArchiveId::none);
    CHECK(problems(fixture->engine()) == 0);
}

TEST_CASE_TEMPLATE("a batch that gives one name to two owners fails, and nothing of it is kept",
                   Backend, MemoryBackend, LmdbBackend) {
    Fixture<Backend> fixture;
    auto& owners = fixture->owners();
    const std::string name = "room@rooms.example";
    const Owner one{owners.next_id(name), OwnerKind::actor, name};
    const Owner two{owners.next_id(name), OwnerKind::actor, name};
    CHECK(fixture.try_commit([&](Batch& batch) {
        owners.put(batch, one);
        owners.put(batch, two);
    }) == "conflict");
    CHECK_FALSE(read(owners.find(OwnerKind::actor, name)));
    CHECK_FALSE(read(owners.address_of(one.id)));
    CHECK_FALSE(read(owners.address_of(two.id)));

    AccountRecord first{.id = owners.next_id("a@example.org"), .jid = "a@example.org"};
    AccountRecord second = first;
    second.id = owners.next_id("a@example.org");
    CHECK(fixture.try_commit([&](Batch& batch) {
        fixture->accounts().put(batch, first);
        fixture->accounts().put(batch, second);
    }) == "conflict");
    CHECK_FALSE(read(owners.find(OwnerKind::account, "a@example.org")));

    // One twice, and a name that is given on, contradict nothing.
    fixture.commit([&](Batch& batch) {
        owners.put(batch, one);
        owners.put(batch, one);
    });
    fixture.commit([&](Batch& batch) {
        owners.remove(batch, one);
        owners.put(batch, two);
        owners.put(batch, two);
    });
    CHECK(read(owners.find(OwnerKind::actor, name)) == two.id);
    const Owner three{owners.next_id(name), OwnerKind::actor, name};
    CHECK(fixture.try_commit([&](Batch& batch) {
        owners.remove(batch, two);
        owners.put(batch, three);
        owners.put(batch, one);
    }) == "conflict");
    CHECK(read(owners.find(OwnerKind::actor, name)) == two.id);
    fixture->wait_until_idle();
    CHECK(problems(fixture->engine()) == 0);
}

}  // namespace
}  // namespace clarion::storage
