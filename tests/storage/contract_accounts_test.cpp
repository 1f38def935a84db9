// Accounts and rosters, on both back ends.
#include "tests/storage/storage_fixture.h"

namespace clarion::storage {
namespace {

TEST_CASE_TEMPLATE("an account is found by name and by id", Backend, MemoryBackend, LmdbBackend) {
    Fixture<Backend> fixture;
    auto& accounts = fixture->accounts();
    CHECK_FALSE(read(accounts.find("romeo@example.org")));
    CHECK_FALSE(read(accounts.load("romeo@example.org")));
    CHECK_FALSE(read(fixture->owners().address_of(OwnerId{77})));

    auto romeo = create_account(fixture, "romeo@example.org");
    const auto found = read(accounts.find("romeo@example.org"));
    REQUIRE(found);
    CHECK(found->id == romeo.id);
    CHECK(found->jid == "romeo@example.org");
    CHECK(found->created == romeo.created);
    CHECK_FALSE(found->credentials.sha1);
    REQUIRE(found->credentials.sha256);
    CHECK(found->credentials.sha256->salt == "salt");
    CHECK(found->credentials.sha256->iterations == 10000);
    CHECK(found->credentials.sha256->stored_key == std::string("\0stored", 7));
    CHECK(found->credentials.sha256->server_key == "server");
    CHECK(read(fixture->owners().address_of(romeo.id)) == "romeo@example.org");

    romeo.disabled = true;
    fixture.commit([&](Batch& batch) { accounts.put(batch, romeo); });
    CHECK(read(accounts.find("romeo@example.org"))->disabled);
    CHECK(read(fixture->owners().count(OwnerKind::account)) == 1);
}

TEST_CASE_TEMPLATE("a name belongs to one account", Backend, MemoryBackend, LmdbBackend) {
    Fixture<Backend> fixture;
    auto& accounts = fixture->accounts();
    const auto romeo = create_account(fixture, "romeo@example.org");
    const auto other =
        sample_account(fixture->owners().next_id("romeo@example.org"), "romeo@example.org");
    CHECK(fixture.try_commit([&](Batch& batch) { accounts.put(batch, other); }) == "conflict");
    CHECK(read(accounts.find("romeo@example.org"))->id == romeo.id);

    // Within one batch, removing makes room.
    fixture.commit([&](Batch& batch) {
        accounts.remove(batch, romeo);
        accounts.put(batch, other);
    });
    CHECK(read(accounts.find("romeo@example.org"))->id == other.id);
    CHECK_FALSE(read(fixture->owners().address_of(romeo.id)));
}

TEST_CASE_TEMPLATE("names are listed by domain, in pages", Backend, MemoryBackend, LmdbBackend) {
    Fixture<Backend> fixture;
    auto& owners = fixture->owners();
    for (const char* jid : {"c@example.org", "a@example.org", "b@example.org", "a@example.com",
                            "z@example.or", "a@example.org.net"}) {
        create_account(fixture, jid);
    }
    using Names = std::vector<std::string>;
    CHECK(read(owners.list(OwnerKind::account, "example.org", "", 10)) ==
          Names{"a@example.org", "b@example.org", "c@example.org"});
    CHECK(read(owners.list(OwnerKind::account, "example.org", "", 2)) ==
          Names{"a@example.org", "b@example.org"});
    CHECK(read(owners.list(OwnerKind::account, "example.org", "b@example.org", 2)) ==
          Names{"c@example.org"});
    CHECK(read(owners.list(OwnerKind::account, "example.org", "bb@example.org", 2)) ==
          Names{"c@example.org"});
    CHECK(read(owners.list(OwnerKind::account, "", "", 100)).size() == 6);
    CHECK(read(owners.list(OwnerKind::account, "", "c@example.org", 100)) ==
          Names{"a@example.org.net"});
    CHECK(read(owners.list(OwnerKind::account, "nowhere.example", "", 100)).empty());
    CHECK(read(owners.list(OwnerKind::account, "example.org", "", 0)).empty());
    CHECK(read(fixture->owners().count(OwnerKind::account)) == 6);
}

TEST_CASE_TEMPLATE("names longer than a key are kept apart", Backend, MemoryBackend, LmdbBackend) {
    Fixture<Backend> fixture;
    auto& accounts = fixture->accounts();
    auto& owners = fixture->owners();
    const std::string local(1000, 'l'), domain = std::string(230, 'd') + ".example";
    std::vector<AccountRecord> records;
    for (const char* end : {"1", "2", "3"}) {
        records.push_back(create_account(fixture, local + end + "@" + domain));
    }
    for (const auto& record : records) CHECK(read(accounts.find(record.jid))->id == record.id);
    CHECK_FALSE(read(accounts.find(local + "4@" + domain)));
    const auto first = read(owners.list(OwnerKind::account, domain, "", 1));
    REQUIRE(first.size() == 1);
    CHECK(read(owners.list(OwnerKind::account, domain, first[0], 10)).size() == 2);
}

TEST_CASE_TEMPLATE("load reads all of an account and nothing of its neighbours", Backend,
                   MemoryBackend, LmdbBackend) {
    Fixture<Backend> fixture;
    auto& storage = fixture.storage();
    const auto before = create_account(fixture, "before@example.org");
    const auto romeo = create_account(fixture, "romeo@example.org");
    const auto later = create_account(fixture, "later@example.org");
    std::uint32_t put_bytes[2] = {};
    const auto fill = [&](Batch& batch, const AccountRecord& account, std::uint64_t n) {
        storage.rosters().put(batch, account.id,
                              {.jid = "juliet@example.net",
                               .name = "J" + std::to_string(n),
                               .groups = {"Friends", "Verona"},
                               .subscription = Subscription::both,
                               .ask_subscribe = true,
                               .approved = true,
                               .pending_in = "<presence type='subscribe'/>",
                               .listed = false},
                              n + 10);
        storage.module_data().put(batch, {account.id, "notes", DataKind::resident}, "key",
                                  "note " + std::to_string(n));
        storage.pending_publishes().put(batch, account.id, {.registration = n, .caused = at(1)});
        const LogId log = storage.archive().next_log_id();
        put_log(batch, log, at(5), "<message/>");
        storage.archive().put_index(batch, account.id,
                                    {ArchiveId{n + 100}, log, at(5), "juliet@example.net"});
        put_bytes[0] = storage.offline().put(batch, account.id, n + 1,
                                             {.meta = {.log_id = log, .received = at(5)}});
        put_bytes[1] = storage.offline().put(batch, account.id, n + 2,
                                             {.meta = {.received = at(5)}, .xml = "<message/>"});
        storage.sessions().put_online(
            batch, account.id,
            {.session = n, .resource = "home", .sm_id = "sm", .handled_in = 9, .available = true});
        storage.sessions().put_directed(batch, account.id, n, {"room@muc.example"});
    };
    fixture.commit([&](Batch& batch) {
        fill(batch, before, 1);
        fill(batch, romeo, 2);
        fill(batch, later, 3);
    });
    const auto loaded = read(storage.accounts().load("romeo@example.org"));
    REQUIRE(loaded);
    CHECK(loaded->record.id == romeo.id);
    CHECK(loaded->record.jid == romeo.jid);
    REQUIRE(loaded->roster.size() == 1);
    const RosterItem& item = loaded->roster[0];
    CHECK(item.jid == "juliet@example.net");
    CHECK(item.name == "J2");
    CHECK(item.groups == std::vector<std::string>{"Friends", "Verona"});
    CHECK(item.subscription == Subscription::both);
    CHECK(item.ask_subscribe);
    CHECK(item.approved);
    CHECK(item.pending_in == "<presence type='subscribe'/>");
    CHECK_FALSE(item.listed);
    CHECK(loaded->roster_version == 12);
    CHECK(loaded->resident.get("notes", "key") == "note 2");
    CHECK(loaded->last_archive_id == ArchiveId{102});
    REQUIRE(loaded->offline.size() == 2);
    CHECK(loaded->offline[0].seq == 3);
    CHECK(loaded->offline[0].bytes == put_bytes[0]);
    CHECK(loaded->offline[1].seq == 4);
    CHECK(loaded->offline[1].bytes == put_bytes[1]);
    CHECK(put_bytes[1] == put_bytes[0] + std::string("<message/>").size());
    CHECK(loaded->last_offline_seq == 4);
    REQUIRE(loaded->online_records.size() == 1);
    CHECK(loaded->online_records[0].session == 2);
    CHECK(loaded->online_records[0].sm_id == "sm");
    CHECK(loaded->online_records[0].handled_in == 9);
    CHECK(loaded->online_records[0].directed_presence ==
          std::vector<std::string>{"room@muc.example"});
}

TEST_CASE_TEMPLATE("roster items are removed one by one", Backend, MemoryBackend, LmdbBackend) {
    Fixture<Backend> fixture;
    auto& storage = fixture.storage();
    const auto romeo = create_account(fixture, "romeo@example.org");
    const std::string far = std::string(600, 'x') + "@example.org";
    fixture.commit([&](Batch& batch) {
        storage.rosters().put(batch, romeo.id, {.jid = "b@example.org"}, 1);
        storage.rosters().put(batch, romeo.id, {.jid = "a@example.org"}, 2);
        storage.rosters().put(batch, romeo.id, {.jid = far}, 3);
    });
    auto loaded = read(storage.accounts().load(romeo.jid));
    CHECK(loaded->roster.size() == 3);
    CHECK(loaded->roster_version == 3);

    fixture.commit([&](Batch& batch) {
        storage.rosters().remove(batch, romeo.id, far, 4);
        storage.rosters().remove(batch, romeo.id, "nobody@example.org", 5);
    });
    loaded = read(storage.accounts().load(romeo.jid));
    REQUIRE(loaded->roster.size() == 2);
    CHECK(loaded->roster[0].jid == "a@example.org");
    CHECK(loaded->roster[1].jid == "b@example.org");
    CHECK(loaded->roster_version == 5);
}

TEST_CASE_TEMPLATE("a removed account takes all that is its own, and no other's", Backend,
                   MemoryBackend, LmdbBackend) {
    Fixture<Backend> fixture;
    auto& storage = fixture.storage();
    const auto romeo = create_account(fixture, "romeo@example.org");
    const auto juliet = create_account(fixture, "juliet@example.org");
    constexpr std::uint64_t archived = 5000;  // more than the writer clears away at once
    const LogId log = storage.archive().next_log_id();
    fixture.commit([&](Batch& batch) {
        put_log(batch, log, at(1), "<message/>");
        for (const auto& account : {romeo, juliet}) {
            storage.rosters().put(batch, account.id, {.jid = "c@example.org"}, 1);
            for (std::uint64_t id = 1; id <= archived; ++id) {
                storage.archive().put_index(batch, account.id,
                                            {ArchiveId{id}, log, at(1), "c@example.org"});
            }
            storage.offline().put(batch, account.id, 1,
                                  {.meta = {.received = at(1)}, .xml = "<message/>"});
            storage.sessions().put(batch, account.id, {.session = 3, .sm_id = "x"});
            storage.sessions().put_queued(batch, account.id, 3,
                                          {1, {.meta = {.received = at(1)}, .xml = "<message/>"}});
            storage.sessions().put_online(batch, account.id, {.session = 4});
            storage.sessions().put_directed(batch, account.id, 4, {"room@muc.example"});
            storage.module_data().put(batch, {account.id, "notes", DataKind::resident}, "k", "v");
            storage.deadlines().put(batch,
                                    {.at = lasting(50), .account = account.id, .subject = 3});
        }
    });
    fixture.commit([&](Batch& batch) { storage.accounts().remove(batch, romeo); });

    CHECK_FALSE(read(storage.accounts().find(romeo.jid)));
    CHECK_FALSE(read(storage.accounts().load(romeo.jid)));
    CHECK_FALSE(read(storage.owners().address_of(romeo.id)));
    CHECK_FALSE(read(storage.archive().bounds(romeo.id)));
    CHECK(read(storage.offline().read(romeo.id, 0, {.count = 10})).messages.empty());
    CHECK(read(storage.sessions().read_queue(romeo.id, 3, 0)).empty());
    CHECK(read(storage.sessions().accounts_with_online_records(
              PartitionSet::all(), OwnerId::none, 10)) == std::vector<OwnerId>{juliet.id});
    const auto due = read(storage.deadlines().due(PartitionSet::all(), lasting(100), 10));
    REQUIRE(due.size() == 1);
    CHECK(due[0].account == juliet.id);
    const auto loaded = read(storage.accounts().load(juliet.jid));
    REQUIRE(loaded);
    CHECK(loaded->roster.size() == 1);
    CHECK(loaded->hibernating_sessions.size() == 1);
    CHECK(loaded->last_archive_id == ArchiveId{archived});
    CHECK(storage.engine().snapshot()->entries(Table::archive) == archived);
    CHECK(storage.engine().snapshot()->entries(Table::deleting) == 0);

    // Who still held it and writes late writes nothing, in the same batch or in later ones.
    const auto entries = [&] {
        std::uint64_t sum = 0;
        for (const Table table :
             {Table::names, Table::owners, Table::archive, Table::offline, Table::queues,
              Table::online, Table::pending_publishes, Table::deadlines, Table::module_data})
            sum += storage.engine().snapshot()->entries(table);
        return sum;
    };
    const std::uint64_t before = entries();
    const auto write_late = [&](Batch& batch) {
        storage.accounts().put(batch, romeo);
        storage.accounts().replace(batch, romeo);
        storage.rosters().put(batch, romeo.id, {.jid = "c@example.org"}, 1);
        storage.archive().put_index(batch, romeo.id,
                                    {ArchiveId{archived + 1}, log, at(1), "c@example.org"});
        storage.offline().put(batch, romeo.id, 2,
                              {.meta = {.received = at(1)}, .xml = "<message/>"});
        storage.sessions().put(batch, romeo.id, {.session = 3, .sm_id = "x"});
        storage.sessions().put_queued(batch, romeo.id, 3,
                                      {2, {.meta = {.received = at(1)}, .xml = "<message/>"}});
        storage.sessions().put_online(batch, romeo.id, {.session = 4});
        storage.sessions().put_directed(batch, romeo.id, 4, {"room@muc.example"});
        storage.module_data().put(batch, {romeo.id, "notes", DataKind::resident}, "k", "v");
        storage.pending_publishes().put(batch, romeo.id, {.registration = 1});
        storage.module_data().put(batch, {romeo.id, "notes"}, "k", "v");
        storage.deadlines().put(batch, {.at = lasting(50), .account = romeo.id, .subject = 3});
    };
    fixture.commit(write_late);
    CHECK(entries() == before);
    CHECK_FALSE(read(storage.accounts().find(romeo.jid)));

    // The name may be used again; nothing of the old account shows through.
    const auto again = create_account(fixture, "romeo@example.org");
    CHECK(again.id > juliet.id);
    CHECK(read(storage.accounts().load(romeo.jid))->roster.empty());
}

}  // namespace
}  // namespace clarion::storage
