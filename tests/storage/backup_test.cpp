// Backups of a storage that is written to meanwhile, on both back ends, and restoring them.
#include <sys/stat.h>

#include <atomic>
#include <fstream>
#include <future>
#include <random>
#include <thread>

#include "storage/kv/backup_job.h"
#include "storage/kv/backup_replay.h"
#include "storage/kv/format.h"
#include "storage/kv/writer.h"
#include "storage/lmdb/lmdb_tools.h"
#include "storage/memory/memory_engine.h"
#include "tests/storage/storage_fixture.h"

namespace clarion::storage {
namespace {

using Dump = std::map<std::string, std::string>;

/// All entries of a table but the run number, which a restore counts on.
Dump dump(Engine& engine, Table table) {
    Dump entries;
    const auto snapshot = engine.snapshot();
    const auto cursor = snapshot->cursor(table);
    for (bool more = cursor->seek({}); more; more = cursor->next())
        if (table != Table::meta || cursor->entry().key != "run")
            entries.emplace(cursor->entry().key, cursor->entry().value);
    return entries;
}

void check_same(Engine& left, Engine& right) {
    for (std::size_t i = 0; i < table_count; ++i) {
        INFO(table_name(static_cast<Table>(i)));
        CHECK(dump(left, static_cast<Table>(i)) == dump(right, static_cast<Table>(i)));
    }
}

std::future<Result<BackupSummary>> begin_backup(Storage& storage, BackupOrder order) {
    auto promise = std::make_shared<std::promise<Result<BackupSummary>>>();
    auto result = promise->get_future();
    const auto begun = storage.start_backup(
        std::move(order), [promise](auto summary) { promise->set_value(std::move(summary)); });
    REQUIRE(begun.ok());
    return result;
}

BackupSummary back_up(Storage& storage, const std::string& file) {
    auto summary = begin_backup(storage, {.file = file, .server = "test"}).get();
    REQUIRE_MESSAGE(summary.ok(), (summary ? std::string() : summary.error().text));
    return *summary;
}

std::unique_ptr<MemoryEngine> replayed(const std::string& file) {
    auto engine = std::make_unique<MemoryEngine>([] {});
    auto input = BackupInput::open(file);
    REQUIRE(input.ok());
    const auto done = replay_backup(input->source(), *engine);
    REQUIRE_MESSAGE(done.ok(), (done ? std::string() : done.error().text));
    return engine;
}

std::string read_file(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

void write_file(const std::string& path, const std::string& bytes) {
    std::ofstream(path, std::ios::binary) << bytes;
}

bool exists(const std::string& path) { return std::filesystem::exists(path); }

KvBatch& kv(Batch& batch) { return static_cast<KvBatch&>(batch); }

TEST_CASE_TEMPLATE("a backup has all that is stored, and says how much that is", Backend,
                   MemoryBackend, LmdbBackend) {
    Fixture<Backend> fixture;
    ScratchDirectory place;
    const auto romeo = create_account(fixture, "romeo@example.org");
    fixture.commit([&](Batch& batch) {
        for (std::uint64_t n = 1; n <= 500; ++n) {
            const LogId log = fixture->archive().next_log_id();
            put_log(batch, log, at(1), std::string(n, 'x'));
            fixture->archive().put_index(batch, romeo.id, {ArchiveId{n}, log, at(1), "j@x"});
        }
    });
    CHECK(fixture->installation_secret("dialback", 16).ok());
    const std::string file = place.path() + "/b";
    const auto summary = back_up(fixture.storage(), file);
    CHECK(summary.bytes == std::filesystem::file_size(file));
    check_same(fixture->engine(), *replayed(file));

    const auto contents = verify_backup(file);
    REQUIRE(contents.ok());
    CHECK(contents->server == "test");
    CHECK(contents->total == summary.entries);
    CHECK(contents->records == summary.records);
    CHECK(contents->bytes == summary.bytes);
    for (const auto& [table, entries] : contents->entries)
        if (table == "log" || table == "archive") CHECK(entries == 500);
}

/// Puts or erases the same key with the same value in a table that is copied early, one in the
/// middle and one late.
void write_triple(KvBatch& batch, std::mt19937& random) {
    const Key key = Key().u64(random() % 300);
    const std::string value(1 + random() % 200, static_cast<char>('a' + random() % 26));
    const bool erase = random() % 3 == 0;
    for (const Table table : {Table::names, Table::log, Table::spool}) {
        if (erase)
            batch.erase(table, key);
        else
            batch.put(table, key, value);
    }
}

/// Writes until told to stop; sometimes a whole range goes, sometimes a commit fails.
template <class Backend>
void write_until(Fixture<Backend>& fixture, const std::atomic<bool>& enough, unsigned shard) {
    std::mt19937 random(shard);
    while (!enough) {
        fixture.submit(shard, [&](Batch& batch) {
            write_triple(kv(batch), random);
            if (random() % 50 == 0)
                for (const Table table : {Table::names, Table::log, Table::spool})
                    kv(batch).erase_range(table, {Key().u64(100), Key().u64(120)});
        });
        if (random() % 20 == 0)
            if (auto* memory = dynamic_cast<MemoryStorage*>(&fixture.storage()))
                memory->fail_next_commits(1);
        while (fixture->backlog_bytes() > 2'000 && !enough) std::this_thread::yield();
    }
}

TEST_CASE_TEMPLATE("a backup made while everything changes is the state at one moment", Backend,
                   MemoryBackend, LmdbBackend) {
    Fixture<Backend> fixture;
    ScratchDirectory place;
    fixture.commit([&](Batch& batch) {
        std::mt19937 random(7);
        for (int i = 0; i < 500; ++i) write_triple(kv(batch), random);
        kv(batch).put(Table::meta, "before", "was committed before the backup began");
    });
    std::atomic<bool> enough = false;
    std::thread first([&] { write_until(fixture, enough, 0); });
    std::thread second([&] { write_until(fixture, enough, 1); });
    std::vector<std::string> files;
    std::uint64_t changes = 0;
    // On a busy machine it takes a few rounds until a change falls into a backup.
    for (int round = 0; round < 5 || (changes == 0 && round < 200); ++round) {
        files.push_back(place.path() + "/b" + std::to_string(round));
        BackupOrder order{.file = files.back()};
        order.limits.slice = 1;  // as much as was written in that turn, and one entry
        auto summary = begin_backup(fixture.storage(), order).get();
        CHECK_MESSAGE(summary.ok(), (summary ? std::string() : summary.error().text));
        if (summary) changes += summary->records - summary->entries;
    }
    CHECK(changes > 0);
    enough = true;
    first.join();
    second.join();
    for (const auto& file : files) {
        const auto engine = replayed(file);  // the counts of its end agree with what it gives
        CHECK(dump(*engine, Table::names) == dump(*engine, Table::log));
        CHECK(dump(*engine, Table::names) == dump(*engine, Table::spool));
        CHECK(dump(*engine, Table::meta).contains("before"));
    }
}

/// The file that the stream's pieces make.
std::string file_of(BackupStream& stream) {
    BackupHeader header{format_version, at(1), "test", {}};
    for (std::size_t i = 0; i < table_count; ++i)
        header.tables.emplace_back(table_name(static_cast<Table>(i)));
    BackupSealer sealer;
    std::string bytes(BackupSealer::magic());
    bytes += sealer.seal(BackupBlock::header, encode(header));
    for (bool more = true; more;) {
        const auto piece = stream.take();
        REQUIRE(piece.ok());
        bytes += sealer.seal(piece->kind, piece->payload);
        more = piece->kind != BackupBlock::end;
    }
    return bytes;
}

/// A few changes in one transaction, which may come to nothing.
void change(WriteTransaction& transaction, std::mt19937& random) {
    for (std::size_t n = random() % 4; n > 0; --n) {
        const auto table = static_cast<Table>(random() % 4);
        const Key key = Key().u8(static_cast<std::uint8_t>(random() % 12));
        if (random() % 3 == 0)
            transaction.erase(table, key);
        else
            transaction.put(table, key, std::to_string(random()));
    }
    if (random() % 5 != 0) transaction.commit();
}

TEST_CASE("whatever changes between whichever slices, a replay gives the state at the end") {
    for (unsigned seed = 0; seed < 300; ++seed) {
        std::mt19937 random(seed);
        bool failing = false;
        MemoryEngine engine([&] {
            if (failing) throw EngineFailure(fail("resource-constraint"));
        });
        for (int i = 0; i < 8; ++i) change(*engine.begin_write(), random);
        const auto stream = std::make_shared<BackupStream>(BackupLimits{.slice = 1}, [] {});
        BackupCopy copy(stream);
        for (copy.slice(engine, 0, {}); !copy.over(); copy.slice(engine, 0, {})) {
            for (std::size_t n = random() % 3; n > 0; --n) {
                failing = random() % 4 == 0;
                try {
                    change(*copy.recorded(engine.begin_write()), random);
                } catch (const EngineFailure&) {  // the commit
                }
            }
        }
        std::string bytes = file_of(*stream);
        MemoryEngine replica([] {});
        std::size_t at = 0;
        const auto done = replay_backup(
            [&](char* out, std::size_t size) -> Result<std::size_t> {
                const std::size_t got = bytes.copy(out, size, at);
                at += got;
                return got;
            },
            replica);
        INFO(seed);
        REQUIRE_MESSAGE(done.ok(), (done ? std::string() : done.error().text));
        for (std::size_t i = 0; i < table_count; ++i)
            REQUIRE(dump(engine, static_cast<Table>(i)) == dump(replica, static_cast<Table>(i)));
    }
}

TEST_CASE("whatever byte of a backup is changed or missing, it is refused") {
    Fixture<MemoryBackend> fixture;
    ScratchDirectory place;
    create_account(fixture, "romeo@example.org");
    BackupOrder order{.file = place.path() + "/b"};
    order.limits.slice = 1;
    REQUIRE(begin_backup(fixture.storage(), order).get().ok());
    const std::string whole = read_file(order.file);
    const auto code = [](const std::string& bytes) {
        std::size_t at = 0;
        const auto result = verify_backup([&](char* out, std::size_t size) -> Result<std::size_t> {
            const std::size_t got = bytes.copy(out, size, at);
            at += got;
            return got;
        });
        return result ? std::string() : result.error().code;
    };
    REQUIRE(code(whole) == "");
    for (std::size_t i = 0; i < whole.size(); ++i) {
        CHECK(code(whole.substr(0, i)) == (i < 16 ? "not-a-backup" : "damaged-backup"));
        std::string changed = whole;
        changed[i] = static_cast<char>(changed[i] ^ 0x20);
        CHECK(code(changed) == (i < 15    ? "not-a-backup"
                                : i == 15 ? "unsupported-format"
                                          : "damaged-backup"));
    }
    CHECK(code(whole + "x") == "damaged-backup");
    CHECK(code(whole + whole.substr(16)) == "damaged-backup");
}

TEST_CASE("blocks out of order, of another file or of no sense are refused") {
    const BackupHeader header{format_version, at(1), "test", {"meta"}};
    std::string record;
    append_record(record, {0, false, "key", "value"});
    const std::string end = encode(BackupEnd{1, {1}});
    const auto code = [&](const std::vector<std::pair<BackupBlock, std::string>>& blocks) {
        BackupSealer sealer;
        std::string bytes(BackupSealer::magic());
        for (const auto& [kind, payload] : blocks) bytes += sealer.seal(kind, payload);
        std::size_t at = 0;
        const auto result = verify_backup([&](char* out, std::size_t size) -> Result<std::size_t> {
            const std::size_t got = bytes.copy(out, size, at);
            at += got;
            return got;
        });
        return result ? std::string() : result.error().code;
    };
    const std::pair head{BackupBlock::header, encode(header)};
    const std::pair records{BackupBlock::records, record};
    CHECK(code({head, records, {BackupBlock::end, end}}) == "");
    CHECK(code({records, head, {BackupBlock::end, end}}) == "damaged-backup");
    CHECK(code({head, head, {BackupBlock::end, end}}) == "damaged-backup");
    CHECK(code({head, records, records, {BackupBlock::end, end}}) == "damaged-backup");
    CHECK(code({head, {BackupBlock::end, end}}) == "damaged-backup");
    CHECK(code({head, {BackupBlock::records, "\x05\x01k\x01v"}}) == "damaged-backup");
    CHECK(code({head, {BackupBlock::records, std::string("\x00\x7fk", 3)}}) == "damaged-backup");
    CHECK(code({head, {BackupBlock::records, std::string("\x00\x00\x00", 3)}}) == "damaged-backup");
    CHECK(code({{BackupBlock::header,
                 encode(BackupHeader{format_version + 1, at(1), "new", {"meta"}})}}) ==
          "unsupported-format");
    CHECK(code({{BackupBlock::header,
                 encode(BackupHeader{format_version, at(1), "new", {"later"}})}}) ==
          "unsupported-format");
}

TEST_CASE("who takes too long loses the backup, not the writer") {
    MemoryEngine engine([] {});
    const auto stream = std::make_shared<BackupStream>(
        BackupLimits{.buffered = 1, .changes = 5000, .slice = 1}, [] {});
    Writer writer(engine, 1);
    Reports reports;
    writer.set_listener(0, reports.listener(0));
    const auto put = [&](std::uint64_t n) {
        auto batch = std::make_unique<KvBatch>();
        batch->put(Table::meta, Key().u64(n), std::string(1000, 'x'));
        return writer.submit(0, std::move(batch));
    };
    put(1);
    writer.wait_until_idle();
    writer.start_copy(stream);
    Token last = Token::none;
    for (std::uint64_t n = 2; n <= 10; ++n) {  // behind what there was: the copy does not wait
        last = put(n);
        writer.wait_until_idle();
    }
    CHECK(stream->over());
    CHECK(stream->take().error().code == "resource-constraint");
    CHECK(reports.up_to(0) == last);
    for (std::uint64_t n = 1; n <= 10; ++n) CHECK(reports.failure(0, Token{n}) == "");
}

TEST_CASE("an abandoned backup leaves nothing") {
    ScratchDirectory place;
    std::promise<Result<BackupSummary>> promise;
    BackupJob job(
        {.file = place.path() + "/b"}, [&](auto summary) { promise.set_value(std::move(summary)); },
        [] {});
    job.stream()->put("\x01");
    job.abandon();
    const auto summary = promise.get_future().get();
    REQUIRE(!summary.ok());
    CHECK(summary.error().code == "cancelled");
    CHECK(std::filesystem::is_empty(place.path()));
}

TEST_CASE("one backup at a time, and none of a storage that stopped") {
    ScratchDirectory place;
    Fixture<MemoryBackend> fixture;
    auto& memory = static_cast<MemoryStorage&>(fixture.storage());
    memory.hold_commits();
    fixture.submit(0, [](Batch& batch) { kv(batch).put(Table::meta, "x", "y"); });
    auto first = begin_backup(memory, {.file = place.path() + "/b"});
    const auto second = memory.start_backup({.file = place.path() + "/c"}, [](auto) {});
    REQUIRE(!second.ok());
    CHECK(second.error().code == "conflict");
    memory.release_commits();
    CHECK(first.get().ok());
    back_up(memory, place.path() + "/c");
    memory.stop();
    CHECK(memory.start_backup({.file = place.path() + "/d"}, [](auto) {}).error().code ==
          "cancelled");
}

TEST_CASE("a file that exists is kept unless it is to be replaced") {
    ScratchDirectory place;
    Fixture<MemoryBackend> fixture;
    const std::string file = place.path() + "/b";
    const auto code = [&](BackupOrder order) {
        const auto summary = begin_backup(fixture.storage(), std::move(order)).get();
        return summary ? std::string() : summary.error().code;
    };
    write_file(file, "old");
    write_file(file + ".partial", "of a server that was killed");
    CHECK(code({.file = file}) == "conflict");
    CHECK(read_file(file) == "old");
    CHECK(code({.file = file, .replace = true}) == "");
    CHECK(verify_backup(file).ok());
    CHECK(!exists(file + ".partial"));
    struct stat status {};
    REQUIRE(::stat(file.c_str(), &status) == 0);
    CHECK((status.st_mode & 0777) == 0600);
    CHECK(code({.file = "relative"}) == "usage");
    CHECK(code({.file = place.path(), .replace = true}) == "usage");
    CHECK(code({.file = place.path() + "/nowhere/b"}) == "unwritable");
}

// ---- restore_backup() --------------------------------------------------------------------------

struct RestoreFixture {
    RestoreFixture() {
        romeo = create_account(source, "romeo@example.org");
        log = source->archive().next_log_id();
        back_up(source.storage(), file);
        std::filesystem::create_directory(target);
    }
    Result<Restored> restore(bool replace = false) {
        return restore_backup(file, target, replace, at(1'700'000'000'000'000));
    }
    std::unique_ptr<KvStorage> open() { return LmdbBackend::open(target + "/db"); }

    Fixture<LmdbBackend> source;
    ScratchDirectory place;
    const std::string file = place.path() + "/b", target = place.path() + "/data";
    AccountRecord romeo;
    LogId log = LogId::none;
};

TEST_CASE("a backup is restored into a directory without a database") {
    RestoreFixture fixture;
    const auto restored = fixture.restore();
    REQUIRE_MESSAGE(restored.ok(), (restored ? std::string() : restored.error().text));
    CHECK(restored->moved_to == "");
    CHECK(!exists(fixture.target + "/db.restoring"));
    const auto storage = fixture.open();
    check_same(fixture.source->engine(), storage->engine());
    CHECK(read(storage->accounts().find("romeo@example.org"))->id == fixture.romeo.id);
}

TEST_CASE("numbers given out after the backup was made are not given out again") {
    RestoreFixture fixture;
    LogId lost = LogId::none;
    for (int restart = 0; restart < 3; ++restart) {
        fixture.source.reopen();
        lost = fixture.source->archive().next_log_id();
    }
    REQUIRE(fixture.restore().ok());
    CHECK(fixture.open()->archive().next_log_id() > lost);
}

TEST_CASE("a database that is there is refused, or moved aside") {
    RestoreFixture fixture;
    REQUIRE(fixture.restore().ok());
    const auto refused = fixture.restore();
    REQUIRE(!refused.ok());
    CHECK(refused.error().code == "conflict");
    const auto replaced = fixture.restore(true);
    REQUIRE(replaced.ok());
    CHECK(replaced->moved_to == fixture.target + "/db.before-restore-20231114T221320Z");
    CHECK(exists(replaced->moved_to + "/data.mdb"));
    CHECK(fixture.restore(true)->moved_to == replaced->moved_to + "-2");
    CHECK(!exists(fixture.target + "/db.restoring"));
    CHECK(fixture.open() != nullptr);
}

TEST_CASE("a backup that is not whole touches nothing") {
    RestoreFixture fixture;
    REQUIRE(fixture.restore().ok());
    const std::string whole = read_file(fixture.file);
    for (const auto& bytes :
         {whole.substr(0, whole.size() - 1), std::string("nonsense"), std::string()}) {
        write_file(fixture.file, bytes);
        const auto refused = fixture.restore(true);
        REQUIRE(!refused.ok());
        CHECK(refused.error().text.starts_with(fixture.file + " is "));
    }
    std::filesystem::remove(fixture.file);
    CHECK(fixture.restore(true).error().code == "unreadable");
    std::size_t entries = 0;
    for (const auto& entry : std::filesystem::directory_iterator(fixture.target))
        entries += entry.exists() ? 1 : 0;
    CHECK(entries == 1);
    CHECK(fixture.open() != nullptr);
}

}  // namespace
}  // namespace clarion::storage
