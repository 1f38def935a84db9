// Archives lose what is old, and the log what nothing refers to, on both back ends.
#include <algorithm>

#include "storage/kv/keys.h"
#include "storage/kv/log_sweep.h"
#include "tests/storage/storage_fixture.h"

namespace clarion::storage {
namespace {

constexpr std::int64_t ticks = 1'000'000;

WallTime time_of(std::uint64_t n) { return at(static_cast<std::int64_t>(n) * ticks); }
ArchiveId id_of(std::uint64_t n) { return ArchiveId{n * ticks}; }

/// Two archives; a message number n is from the second n, and so is its id.
/// As Storage::maintain() does.
std::unique_ptr<LogSweep> start_sweep(KvStorage& storage, WallTime before) {
    static std::uint64_t sweeps = 1000;
    return std::make_unique<LogSweep>(storage.engine(), ++sweeps, before);
}

template <class Backend>
class ExpiryFixture : public Fixture<Backend> {
public:
    /// In the archives of these accounts; the first writes the log.
    void say(std::uint64_t n, const std::vector<OwnerId>& archives) {
        Archive& archive = this->storage().archive();
        logs[n] = archive.next_log_id();
        this->commit([&](Batch& batch) {
            put_log(batch, logs[n], time_of(n), "<message n='" + std::to_string(n) + "'/>");
            for (const OwnerId account : archives)
                archive.put_index(batch, account, {id_of(n), logs[n], time_of(n), "j@example.org"});
        });
    }
    void say_all(std::uint64_t from, std::uint64_t to, const std::vector<OwnerId>& archives) {
        for (std::uint64_t n = from; n <= to; ++n) say(n, archives);
    }
    void keep_offline(std::uint64_t n) {
        this->commit([&](Batch& batch) { put_offline(batch, n); });
    }
    void put_offline(Batch& batch, std::uint64_t n) {
        this->storage().offline().put(batch, juliet, n,
                                      {.meta = {.log_id = logs[n], .received = time_of(n)}});
    }
    void put_queued(Batch& batch, std::uint64_t n) {
        this->storage().sessions().put_queued(
            batch, juliet, 1,
            {static_cast<std::uint32_t>(n), {.meta = {.log_id = logs[n], .received = time_of(n)}}});
    }

    ExpiredEntries find(OwnerId account, std::uint64_t before, std::size_t limit = 1000) {
        return read(this->storage().expiry().find(account, {.since = time_of(before)}, limit));
    }
    /// How many messages went.
    std::size_t expire(OwnerId account, std::uint64_t before, std::size_t limit = 1000) {
        const auto found = find(account, before, limit);
        this->commit([&](Batch& batch) { this->storage().expiry().remove(batch, account, found); });
        return found.count;
    }

    /// Looks until the sweep wants to write, or is done.
    SweepStep look(LogSweep& sweep) {
        for (;;) {
            const auto step = sweep.look();
            REQUIRE(step.ok());
            if (*step != SweepStep::look) return *step;
        }
    }
    void write(LogSweep& sweep) {
        this->commit([&](Batch& batch) { sweep.write(batch); });
    }
    void finish(LogSweep& sweep) {
        while (look(sweep) == SweepStep::write) write(sweep);
    }
    void sweep_all(std::uint64_t before = 1'000'000) {
        const auto sweep = start_sweep(this->storage(), time_of(before));
        finish(*sweep);
    }

    std::string page(OwnerId account, ArchiveQuery query = {}) {
        query.owner = account;
        const auto page = read(this->storage().archive().query(query));
        std::string text;
        for (const auto& message : page.messages)
            text += std::to_string(static_cast<std::uint64_t>(message.id) / ticks) + " ";
        return text + (page.complete ? "complete" : "");
    }
    std::string error(OwnerId account, ArchiveQuery query) {
        query.owner = account;
        const auto result = run(this->storage().archive().query(query));
        return result ? "" : result.error().code;
    }
    std::optional<std::uint64_t> count(OwnerId account) {
        return read(this->storage().archive().query({.owner = account, .want_count = true})).count;
    }
    std::uint64_t entries(Table table) {
        return this->storage().engine().snapshot()->entries(table);
    }
    /// Numbers of the messages whose content is still in the log.
    std::string logged() {
        std::string text;
        for (const auto& [n, log] : logs)
            if (read(this->storage().archive().read_log(log))) text += std::to_string(n) + " ";
        return text;
    }

    std::map<std::uint64_t, LogId> logs;
    const OwnerId juliet = this->storage().owners().next_id("owner@example.org");
    const OwnerId romeo = this->storage().owners().next_id("owner@example.org");
};

TEST_CASE_TEMPLATE("old entries go, newer ones stay, and paging begins at the first of them",
                   Backend, MemoryBackend, LmdbBackend) {
    ExpiryFixture<Backend> archive;
    archive.say_all(1, 6, {archive.juliet});
    CHECK(archive.expire(archive.juliet, 1) == 0);
    CHECK(archive.expire(archive.juliet, 4) == 3);
    CHECK(archive.expire(archive.juliet, 4) == 0);

    CHECK(archive.page(archive.juliet) == "4 5 6 complete");
    CHECK(archive.page(archive.juliet, {.limit = 2}) == "4 5 ");
    CHECK(archive.page(archive.juliet, {.from_end = true, .limit = 3}) == "4 5 6 complete");
    CHECK(archive.page(archive.juliet, {.rsm_before = id_of(6), .limit = 2}) == "4 5 complete");
    CHECK(archive.page(archive.juliet, {.start = time_of(1)}) == "4 5 6 complete");
    CHECK(archive.error(archive.juliet, {.rsm_after = id_of(3)}) == "item-not-found");
    CHECK(archive.error(archive.juliet, {.ids = {id_of(3)}}) == "item-not-found");
    CHECK(archive.count(archive.juliet) == 3);
    const auto bounds = read(archive->archive().bounds(archive.juliet));
    REQUIRE(bounds);
    CHECK(bounds->first == id_of(4));
    CHECK(bounds->first_time == time_of(4));
    CHECK(bounds->last == id_of(6));
}

TEST_CASE_TEMPLATE("in slices", Backend, MemoryBackend, LmdbBackend) {
    ExpiryFixture<Backend> archive;
    archive.say_all(1, 7, {archive.juliet});
    CHECK(archive.find(archive.juliet, 6, 3).more);
    CHECK(archive.expire(archive.juliet, 6, 3) == 3);
    CHECK(archive.page(archive.juliet) == "4 5 6 7 complete");
    CHECK_FALSE(archive.find(archive.juliet, 6, 2).more);  // exactly the limit
    CHECK(archive.expire(archive.juliet, 6, 3) == 2);
    CHECK(archive.page(archive.juliet) == "6 7 complete");
}

TEST_CASE_TEMPLATE("too many: the newest stay, whatever their age", Backend, MemoryBackend,
                   LmdbBackend) {
    ExpiryFixture<Backend> archive;
    archive.say_all(1, 9, {archive.juliet});
    const auto shrink = [&](Keep keep, std::size_t limit = 1000) {
        const auto found = read(archive->expiry().find(archive.juliet, keep, limit));
        archive.commit(
            [&](Batch& batch) { archive->expiry().remove(batch, archive.juliet, found); });
        return std::pair(found.count, found.more);
    };
    CHECK(shrink({}) == std::pair<std::size_t, bool>(0, false));
    CHECK(shrink({.newest = 9}).first == 0);
    CHECK(shrink({.newest = 7}) == std::pair<std::size_t, bool>(2, false));
    CHECK(shrink({.newest = 4}, 2) == std::pair<std::size_t, bool>(2, true));
    CHECK(shrink({.newest = 4}, 2) == std::pair<std::size_t, bool>(1, false));
    CHECK(archive.page(archive.juliet) == "6 7 8 9 complete");
    CHECK(archive.count(archive.juliet) == 4);
    CHECK(shrink({.since = time_of(8), .newest = 3}).first == 2);  // both, whichever is stricter
    CHECK(shrink({.since = time_of(7), .newest = 1}).first == 1);
    CHECK(archive.page(archive.juliet) == "9 complete");
    CHECK(shrink({.newest = 1}).first == 0);

    CHECK(shrink({.since = time_of(20), .newest = 5}).first == 1);  // emptied, its number stays
    archive.say_all(21, 23, {archive.juliet});
    CHECK(archive.count(archive.juliet) == 3);
    CHECK(shrink({.newest = 3}).first == 0);
    CHECK(shrink({.newest = 2}).first == 1);
    CHECK(archive.page(archive.juliet) == "22 23 complete");
    CHECK(archive.count(archive.juliet) == 2);
}

TEST_CASE_TEMPLATE("too large: the newest stay, up to the one that is over", Backend, MemoryBackend,
                   LmdbBackend) {
    ExpiryFixture<Backend> archive;
    const auto say = [&](std::uint64_t n, std::size_t size) {
        archive.commit([&](Batch& batch) {
            archive->archive().put_index(batch, archive.juliet,
                                         {.id = id_of(n),
                                          .log_id = archive->archive().next_log_id(),
                                          .time = time_of(n),
                                          .with = "j@example.org",
                                          .xml = std::string(size, 'x'),
                                          .received = time_of(n)});
        });
    };
    const auto size = [&] {
        const auto bounds = read(archive->archive().bounds(archive.juliet));
        return std::pair(bounds ? bounds->count : 0, bounds ? bounds->bytes : 0);
    };
    const auto shrink = [&](Keep keep, std::size_t limit = 1000) {
        const auto found = read(archive->expiry().find(archive.juliet, keep, limit));
        archive.commit(
            [&](Batch& batch) { archive->expiry().remove(batch, archive.juliet, found); });
        CHECK(found.too_large == (found.count > 0 && keep.bytes > 0 && keep.newest == 0));
        return std::pair(found.count, found.more);
    };
    using Gone = std::pair<std::size_t, bool>;
    using Size = std::pair<std::uint64_t, std::uint64_t>;
    for (std::uint64_t n = 1; n <= 6; ++n) say(n, 100 * n);
    CHECK(size() == Size(6, 2100));
    CHECK(shrink({.bytes = 2000}) == Gone(0, false));  // without the first it has no more
    CHECK(shrink({.bytes = 1999}) == Gone(1, false));
    CHECK(size() == Size(5, 2000));
    CHECK(shrink({.bytes = 1100}, 1) == Gone(1, true));
    CHECK(shrink({.bytes = 1100}, 1) == Gone(1, false));
    CHECK(size() == Size(3, 1500));
    CHECK(shrink({.newest = 2, .bytes = 5000}) == Gone(1, false));  // whichever is stricter
    CHECK(shrink({.bytes = 1}) == Gone(1, false));
    CHECK(size() == Size(1, 600));
    CHECK(shrink({.bytes = 1}) == Gone(0, false));  // the newest is never too large

    CHECK(shrink({.since = time_of(20)}) == Gone(1, false));  // emptied, it goes on from there
    CHECK(size() == Size(0, 0));
    say(21, 50);
    say(22, 70);
    CHECK(size() == Size(2, 120));
    CHECK(shrink({.bytes = 70}) == Gone(0, false));
    CHECK(shrink({.bytes = 69}) == Gone(1, false));
    CHECK(size() == Size(1, 70));
}

TEST_CASE_TEMPLATE("the newest entry loses its content, but its id is not given again", Backend,
                   MemoryBackend, LmdbBackend) {
    ExpiryFixture<Backend> archive;
    auto account = create_account(archive, "nurse@example.org");
    archive.say_all(1, 3, {account.id});
    CHECK(archive.expire(account.id, 10, 2) == 2);
    CHECK(archive.expire(account.id, 10, 2) == 1);
    CHECK(archive.find(account.id, 10).last == ArchiveId::none);  // nothing left to do

    CHECK(archive.page(account.id) == "complete");
    CHECK(archive.page(account.id, {.from_end = true}) == "complete");
    CHECK(archive.count(account.id) == 0);
    CHECK_FALSE(read(archive->archive().bounds(account.id)));
    CHECK(archive.error(account.id, {.ids = {id_of(3)}}) == "item-not-found");
    CHECK(read(archive->accounts().load(account.jid))->last_archive_id == id_of(3));
    archive.sweep_all();
    CHECK(archive.logged() == "");
    CHECK(read(archive->accounts().load(account.jid))->last_archive_id == id_of(3));

    archive.say(11, {account.id});
    CHECK(archive.page(account.id) == "11 complete");
    CHECK(archive.count(account.id) == 1);
    CHECK(archive.expire(account.id, 10) == 0);  // what was left of 3
    CHECK(archive.entries(Table::archive) == 1);
    CHECK(archive.page(account.id) == "11 complete");
}

TEST_CASE_TEMPLATE("an entry that the clock put before an older one waits for its turn", Backend,
                   MemoryBackend, LmdbBackend) {
    ExpiryFixture<Backend> archive;
    archive.say(5, {archive.juliet});
    const LogId log = archive->archive().next_log_id();
    archive.commit([&](Batch& batch) {  // the clock was set back to 2
        put_log(batch, log, time_of(2), "<message/>");
        archive->archive().put_index(batch, archive.juliet,
                                     {ArchiveId{5 * ticks + 1}, log, time_of(2), "j@example.org"});
    });
    CHECK(archive.expire(archive.juliet, 4) == 0);
    CHECK(archive.expire(archive.juliet, 6) == 2);
}

TEST_CASE_TEMPLATE("an entry from the future goes with what was written after it", Backend,
                   MemoryBackend, LmdbBackend) {
    ExpiryFixture<Backend> archive;
    const auto say_at = [&](std::uint64_t id, std::uint64_t time) {
        const LogId log = archive->archive().next_log_id();
        archive.commit([&](Batch& batch) {
            put_log(batch, log, time_of(time), "<message/>");
            archive->archive().put_index(batch, archive.juliet,
                                         {ArchiveId{id}, log, time_of(time), "j@example.org"});
        });
    };
    archive.say(5, {archive.juliet});
    for (const std::uint64_t n : {0, 1, 2}) say_at(9'000 * ticks + n, 9'000 + n);  // ahead ...
    for (const std::uint64_t n : {3, 4}) say_at(9'000 * ticks + n, 6 + n);         // ... until 9
    const auto expire = [&](std::uint64_t before, std::uint64_t now, std::size_t limit = 1000) {
        const auto found = read(archive->expiry().find(
            archive.juliet, {.since = time_of(before), .now = time_of(now)}, limit));
        archive.commit(
            [&](Batch& batch) { archive->expiry().remove(batch, archive.juliet, found); });
        return found.count;
    };
    CHECK(expire(8, 20) == 1);      // they are as old as 9
    CHECK(expire(10, 20, 2) == 2);  // two now, one and 9 itself the next time
    CHECK(expire(10, 20) == 2);
    CHECK(expire(10, 20) == 0);
    say_at(9'500 * ticks, 9'500);
    CHECK(expire(11, 20) == 1);
    CHECK(expire(19, 20) == 0);  // nobody knows how old it is
    CHECK(expire(9'600, 9'700) == 1);
}

TEST_CASE_TEMPLATE("the log keeps what another archive refers to", Backend, MemoryBackend,
                   LmdbBackend) {
    ExpiryFixture<Backend> archive;
    archive.say_all(1, 3, {archive.juliet, archive.romeo});
    archive.expire(archive.juliet, 3);
    archive.sweep_all();
    CHECK(archive.logged() == "1 2 3 ");
    CHECK(archive.entries(Table::unreferenced) == 0);  // romeo's archive will note them again
    CHECK(archive.page(archive.romeo) == "1 2 3 complete");

    archive.expire(archive.romeo, 2);
    archive.sweep_all();
    CHECK(archive.logged() == "2 3 ");
    CHECK(archive.page(archive.romeo) == "2 3 complete");
    CHECK(archive.entries(Table::unreferenced) == 0);
}

TEST_CASE_TEMPLATE("the log keeps what waits offline or in a queue, until that is delivered",
                   Backend, MemoryBackend, LmdbBackend) {
    ExpiryFixture<Backend> archive;
    archive.say_all(1, 4, {archive.juliet});
    archive.keep_offline(1);
    archive.commit([&](Batch& batch) { archive.put_queued(batch, 2); });
    archive.expire(archive.juliet, 4);
    archive.sweep_all();
    CHECK(archive.logged() == "1 2 4 ");
    CHECK(archive.entries(Table::unreferenced) == 2);
    CHECK(read(archive->offline().read(archive.juliet, 0, {.count = 10})).messages.size() == 1);
    CHECK(read(archive->sessions().read_queue(archive.juliet, 1, 0)).size() == 1);

    archive.commit([&](Batch& batch) {
        archive->offline().remove(batch, archive.juliet, 1);
        archive->sessions().remove(batch, archive.juliet, 1);
    });
    archive.sweep_all();
    CHECK(archive.logged() == "4 ");
    CHECK(archive.entries(Table::unreferenced) == 0);
}

TEST_CASE_TEMPLATE("what is too young waits for a later sweep", Backend, MemoryBackend,
                   LmdbBackend) {
    ExpiryFixture<Backend> archive;
    archive.say_all(1, 4, {archive.juliet});
    archive.expire(archive.juliet, 4);
    archive.sweep_all(2);
    CHECK(archive.logged() == "2 3 4 ");
    archive.sweep_all(2);
    archive.sweep_all(4);
    CHECK(archive.logged() == "4 ");
}

TEST_CASE_TEMPLATE("a reference that moves while the sweep reads is not missed", Backend,
                   MemoryBackend, LmdbBackend) {
    ExpiryFixture<Backend> archive;
    archive.say_all(1, 3, {archive.juliet, archive.romeo});
    archive.commit([&](Batch& batch) {
        archive.put_queued(batch, 1);
        archive.put_offline(batch, 2);
    });
    archive.expire(archive.juliet, 3);
    archive.expire(archive.romeo, 3);
    const auto sweep = start_sweep(archive.storage(), time_of(100));
    CHECK(archive.look(*sweep) == SweepStep::write);
    archive.write(*sweep);
    REQUIRE(*sweep->look() == SweepStep::look);  // offline messages
    archive.commit([&](Batch& batch) {           // a queue dissolves into offline messages
        archive.put_offline(batch, 1);
        archive->sessions().remove(batch, archive.juliet, 1);
    });
    CHECK(archive.look(*sweep) == SweepStep::write);
    archive.commit([&](Batch& batch) {  // after everything was read
        archive.put_queued(batch, 2);
        archive->offline().remove(batch, archive.juliet, 2);
    });
    archive.finish(*sweep);
    CHECK(archive.logged() == "1 2 3 ");
    archive.commit([&](Batch& batch) {
        archive->offline().remove(batch, archive.juliet, 1);
        archive->sessions().remove(batch, archive.juliet, 1);
    });
    archive.sweep_all();
    CHECK(archive.logged() == "3 ");
}

TEST_CASE_TEMPLATE("a stanza that is brought again while the sweep reads stays, or comes back",
                   Backend, MemoryBackend, LmdbBackend) {
    ExpiryFixture<Backend> archive;
    archive.say_all(1, 3, {archive.juliet});
    archive.expire(archive.juliet, 3);
    const auto bring = [&](std::uint64_t n) {
        archive.commit([&](Batch& batch) {
            archive->offline().put(
                batch, archive.romeo, n,
                {{.log_id = archive.logs[n], .received = time_of(n)}, "<message/>"});
        });
    };
    const auto sweep = start_sweep(archive.storage(), time_of(100));
    CHECK(archive.look(*sweep) == SweepStep::write);
    archive.write(*sweep);
    CHECK(archive.look(*sweep) == SweepStep::write);
    bring(1);
    archive.finish(*sweep);
    CHECK(archive.logged() == "1 3 ");
    bring(2);
    CHECK(archive.logged() == "1 2 3 ");
}

TEST_CASE_TEMPLATE("an archive that expires while the sweep reads is swept next time", Backend,
                   MemoryBackend, LmdbBackend) {
    ExpiryFixture<Backend> archive;
    archive.say_all(1, 3, {archive.juliet, archive.romeo});
    archive.expire(archive.juliet, 3);
    const auto sweep = start_sweep(archive.storage(), time_of(100));
    CHECK(archive.look(*sweep) == SweepStep::write);
    archive.write(*sweep);
    CHECK(archive.look(*sweep) == SweepStep::write);  // it saw romeo's entries
    archive.expire(archive.romeo, 3);
    archive.finish(*sweep);
    CHECK(archive.logged() == "1 2 3 ");
    CHECK(archive.entries(Table::unreferenced) == 2);
    archive.sweep_all();
    CHECK(archive.logged() == "3 ");
}

TEST_CASE_TEMPLATE("a sweep that another one overtook erases nothing", Backend, MemoryBackend,
                   LmdbBackend) {
    ExpiryFixture<Backend> archive;
    archive.say_all(1, 2, {archive.juliet});
    archive.expire(archive.juliet, 2);
    const auto first = start_sweep(archive.storage(), time_of(100));
    archive.look(*first);
    archive.write(*first);
    const auto second = start_sweep(archive.storage(), time_of(100));
    archive.look(*second);
    archive.write(*second);
    archive.finish(*first);
    CHECK(archive.logged() == "1 2 ");
    archive.finish(*second);
    CHECK(archive.logged() == "2 ");
}

TEST_CASE_TEMPLATE("storage gives back what nothing refers to, slice by slice", Backend,
                   MemoryBackend, LmdbBackend) {
    ExpiryFixture<Backend> archive;
    archive.say_all(1, 6, {archive.juliet});
    archive.keep_offline(2);
    archive.expire(archive.juliet, 6);
    const auto maintain = [&](std::uint64_t before, unsigned slices) {
        const auto done = archive->maintain({.before = time_of(before), .slices = slices});
        REQUIRE(done.ok());
        return *done;
    };
    std::uint64_t erased = 0;
    int calls = 0;
    for (bool more = true; more; ++calls) {
        const Maintenance done = maintain(4, 1);
        erased += done.erased;
        more = done.more;
    }
    CHECK(calls > 3);
    CHECK(erased == 2);
    CHECK(archive.logged() == "2 4 5 6 ");
    const Maintenance rest = maintain(100, 1000);
    CHECK(rest.erased == 2);
    CHECK_FALSE(rest.more);
    CHECK(archive.logged() == "2 6 ");
    CHECK_FALSE(maintain(100, 1000).more);
}

TEST_CASE("maintenance that cannot commit is given up, and begins anew") {
    ExpiryFixture<MemoryBackend> archive;
    archive.say_all(1, 3, {archive.juliet});
    archive.expire(archive.juliet, 3);
    static_cast<MemoryStorage&>(archive.storage()).fail_next_commits(1);
    const MaintenanceBudget all{.before = time_of(100), .slices = 1000};
    const auto failed = archive->maintain(all);
    REQUIRE_FALSE(failed.ok());
    CHECK(failed.error().code == "resource-constraint");
    CHECK(archive.logged() == "1 2 3 ");
    CHECK(archive->maintain(all)->erased == 2);
    CHECK(archive.logged() == "3 ");
}

TEST_CASE_TEMPLATE("more than one walk, if there is more than fits in one", Backend, MemoryBackend,
                   LmdbBackend) {
    ExpiryFixture<Backend> archive;
    archive.say_all(1, 9, {archive.juliet});
    archive.keep_offline(2);
    archive.keep_offline(5);
    archive.expire(archive.juliet, 9);
    LogSweep sweep(archive->engine(), 77, time_of(100), 3);
    archive.finish(sweep);
    CHECK(sweep.erased() == 6);
    CHECK(archive.logged() == "2 5 9 ");
    CHECK(archive.entries(Table::unreferenced) == 2);
}

TEST_CASE_TEMPLATE("longer than a slice of everything", Backend, MemoryBackend, LmdbBackend) {
    ExpiryFixture<Backend> archive;
    const std::uint64_t count = LogSweep::mark_slice + 5;
    archive.commit([&](Batch& batch) {
        for (std::uint64_t n = 1; n <= count; ++n) {
            archive.logs[n] = archive->archive().next_log_id();
            put_log(batch, archive.logs[n], time_of(n), "<message/>");
            for (const OwnerId account : {archive.juliet, archive.romeo})
                archive->archive().put_index(
                    batch, account, {id_of(n), archive.logs[n], time_of(n), "j@example.org"});
        }
    });
    archive.expire(archive.juliet, count, count);
    archive.sweep_all();
    CHECK(archive.entries(Table::log) == count);
    archive.expire(archive.romeo, count, count);
    archive.sweep_all();
    CHECK(archive.logged() == std::to_string(count) + " ");
    CHECK(archive.entries(Table::unreferenced) == 0);
}

TEST_CASE_TEMPLATE("the messages of a removed account leave the log, unless others have them",
                   Backend, MemoryBackend, LmdbBackend) {
    ExpiryFixture<Backend> archive;
    const auto nurse = create_account(archive, "nurse@example.org");
    archive.say_all(1, 2, {nurse.id});
    archive.say_all(3, 4, {archive.juliet, nurse.id});
    const auto expired = archive.find(nurse.id, 100);
    archive.commit([&](Batch& batch) { archive->accounts().remove(batch, nurse); });
    // Expiry that looked before the account went: it must not bring the newest entry back.
    archive.commit([&](Batch& batch) { archive->expiry().remove(batch, nurse.id, expired); });
    CHECK(archive.entries(Table::archive) == 2);
    archive.sweep_all();
    CHECK(archive.logged() == "3 4 ");
    CHECK(archive.page(archive.juliet) == "3 4 complete");
    CHECK(archive.entries(Table::unreferenced) == 0);
}

TEST_CASE("a crash at any point of expiry or sweep is harmless") {
    ExpiryFixture<LmdbBackend> archive;
    archive.say_all(1, 6, {archive.juliet, archive.romeo});
    archive.keep_offline(1);
    archive.expire(archive.juliet, 6, 2);  // the first slice only
    archive.reopen();
    CHECK(archive.page(archive.juliet) == "3 4 5 6 complete");
    archive.expire(archive.juliet, 6);
    archive.expire(archive.romeo, 6);
    // After each number of writes: a new process has forgotten the watch and begins again.
    for (int writes = 0; writes < 3; ++writes) {
        const auto sweep = start_sweep(archive.storage(), time_of(100));
        for (int n = 0; n < writes && archive.look(*sweep) == SweepStep::write; ++n)
            archive.write(*sweep);
        archive.reopen();
        CHECK(archive.page(archive.juliet) == "6 complete");
        CHECK(read(archive->offline().read(archive.juliet, 0, {.count = 10})).messages.size() == 1);
    }
    archive.sweep_all();
    CHECK(archive.logged() == "1 6 ");
    const LogId log = archive->archive().next_log_id();
    CHECK(std::all_of(archive.logs.begin(), archive.logs.end(),
                      [&](const auto& old) { return old.second < log; }));
}

TEST_CASE("a disk that is full while the sweep erases") {
    ExpiryFixture<MemoryBackend> archive;
    archive.say_all(1, 3, {archive.juliet});
    archive.expire(archive.juliet, 3);
    const auto sweep = start_sweep(archive.storage(), time_of(100));
    archive.look(*sweep);
    archive.write(*sweep);
    archive.look(*sweep);
    static_cast<MemoryStorage&>(archive.storage()).fail_next_commits(1);
    CHECK(archive.try_commit([&](Batch& batch) { sweep->write(batch); }) == "resource-constraint");
    CHECK(archive.logged() == "1 2 3 ");
    archive.sweep_all();
    CHECK(archive.logged() == "3 ");
}

}  // namespace
}  // namespace clarion::storage
