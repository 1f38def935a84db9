// What only the file can show: restarts, kills, full maps, damaged files.
#include <lmdb.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "storage/kv/keys.h"
#include "storage/lmdb/lmdb_storage.h"
#include "storage/records.h"
#include "storage/storage_tools.h"
#include "tests/storage/storage_fixture.h"

namespace clarion::storage {
namespace {

std::string open_error(const std::string& directory) {
    const auto opened = open_lmdb_storage(directory, Durability::full);
    return opened ? "" : opened.error().text;
}

bool has(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

TEST_CASE("what was committed is there after a restart, and numbers never come back") {
    Fixture<LmdbBackend> fixture;
    const auto romeo = create_account(fixture, "romeo@example.org");
    const LogId log = fixture->archive().next_log_id();
    const std::uint64_t spooled = fixture->spool().next_seq();
    const std::string secret = *fixture->installation_secret("dialback", 16);
    fixture.reopen();
    CHECK(read(fixture->accounts().find(romeo.jid))->id == romeo.id);
    CHECK(*fixture->installation_secret("dialback", 16) == secret);
    CHECK(fixture->archive().next_log_id() > log);
    CHECK(fixture->spool().next_seq() > spooled);
    // Even the greatest: remove the last account, restart, create it again.
    fixture.commit([&](Batch& batch) { fixture->accounts().remove(batch, romeo); });
    fixture.reopen();
    CHECK(create_account(fixture, romeo.jid).id > romeo.id);
}

TEST_CASE("durability 'process' reads and writes the same") {
    ScratchDirectory directory;
    auto opened = open_lmdb_storage(directory.path(), Durability::process);
    REQUIRE(opened.ok());
    CHECK((*opened)->installation_secret("x", 8).ok());
    (*opened)->stop();
}

/// In a child: opens, writes message after message, tells the parent which are committed.
[[noreturn]] void write_until_killed(const std::string& directory, int pipe) {
    auto storage = LmdbBackend::open(directory);
    storage->set_commit_listener(0, [&](CommitReport report) {
        const ssize_t written = ::write(pipe, &report.up_to, sizeof report.up_to);
        if (written < 0) ::_exit(1);
    });
    const OwnerId account{1};
    for (std::uint64_t n = 1;; ++n) {
        auto batch = storage->begin();
        const LogId log = storage->archive().next_log_id();
        put_log(*batch, log, at(1), std::string(n % 3000, 'x'));
        storage->archive().put_index(*batch, account, {ArchiveId{n}, log, at(1), "j@example.org"});
        storage->offline().put(*batch, account, n, {.meta = {.log_id = log, .received = at(1)}});
        if (n % 7 == 0) storage->offline().remove_up_to(*batch, account, n - 20);
        storage->submit(0, std::move(batch));
        while (storage->backlog_bytes() > 1'000'000) ::usleep(100);
    }
}

/// What the child reported before it was killed in the middle of its work.
std::uint64_t run_and_kill(const std::string& directory, std::uint64_t at_least) {
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) write_until_killed(directory, ends[1]);
    ::close(ends[1]);
    std::uint64_t committed = 0;
    while (committed < at_least) {
        REQUIRE(::read(ends[0], &committed, sizeof committed) == sizeof committed);
    }
    ::kill(child, SIGKILL);
    while (::read(ends[0], &committed, sizeof committed) == sizeof committed) {
    }
    ::close(ends[0]);
    int status = 0;
    ::waitpid(child, &status, 0);
    CHECK(WIFSIGNALED(status));
    return committed;
}

TEST_CASE("nothing that was reported is lost when the process is killed") {
    for (const std::uint64_t at_least : {1u, 300u, 2000u}) {
        ScratchDirectory directory;
        const std::uint64_t committed = run_and_kill(directory.path(), at_least);
        const auto storage = LmdbBackend::open(directory.path());
        const auto snapshot = storage->engine().snapshot();
        for (std::uint64_t n = 1; n <= committed; ++n) {
            const auto index = snapshot->get(Table::archive, archive_key(OwnerId{1}, ArchiveId{n}));
            REQUIRE(index);
            const auto record = decode_archive_index(*index);
            REQUIRE(record.ok());
            const auto log = snapshot->get(Table::log, log_key(record->log_id));
            REQUIRE(log);
            REQUIRE(decode_log(*log)->xml.size() == n % 3000);
        }
        // Batches are whole: as many index entries as log entries, committed or a little more.
        CHECK(snapshot->entries(Table::archive) == snapshot->entries(Table::log));
        CHECK(snapshot->entries(Table::archive) >= committed);
    }
}

TEST_CASE("a full map fails batches, spares what fits, and the rest goes on") {
    ScratchDirectory directory;
    auto storage = LmdbBackend::open(directory.path(), {.max_bytes = 1 << 20});
    Reports reports;
    storage->set_commit_listener(0, reports.listener(0));
    const OwnerId account = storage->owners().next_id("owner@example.org");
    const auto put = [&](std::uint64_t seq, std::size_t size) {
        auto batch = storage->begin();
        storage->offline().put(*batch, account, seq,
                               {.meta = {.received = at(1)}, .xml = std::string(size, 'x')});
        return storage->submit(0, std::move(batch));
    };
    const Token small = put(1, 100), huge = put(2, 2'000'000), small_too = put(3, 100);
    storage->wait_until_idle();
    CHECK(reports.failure(0, small) == "");
    CHECK(reports.failure(0, huge) == "resource-constraint");
    CHECK(reports.failure(0, small_too) == "");

    std::uint64_t seq = 10;
    Token full = Token::none;
    for (; seq < 1000 && reports.failure(0, full).empty(); ++seq) {
        full = put(seq, 20'000);
        storage->wait_until_idle();
    }
    CHECK(reports.failure(0, full) == "resource-constraint");
    CHECK(read(storage->offline().read(account, 0, {.count = 5000})).messages.size() > 10);

    auto batch = storage->begin();  // removing makes room
    storage->offline().remove_up_to(*batch, account, seq);
    const Token removal = storage->submit(0, std::move(batch));
    storage->wait_until_idle();
    CHECK(reports.failure(0, removal) == "");
    put(seq + 1, 10);  // LMDB reuses pages one transaction later
    storage->wait_until_idle();
    const Token later = put(seq + 2, 20'000);
    storage->wait_until_idle();
    CHECK(reports.failure(0, later) == "");
}

TEST_CASE("what an account leaves behind is cleared away by the next run too") {
    Fixture<LmdbBackend> fixture;
    const auto romeo = create_account(fixture, "romeo@example.org");
    fixture.commit([&](Batch& batch) {
        const LogId log = fixture->archive().next_log_id();
        put_log(batch, log, at(1), "<message/>");
        for (std::uint64_t id = 1; id <= 20'000; ++id) {
            fixture->archive().put_index(batch, romeo.id, {ArchiveId{id}, log, at(1), "j@x"});
        }
    });
    fixture.submit(0, [&](Batch& batch) { fixture->accounts().remove(batch, romeo); });
    fixture.reopen();  // stop does not wait for it
    fixture->wait_until_idle();
    CHECK(fixture->engine().snapshot()->entries(Table::archive) == 0);
    CHECK(fixture->engine().snapshot()->entries(Table::deleting) == 0);
}

TEST_CASE("files that are not a whole database of ours are refused with a sentence") {
    ScratchDirectory directory;
    const std::string file = directory.path() + "/data.mdb";
    SUBCASE("empty") {
        std::ofstream(file).flush();
        CHECK(has(open_error(directory.path()), "is empty (0 bytes)"));
    }
    SUBCASE("something else") {
        std::ofstream(file) << std::string(20'000, 'S');
        CHECK(has(open_error(directory.path()), "is not a database of Clarion"));
    }
    SUBCASE("a few bytes") {
        std::ofstream(file) << "SQLite format 3";
        CHECK(has(open_error(directory.path()), "too short"));
    }
    SUBCASE("a directory that cannot be made") {
        CHECK(has(open_error(directory.path() + "/no/where"), "cannot create"));
    }
    SUBCASE("LMDB, but another program's") {
        MDB_env* environment = nullptr;
        MDB_txn* transaction = nullptr;
        MDB_dbi database = 0;
        REQUIRE(mdb_env_create(&environment) == 0);
        REQUIRE(mdb_env_open(environment, directory.path().c_str(), 0, 0600) == 0);
        REQUIRE(mdb_txn_begin(environment, nullptr, 0, &transaction) == 0);
        REQUIRE(mdb_dbi_open(transaction, nullptr, 0, &database) == 0);
        MDB_val key{3, const_cast<char*>("key")}, value{3, const_cast<char*>("val")};
        REQUIRE(mdb_put(transaction, database, &key, &value, 0) == 0);
        REQUIRE(mdb_txn_commit(transaction) == 0);
        mdb_env_close(environment);
        CHECK(has(open_error(directory.path()), "was not made by Clarion"));
    }
    SUBCASE("of a newer format") {
        {
            auto storage = LmdbBackend::open(directory.path());
            const auto transaction = storage->engine().begin_write();
            transaction->put(Table::meta, "format", encode_number(7));
            transaction->commit();
        }
        CHECK(has(open_error(directory.path()), "has format 7, this server reads format 2"));
    }
}

/// Fills the directory's database and returns the size of its file.
std::uintmax_t fill_database(const std::string& directory) {
    auto storage = LmdbBackend::open(directory);
    for (std::uint64_t seq = 1; seq <= 200; ++seq) {
        auto batch = storage->begin();
        storage->offline().put(*batch, OwnerId{1}, seq,
                               {.meta = {.received = at(1)}, .xml = std::string(seq * 50, 'x')});
        storage->submit(0, std::move(batch));
        storage->wait_until_idle();
    }
    storage->stop();
    return std::filesystem::file_size(directory + "/data.mdb");
}

TEST_CASE("a database that lost its end is refused") {
    ScratchDirectory directory;
    const std::string file = directory.path() + "/data.mdb";
    const auto whole = fill_database(directory.path());
    SUBCASE("half is missing") { std::filesystem::resize_file(file, whole / 2 / 4096 * 4096); }
    SUBCASE("half a page is missing") { std::filesystem::resize_file(file, whole - 2048); }
    SUBCASE("only the first header is left") { std::filesystem::resize_file(file, 4096); }
    CHECK(has(open_error(directory.path()), "was cut off"));
}

// A transaction that takes pages at the end and gives them back leaves them unwritten.
TEST_CASE("a database whose end was free, and never written, is whole") {
    ScratchDirectory directory;
    fill_database(directory.path());
    {
        const auto storage = LmdbBackend::open(directory.path());
        const auto transaction = storage->engine().begin_write();
        transaction->put(Table::meta, "first", "touches the table's pages");
        transaction->put(Table::meta, "large", std::string(4'000'000, 'x'));
        transaction->erase(Table::meta, "large");
        transaction->commit();
    }
    const std::string file = directory.path() + "/data.mdb";
    const auto written = std::filesystem::file_size(file);
    REQUIRE(written < 4'000'000);
    const auto storage = LmdbBackend::open(directory.path());
    CHECK(std::filesystem::file_size(file) > 4'000'000);  // lengthened to what the header says
    const auto messages =
        read(storage->offline().read(OwnerId{1}, 0, {.count = 1000, .bytes = SIZE_MAX})).messages;
    REQUIRE(messages.size() == 200);
    for (const auto& message : messages) CHECK(message.stanza.xml.size() == message.seq * 50);
}

TEST_CASE("the back end is chosen by name, for serving and for tools") {
    ScratchDirectory directory;
    const StorageConfig config{.backend = "lmdb", .directory = directory.path()};
    const auto tools = storage_tools(config);
    REQUIRE(tools.ok());
    CHECK_FALSE((*tools)->has_data());
    {
        const auto opened = open_storage(config);
        REQUIRE(opened.ok());
        CHECK(std::filesystem::exists(directory.path() + "/db/data.mdb"));
    }
    CHECK((*tools)->has_data());
    const auto report = (*tools)->check([](auto, auto, auto) {}, {});
    REQUIRE(report.ok());
    CHECK(report->problems == 0);

    const StorageConfig unknown{.backend = "sqlite", .directory = directory.path()};
    CHECK(open_storage(unknown).error().code == "config");
    CHECK(storage_tools(unknown).error().code == "config");
}

}  // namespace
}  // namespace clarion::storage
