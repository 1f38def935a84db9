// What --check finds, and that it finds nothing in a database that is well. Damage is made with the
// engine; the checks are the same on both, the file is looked at by check_database().
#include "storage/check.h"
#include "storage/lmdb/lmdb_storage.h"
#include "storage/lmdb/lmdb_tools.h"

#include <lmdb.h>

#include <fstream>

#include "storage/kv/database_check.h"
#include "storage/kv/describe_key.h"
#include "storage/kv/keys.h"
#include "storage/records.h"
#include "tests/storage/storage_fixture.h"

namespace clarion::storage {
namespace {

bool has(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

CheckReport check(Engine& engine) {
    const auto snapshot = engine.snapshot();
    return DatabaseCheck(*snapshot).run([](std::string_view, std::uint64_t, std::uint64_t) {});
}

/// One of everything.
template <class Backend>
AccountRecord fill(Fixture<Backend>& fixture) {
    const auto romeo = create_account(fixture, "romeo@example.org");
    const LogId log = fixture->archive().next_log_id();
    HibernatingSession session;
    session.session = 3;
    session.expires_at = lasting(9);
    HibernatingSession gone;
    gone.session = 2;
    gone.state = HibernationState::gone;
    const Owner book{fixture->owners().next_id("book@guestbook.example"), OwnerKind::actor,
                     "book@guestbook.example"};
    CHECK(fixture->installation_secret("dialback", 16).ok());
    fixture.commit([&](Batch& batch) {
        put_log(batch, log, at(1), "<message/>");
        for (const std::uint64_t id : {1u, 2u, 3u})  // the clock was set back
            fixture->archive().put_index(batch, romeo.id,
                                         {ArchiveId{id}, log, at(id == 1 ? 2 : 1), "j@x"});
        fixture->owners().put(batch, book);
        fixture->module_data().put(batch, {book.id, "guestbook"}, "entry", "hello");
        fixture->module_data().put(batch, {romeo.id, "push", DataKind::resident}, "k", "v");
        fixture->rosters().put(batch, romeo.id, {.jid = "juliet@example.org"}, 4);
        fixture->pending_publishes().put(batch, romeo.id, {.registration = 1});
        fixture->offline().put(batch, romeo.id, 1, {.meta = {.log_id = log, .received = at(1)}});
        fixture->sessions().put(batch, romeo.id, session);
        fixture->sessions().put_queued(batch, romeo.id, 3,
                                       {7, {.meta = {.log_id = log, .received = at(1)}}});
        fixture->sessions().put_online(batch, romeo.id, {.session = 4, .resource = "phone"});
        for (const std::uint64_t number : {3u, 4u})
            fixture->sessions().put_directed(batch, romeo.id, number, {"room@rooms.example/r"});
        fixture->deadlines().put(batch,
                                 {lasting(9), romeo.id, DeadlineKind::hibernation_expires, 3});
        fixture->deadlines().put(batch, {lasting(8), romeo.id, DeadlineKind::wake, 3});
        fixture->sessions().put(batch, romeo.id, gone);
        fixture->deadlines().put(batch, {lasting(9), romeo.id, DeadlineKind::forget_gone, 2});
        fixture->put_clock_mark(batch, {lasting(9), at(9), "boot", {}});
        fixture->spool().put(batch, "example.com",
                             {fixture->spool().next_seq(), at(1), "<message/>"});
    });
    return romeo;
}

TEST_CASE_TEMPLATE("a database that is well has no problems, and is counted", Backend,
                   MemoryBackend, LmdbBackend) {
    Fixture<Backend> fixture;
    fill(fixture);
    const auto report = check(fixture->engine());
    CHECK(report.problems == 0);
    CHECK_MESSAGE(report.first.empty(), report.first.front());
    CHECK(report.format == 2);
    std::uint64_t total = 0;
    for (const auto& [table, entries] : report.entries) {
        total += entries;
        if (table == "archive") CHECK(entries == 3);
        if (table != "deleting" && table != "unreferenced") CHECK_MESSAGE(entries > 0, table);
    }
    CHECK(report.total == total);
}

struct Damage {
    const char* what;
    Table table;
    std::string key;
    std::optional<std::string> value;  // nullopt: it is missing
    std::vector<std::string> told;     // in this order
};

std::vector<Damage> damages(OwnerId id) {
    const Deadline deadline{lasting(9), id, DeadlineKind::hibernation_expires, 3};
    const auto key = [](const Key& made) { return std::string(made.view()); };
    const auto kind = [&](OwnerEntry entry) { return key(owner_key(id, entry)); };
    const std::string owner = "owner " + std::to_string(static_cast<std::uint64_t>(id));
    return {
        {"a name without account",
         Table::names,
         key(name_key(OwnerKind::account, "a@b")),
         encode(NameRecord{OwnerId{5}, "a@b"}),
         {"names: \"b a\": its owner is missing"}},
        {"an account without name",
         Table::names,
         key(name_key(OwnerKind::account, "romeo@example.org")),
         std::nullopt,
         {"owners: " + owner + ": its name leads nowhere"}},
        {"a record that does not decode",
         Table::owners,
         key(roster_item_key(id, "juliet@example.org")),
         "\x01nonsense",
         {"owners: " + owner + ", roster item \"juliet@example.org\": "}},
        {"another contact's record",
         Table::owners,
         key(roster_item_key(id, "x@y")),
         encode(RosterItem{.jid = "z@y"}),
         {"is of another contact"}},
        {"an unknown kind", Table::owners, kind(OwnerEntry{77}), "x", {"nobody knows its kind"}},
        {"something of no account",
         Table::owners,
         key(owner_key(OwnerId{5}, OwnerEntry::roster_version)),
         encode_number(1),
         {"owners: owner 5, version of the roster: there is no such owner"}},
        {"a queue without session",
         Table::owners,
         key(hibernating_session_key(id, 3)),
         std::nullopt,
         {"queues: " + owner + ", session 3, stanza 7: there is no such session",
          "deadlines: at 1970-01-01T00:00:00.000009Z, " + owner + ", session 3: there is no such"}},
        {"directed presence to another",
         Table::owners,
         key(directed_key(id, 3, "a@b")),
         encode(DirectedPresence{"c@b"}),
         {"owners: " + owner + ", session 3, presence to \"a@b\": is to another address"}},
        {"directed presence of no session",
         Table::owners,
         key(directed_key(id, 5, "a@b")),
         encode(DirectedPresence{"a@b"}),
         {"session 5, presence to \"a@b\": there is no such session"}},
        {"a sleeping session that never expires",
         Table::deadlines,
         key(deadline_key(deadline)),
         std::nullopt,
         {"nothing says when it expires", "it is missing among the deadlines"}},
        {"a deadline its account has not",
         Table::owners,
         key(owner_deadline_key(deadline)),
         std::nullopt,
         {"its owner does not know of it"}},
        {"a key that is too short",
         Table::archive,
         "abc",
         encode(ArchiveIndexRecord{}),
         {"archive: key 616263: the key has a wrong length"}},
        {"an archive out of order",
         Table::archive,
         key(archive_key(id, ArchiveId{2})),
         encode(ArchiveIndexRecord{}),
         {"archive id 2: its place in the archive"}},
        {"an archive whose bytes are out of order",
         Table::archive,
         key(archive_key(id, ArchiveId{1})),
         encode(ArchiveIndexRecord{.ordinal = 1, .bytes = 9}),
         {"archive id 2: the archive has less bytes with it than before it"}},
        {"a log entry that is no stanza",
         Table::log,
         key(log_key(LogId{7})),
         encode_log_head(at(1)) + "<message><body></message>",
         {"log: entry 7: its stanza: "}},
        {"an offline message that is no stanza",
         Table::offline,
         key(owner_number_key(id, 8)),
         encode(KeptStanza{.meta = {.received = at(1)}, .xml = "<message>"}),
         {"offline: " + owner + ", message 8: its stanza: no element"}},
        {"a stanza in a queue that is something else",
         Table::queues,
         key(queued_key(id, 3, 8)),
         encode(KeptStanza{.meta = {.received = at(1)}, .xml = "<body/>"}),
         {"queues: " + owner + ", session 3, stanza 8: its stanza: not a message, presence or iq"}},
        {"a spooled stanza to no address",
         Table::spool,
         key(spool_key("a.b", 1)),
         encode_spool_head("a.b", at(1)) + "<message to='@'/>",
         {"spool: \"a.b\", stanza 1: its stanza: "}},
        {"a subscription request that is cut off",
         Table::owners,
         key(roster_item_key(id, "x@y")),
         encode(RosterItem{.jid = "x@y", .pending_in = "<presence type='sub"}),
         {"owners: " + owner + ", roster item \"x@y\": its stanza: no element"}},
        {"a hibernating session's presence with a control character",
         Table::owners,
         key(hibernating_session_key(id, 2)),
         encode(HibernatingSession{.state = HibernationState::gone,
                                   .presence = "<presence>\x01</presence>"}),
         {"owners: " + owner + ", hibernating session 2: its stanza: "}},
        {"an unknown setting", Table::meta, "frobnicate", "x", {"meta: \"frobnicate\": nobody"}},
        {"a stanza for another domain",
         Table::spool,
         key(spool_key("a.b", 1)),
         encode_spool_head("c.d", at(1)) + "<m/>",
         {"spool: \"a.b\", stanza 1: is for another"}},
        {"a deadline of an unknown kind",
         Table::deadlines,
         key(deadline_key({lasting(9), id, DeadlineKind{9}, 3})),
         encode_empty(),
         {"its owner does not know of it", "nobody knows its kind"}},
        {"an owner that is to be cleared away",
         Table::deleting,
         key(owner_range(id).from),
         encode_empty(),
         {"but the owner exists"}},
    };
}

TEST_CASE("every kind of damage is told with its key") {
    Fixture<MemoryBackend> probe;
    const std::size_t kinds = damages(OwnerId{1}).size();
    for (std::size_t i = 0; i < kinds; ++i) {
        Fixture<MemoryBackend> fixture;
        const Damage damage = damages(fill(fixture).id)[i];
        INFO(damage.what);
        {
            const auto transaction = fixture->engine().begin_write();
            if (damage.value)
                transaction->put(damage.table, damage.key, *damage.value);
            else
                transaction->erase(damage.table, damage.key);
            transaction->commit();
        }
        const auto report = check(fixture->engine());
        CHECK(report.problems == report.first.size());
        REQUIRE(report.first.size() >= damage.told.size());
        for (const auto& told : damage.told) {
            bool found = false;
            for (const auto& problem : report.first) found = found || has(problem, told);
            CHECK_MESSAGE(found, told << " is not in " << report.first.front());
        }
    }
}

TEST_CASE("a log entry that is lost is told by all that refer to it") {
    Fixture<MemoryBackend> fixture;
    fill(fixture);
    {
        const auto transaction = fixture->engine().begin_write();
        const auto entry = transaction->first(Table::log, {}, Key().u64(UINT64_MAX));
        REQUIRE(entry);
        transaction->erase(Table::log, std::string(entry->key));
        transaction->commit();
    }
    const auto report = check(fixture->engine());
    CHECK(report.problems == 5);  // three times in the archive, offline, in a queue
    for (const auto& problem : report.first)
        CHECK(has(problem, "the log does not have its stanza"));
}

TEST_CASE("many problems are counted, the first described") {
    Fixture<MemoryBackend> fixture;
    {
        const auto transaction = fixture->engine().begin_write();
        for (std::uint64_t n = 0; n < 100; ++n)
            transaction->put(Table::log, Key().u64(n), "nonsense");
        transaction->commit();
    }
    const auto report = check(fixture->engine());
    CHECK(report.problems == 100);
    CHECK(report.first.size() == described_problems);
}

std::string file_bytes(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

TEST_CASE("a directory is checked without changing its file") {
    Fixture<LmdbBackend> fixture;
    fill(fixture);
    const std::string directory = fixture.directory() + "/copy";
    std::filesystem::create_directory(directory);
    std::filesystem::copy(fixture.directory() + "/data.mdb", directory + "/data.mdb");
    const std::string before = file_bytes(directory + "/data.mdb");
    const auto report = check_database(directory, [](auto, auto, auto) {});
    REQUIRE_MESSAGE(report.ok(), (report ? std::string() : report.error().text));
    CHECK(report->problems == 0);
    CHECK(report->total > 10);
    CHECK(file_bytes(directory + "/data.mdb") == before);
}

TEST_CASE("a database of a newer format is named as such, and nothing is changed") {
    Fixture<LmdbBackend> fixture;
    {
        const auto transaction = fixture->engine().begin_write();
        transaction->put(Table::meta, "format", encode_number(3));
        transaction->commit();
    }
    const std::string directory = fixture.directory() + "/copy";
    std::filesystem::create_directory(directory);
    std::filesystem::copy(fixture.directory() + "/data.mdb", directory + "/data.mdb");
    const std::string before = file_bytes(directory + "/data.mdb");
    const auto report = check_database(directory, [](auto, auto, auto) {});
    REQUIRE(!report.ok());
    CHECK(has(report.error().text, "has format 3, this server reads format 2"));
    CHECK(!open_lmdb_storage(directory, Durability::full).ok());
    CHECK(file_bytes(directory + "/data.mdb") == before);
}

/// A database with the table meta only.
void make_old_database(const std::string& directory) {
    MDB_env* environment = nullptr;
    MDB_txn* transaction = nullptr;
    MDB_dbi meta = 0;
    std::string key = "format", value = encode_number(2);
    MDB_val lmdb_key{key.size(), key.data()}, lmdb_value{value.size(), value.data()};
    REQUIRE(mdb_env_create(&environment) == MDB_SUCCESS);
    REQUIRE(mdb_env_set_maxdbs(environment, 4) == MDB_SUCCESS);
    REQUIRE(mdb_env_open(environment, directory.c_str(), 0, 0600) == MDB_SUCCESS);
    REQUIRE(mdb_txn_begin(environment, nullptr, 0, &transaction) == MDB_SUCCESS);
    REQUIRE(mdb_dbi_open(transaction, "meta", MDB_CREATE, &meta) == MDB_SUCCESS);
    REQUIRE(mdb_put(transaction, meta, &lmdb_key, &lmdb_value, 0) == MDB_SUCCESS);
    REQUIRE(mdb_txn_commit(transaction) == MDB_SUCCESS);
    mdb_env_close(environment);
}

TEST_CASE("a table that an older database does not have is empty") {
    ScratchDirectory place;
    CHECK(!check_database(place.path(), [](auto, auto, auto) {}).ok());
    make_old_database(place.path());
    const auto report = check_database(place.path(), [](auto, auto, auto) {});
    REQUIRE_MESSAGE(report.ok(), (report ? std::string() : report.error().text));
    CHECK(report->problems == 0);
    CHECK(report->total == 1);
}

TEST_CASE("what is no key of its table is told in hexadecimal") {
    CHECK(describe_key(Table::owners, "short") == "key 73686f7274");
    CHECK(describe_key(Table::spool, "") == "key ");
    CHECK(describe_key(Table::names, std::string_view("\x01x.y\0r\n", 7)) == "\"x.y r\\x0a\"");
}

TEST_CASE("a key that peers made cannot pass for something else") {
    const auto shown = [](std::string_view jid) {
        const std::string text = describe_key(Table::owners, roster_item_key(OwnerId{1}, jid));
        CHECK(has(text, "owner 1, roster item \""));
        return text.substr(text.find('"'));
    };
    CHECK(shown("a@b") == "\"a@b\"");
    CHECK(shown("a\", b") == "\"a\\\", b\"");
    CHECK(shown("a\\") == "\"a\\\\\"");
    CHECK(shown("a\x7f\x1b[31m") == "\"a\\x7f\\x1b[31m\"");
    CHECK(shown("a\xc2\x9b") == "\"a\\xc2\\x9b\"");           // C1: a control sequence begins
    CHECK(shown("a\xe2\x80\xae") == "\"a\\xe2\\x80\\xae\"");  // right-to-left override
    CHECK(shown("\xc3\xa9 \xff\xc3") == "\"\xc3\xa9 \\xff\\xc3\"");  // é, and what is no UTF-8
    CHECK(shown("\xf0\x9f\x98\x80") == "\"\xf0\x9f\x98\x80\"");
}

}  // namespace
}  // namespace clarion::storage
