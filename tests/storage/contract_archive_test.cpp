// The log and the archives, on both back ends.
#include <algorithm>

#include "storage/kv/archive_scan.h"
#include "storage/kv/keys.h"
#include "tests/storage/storage_fixture.h"

namespace clarion::storage {
namespace {

constexpr std::int64_t start_time = 1'700'000'000'000'000;

ArchiveId id_of(std::uint64_t n) { return ArchiveId{start_time + n * 1'000'000}; }
WallTime time_of(std::uint64_t n) { return at(static_cast<std::int64_t>(id_of(n))); }

/// An archive of `count` messages, ids id_of(1) and on; every third is with mercutio.
template <class Backend>
class ArchiveFixture : public Fixture<Backend> {
public:
    explicit ArchiveFixture(std::uint64_t count) {
        this->commit([&](Batch& batch) {
            for (std::uint64_t n = 1; n <= count; ++n) add(batch, n);
        });
    }

    void add(Batch& batch, std::uint64_t n) {
        Archive& archive = this->storage().archive();
        const LogId log = archive.next_log_id();
        logs_[n] = log;
        put_log(batch, log, time_of(n), "<message n='" + std::to_string(n) + "'/>");
        archive.put_index(batch, account,
                          {id_of(n), log, time_of(n),
                           n % 3 == 0 ? "mercutio@example.org" : "juliet@example.net/balcony"});
    }
    /// As expiry will: the log entry goes, the index entry stays behind.
    void expire(std::uint64_t n) {
        const auto transaction = this->storage().engine().begin_write();
        transaction->erase(Table::log, log_key(logs_[n]));
        transaction->commit();
    }

    /// The query's messages by number, e.g. "3 4 5"; with " complete" after the last page.
    std::string page(ArchiveQuery query) {
        query.owner = account;
        const auto page = read(this->storage().archive().query(query));
        std::string text;
        for (const auto& message : page.messages) {
            const auto n = (static_cast<std::uint64_t>(message.id) - start_time) / 1'000'000;
            CHECK(message.time == time_of(n));
            CHECK(message.xml == "<message n='" + std::to_string(n) + "'/>");
            text += (text.empty() ? "" : " ") + std::to_string(n);
        }
        return text + (page.complete ? " complete" : "");
    }
    std::string error(ArchiveQuery query) {
        query.owner = account;
        const auto result = run(this->storage().archive().query(query));
        return result ? "" : result.error().code;
    }
    std::optional<std::uint64_t> count(ArchiveQuery query) {
        query.owner = account;
        query.want_count = true;
        return read(this->storage().archive().query(query)).count;
    }

    const OwnerId account = this->storage().owners().next_id("owner@example.org");

private:
    std::map<std::uint64_t, LogId> logs_;
};

TEST_CASE_TEMPLATE("a page at a time, forwards and backwards", Backend, MemoryBackend,
                   LmdbBackend) {
    ArchiveFixture<Backend> archive(7);
    CHECK(archive.page({.limit = 3}) == "1 2 3");
    CHECK(archive.page({.rsm_after = id_of(3), .limit = 3}) == "4 5 6");
    CHECK(archive.page({.rsm_after = id_of(6), .limit = 3}) == "7 complete");
    CHECK(archive.page({.rsm_after = id_of(7), .limit = 3}) == " complete");
    CHECK(archive.page({.limit = 7}) == "1 2 3 4 5 6 7 complete");
    CHECK(archive.page({.limit = 6}) == "1 2 3 4 5 6");
    CHECK(archive.page({.limit = 0}) == "");

    CHECK(archive.page({.from_end = true, .limit = 3}) == "5 6 7");
    CHECK(archive.page({.rsm_before = id_of(5), .limit = 3}) == "2 3 4");
    CHECK(archive.page({.rsm_before = id_of(2), .limit = 3}) == "1 complete");
    CHECK(archive.page({.rsm_before = id_of(1), .limit = 3}) == " complete");
    CHECK(archive.page({.rsm_before = id_of(4), .limit = 3}) == "1 2 3 complete");
    CHECK(archive.page({.rsm_after = id_of(2), .rsm_before = id_of(6), .limit = 2}) == "4 5");
    CHECK(archive.page({.rsm_after = id_of(2), .rsm_before = id_of(6), .limit = 3}) ==
          "3 4 5 complete");
}

TEST_CASE_TEMPLATE("an archive without messages", Backend, MemoryBackend, LmdbBackend) {
    ArchiveFixture<Backend> archive(0);
    CHECK(archive.page({}) == " complete");
    CHECK(archive.page({.from_end = true}) == " complete");
    CHECK(archive.count({}) == 0);
    CHECK_FALSE(read(archive->archive().bounds(archive.account)));
    CHECK(archive.error({.rsm_after = id_of(1)}) == "item-not-found");
}

TEST_CASE_TEMPLATE("bounds are exclusive for ids and inclusive for times", Backend, MemoryBackend,
                   LmdbBackend) {
    ArchiveFixture<Backend> archive(9);
    CHECK(archive.page({.before_id = id_of(5), .after_id = id_of(2)}) == "3 4 complete");
    CHECK(archive.page({.before_id = id_of(5), .after_id = id_of(4)}) == " complete");
    CHECK(archive.page({.before_id = id_of(1)}) == " complete");
    CHECK(archive.page({.start = time_of(3), .end = time_of(5)}) == "3 4 5 complete");
    CHECK(archive.page({.start = time_of(3) + std::chrono::microseconds(1), .limit = 2}) == "4 5");
    CHECK(archive.page({.end = time_of(3) - std::chrono::microseconds(1)}) == "1 2 complete");
    CHECK(archive.page({.start = time_of(20)}) == " complete");
    CHECK(archive.page({.end = time_of(0)}) == " complete");
    CHECK(archive.page({.end = at(-5)}) == " complete");
    CHECK(archive.page({.start = time_of(5), .end = time_of(3)}) == " complete");
    CHECK(archive.page({.end = time_of(6), .from_end = true, .limit = 2}) == "5 6");
    CHECK(archive.page({.start = time_of(2), .rsm_before = id_of(4)}) == "2 3 complete");
}

TEST_CASE_TEMPLATE("with a bare or a full JID", Backend, MemoryBackend, LmdbBackend) {
    ArchiveFixture<Backend> archive(9);
    CHECK(archive.page({.with = "mercutio@example.org"}) == "3 6 9 complete");
    CHECK(archive.page({.with = "mercutio@example.org", .limit = 2}) == "3 6");
    CHECK(archive.page({.with = "mercutio@example.org", .from_end = true, .limit = 2}) == "6 9");
    CHECK(archive.page({.with = "mercutio@example.org", .rsm_after = id_of(4), .limit = 1}) == "6");
    CHECK(archive.page({.with = "juliet@example.net"}) == "1 2 4 5 7 8 complete");
    CHECK(archive.page({.with = "juliet@example.net/balcony", .limit = 2}) == "1 2");
    CHECK(archive.page({.with = "juliet@example.net/tomb"}) == " complete");
    CHECK(archive.page({.with = "mercutio@example.org/x"}) == " complete");
}

TEST_CASE_TEMPLATE("messages by their ids", Backend, MemoryBackend, LmdbBackend) {
    ArchiveFixture<Backend> archive(9);
    CHECK(archive.page({.ids = {id_of(8), id_of(2), id_of(8)}}) == "2 8 complete");
    CHECK(archive.page({.ids = {id_of(8), id_of(2)}, .limit = 1}) == "2");
    CHECK(archive.page({.ids = {id_of(8), id_of(2)}, .from_end = true, .limit = 1}) == "8");
    CHECK(archive.page({.ids = {id_of(8), id_of(2)}, .rsm_after = id_of(2)}) == "8 complete");
    CHECK(archive.error({.ids = {id_of(8), ArchiveId{12}}}) == "item-not-found");
}

TEST_CASE_TEMPLATE("an unknown cursor is item-not-found", Backend, MemoryBackend, LmdbBackend) {
    ArchiveFixture<Backend> archive(3);
    const ArchiveId unknown{start_time + 5};
    CHECK(archive.error({.before_id = unknown}) == "item-not-found");
    CHECK(archive.error({.after_id = unknown}) == "item-not-found");
    CHECK(archive.error({.rsm_after = unknown}) == "item-not-found");
    CHECK(archive.error({.rsm_before = unknown}) == "item-not-found");
    CHECK(archive.error({.rsm_before = ArchiveId::none}) == "item-not-found");
    CHECK(archive.error({.rsm_after = id_of(1)}) == "");
}

TEST_CASE_TEMPLATE("counting the whole result", Backend, MemoryBackend, LmdbBackend) {
    ArchiveFixture<Backend> archive(9);
    CHECK(archive.count({.limit = 2}) == 9);
    CHECK(archive.count({.rsm_after = id_of(5)}) == 9);
    CHECK(archive.count({.with = "mercutio@example.org"}) == 3);
    CHECK(archive.count({.start = time_of(8)}) == 2);
    CHECK(archive.count({.ids = {id_of(8), id_of(2)}}) == 2);
    CHECK(archive.count({.start = time_of(3), .end = time_of(5)}) == 3);
    CHECK(archive.count({.before_id = id_of(8), .after_id = id_of(2)}) == 5);
    CHECK(archive.count({.start = time_of(5), .end = time_of(3)}) == 0);
    CHECK(archive.count({.start = time_of(20)}) == 0);
    CHECK(archive.count({.end = time_of(0)}) == 0);
}

TEST_CASE_TEMPLATE("where a page lies in the whole result", Backend, MemoryBackend, LmdbBackend) {
    ArchiveFixture<Backend> archive(9);
    const auto index = [&](ArchiveQuery query) {
        query.owner = archive.account;
        return read(archive->archive().query(query)).first_index;
    };
    CHECK(index({.limit = 3}) == 0);
    CHECK(index({.rsm_after = id_of(4), .limit = 3}) == 4);
    CHECK(index({.from_end = true, .limit = 3}) == 6);
    CHECK(index({.rsm_before = id_of(4), .limit = 2}) == 1);
    CHECK(index({.start = time_of(3), .rsm_after = id_of(4)}) == 2);
    CHECK_FALSE(index({.rsm_after = id_of(9)}));
    CHECK_FALSE(index({.with = "mercutio@example.org"}));
    CHECK_FALSE(index({.ids = {id_of(1)}}));
}

TEST_CASE_TEMPLATE("a batch that fails leaves no hole in the count", Backend, MemoryBackend,
                   LmdbBackend) {
    ArchiveFixture<Backend> archive(3);
    CHECK(archive.try_commit([&](Batch& batch) {
        archive.add(batch, 4);
        archive->archive().put_index(
            batch, archive.account,
            {id_of(5), archive->archive().next_log_id(), time_of(5), "x@y"});
    }) == "item-not-found");
    archive.commit([&](Batch& batch) {
        archive.add(batch, 6);
        archive.add(batch, 7);
    });
    CHECK(archive.page({}) == "1 2 3 6 7 complete");
    CHECK(archive.count({}) == 5);
    const auto bounds = read(archive->archive().bounds(archive.account));
    REQUIRE(bounds);
    CHECK(bounds->count == 5);
}

TEST_CASE("nor does a commit that fails, nor a restart") {
    Fixture<LmdbBackend> fixture;
    const OwnerId account = fixture->owners().next_id("owner@example.org");
    std::uint64_t id = 0;
    const auto add = [&](Batch& batch) {
        const LogId log = fixture->archive().next_log_id();
        put_log(batch, log, at(1), "<message/>");
        fixture->archive().put_index(batch, account, {ArchiveId{++id}, log, at(1), "x@y"});
    };
    fixture.commit(add);
    fixture.commit(add);
    fixture.reopen();
    fixture.commit(add);
    CHECK(read(fixture->archive().query({.owner = account})).count == 3);

    Fixture<MemoryBackend> failing;
    const auto put = [&](Batch& batch) {
        const LogId log = failing->archive().next_log_id();
        put_log(batch, log, at(1), "<message/>");
        failing->archive().put_index(batch, account, {ArchiveId{++id}, log, at(1), "x@y"});
    };
    failing.commit(put);
    static_cast<MemoryStorage&>(failing.storage()).fail_next_commits(1);
    CHECK(failing.try_commit(put) == "resource-constraint");
    failing.commit(put);
    CHECK(read(failing->archive().query({.owner = account})).count == 2);
}

/// The clock: 1 2 3, set back by two hours, 4 5, right again, 6, far ahead, 7, right again, 8 9.
class SteppedClock {
public:
    static constexpr std::int64_t hour = 3'600'000'000;

    explicit SteppedClock(Fixture<LmdbBackend>& fixture) : fixture_(fixture) {}

    void write_all() {
        for (const std::int64_t minute : {60, 120, 180}) write(minute * hour / 60);
        for (const std::int64_t minute : {61, 62}) write(minute * hour / 60);
        write(4 * hour);
        write(9'000 * hour);
        fixture_.reopen();
        for (const std::int64_t minute : {250, 260}) write(minute * hour / 60);
    }
    std::string page(ArchiveQuery query) const {
        query.owner = account_;
        const auto page = read(fixture_->archive().query(query));
        std::string text;
        for (const auto& message : page.messages) text += message.xml;
        return text + (page.complete ? "." : "") + " of " + std::to_string(page.count.value_or(0));
    }
    static WallTime minute(std::int64_t n) { return at(n * hour / 60); }
    ArchiveId id(std::size_t n) const { return ids_[n - 1]; }

private:
    void write(std::int64_t time) {
        last_ = std::max<std::uint64_t>(last_ + 1, static_cast<std::uint64_t>(time));
        ids_.push_back(ArchiveId{last_});
        fixture_.commit([&](Batch& batch) {
            const LogId log = fixture_->archive().next_log_id();
            put_log(batch, log, at(time), std::to_string(ids_.size()));
            fixture_->archive().put_index(
                batch, account_,
                {ids_.back(), log, at(time), ids_.size() % 2 == 0 ? "even@x" : "odd@x"});
        });
    }

    Fixture<LmdbBackend>& fixture_;
    const OwnerId account_ = fixture_->owners().next_id("owner@example.org");
    std::uint64_t last_ = 0;
    std::vector<ArchiveId> ids_;
};

TEST_CASE("after the clock was set back, a search by time finds what was written at that time") {
    using Clock = SteppedClock;
    Fixture<LmdbBackend> fixture;
    Clock clock(fixture);
    clock.write_all();
    CHECK(clock.page({}) == "123456789. of 9");
    CHECK(clock.page({.start = Clock::minute(60), .end = Clock::minute(62)}) == "145. of 3");
    CHECK(clock.page({.start = Clock::minute(62)}) == "2356789. of 7");
    CHECK(clock.page({.end = Clock::minute(119)}) == "145. of 3");
    CHECK(clock.page({.start = Clock::minute(240), .end = Clock::minute(1000)}) == "689. of 3");
    CHECK(clock.page({.start = Clock::minute(1000)}) == "7. of 1");
    CHECK(clock.page({.start = Clock::minute(63), .end = Clock::minute(119)}) == ". of 0");
    CHECK(clock.page({.with = "odd@x",
                      .start = Clock::minute(60),
                      .end = Clock::minute(62),
                      .want_count = true}) == "15. of 2");
    // Paging through the parts, forwards and backwards.
    const ArchiveQuery all{.start = Clock::minute(60), .end = Clock::minute(1000), .limit = 3};
    CHECK(clock.page(all) == "123 of 8");
    ArchiveQuery next = all, last = all, previous = all, by_ids = all, between = all;
    next.rsm_after = clock.id(3);
    CHECK(clock.page(next) == "456 of 8");
    next.rsm_after = clock.id(6);
    CHECK(clock.page(next) == "89. of 8");
    last.from_end = true;
    CHECK(clock.page(last) == "689 of 8");
    previous.rsm_before = clock.id(6);
    CHECK(clock.page(previous) == "345 of 8");
    by_ids.ids = {clock.id(2), clock.id(7), clock.id(9)};
    CHECK(clock.page(by_ids) == "29. of 3");
    between.after_id = clock.id(2);
    between.before_id = clock.id(6);
    CHECK(clock.page(between) == "345. of 3");
}

TEST_CASE_TEMPLATE("messages whose content expired are skipped", Backend, MemoryBackend,
                   LmdbBackend) {
    ArchiveFixture<Backend> archive(6);
    archive.expire(1);
    archive.expire(3);
    archive.expire(6);
    CHECK(archive.page({}) == "2 4 5 complete");
    CHECK(archive.page({.limit = 2}) == "2 4");
    CHECK(archive.page({.limit = 3}) == "2 4 5 complete");
    CHECK(archive.page({.from_end = true, .limit = 2}) == "4 5");
    CHECK(archive.page({.rsm_after = id_of(3), .limit = 1}) == "4");
    CHECK(archive.error({.ids = {id_of(3)}}) == "item-not-found");
    const auto bounds = read(archive->archive().bounds(archive.account));
    REQUIRE(bounds);
    CHECK(bounds->first == id_of(2));
    CHECK(bounds->last == id_of(5));
    CHECK(bounds->first_time == time_of(2));
    CHECK(bounds->last_time == time_of(5));
}

TEST_CASE_TEMPLATE("a search longer than a slice gives way and goes on", Backend, MemoryBackend,
                   LmdbBackend) {
    ArchiveFixture<Backend> archive(ArchiveScan::Slice{}.entries * 2 + 5);
    const std::uint64_t last = ArchiveScan::Slice{}.entries * 2 + 5;
    archive.commit([&](Batch& batch) {
        auto& repository = archive->archive();
        const LogId log = repository.next_log_id();
        put_log(batch, log, time_of(last + 1), "<message n='" + std::to_string(last + 1) + "'/>");
        repository.put_index(batch, archive.account,
                             {id_of(last + 1), log, time_of(last + 1), "rare@example.org"});
    });
    CHECK(archive.page({.with = "rare@example.org"}) == std::to_string(last + 1) + " complete");
    CHECK(archive.page({.with = "never@example.org", .from_end = true}) == " complete");
    CHECK(archive.count({.with = "rare@example.org"}) == 1);
}

/// An archive of messages with 200 KB each, ids 1 and on.
template <class Backend>
class LargeArchive : public Fixture<Backend> {
public:
    static constexpr std::size_t size = 200 * 1024;
    explicit LargeArchive(std::uint64_t count) {
        this->commit([&](Batch& batch) {
            for (std::uint64_t n = 1; n <= count; ++n)
                this->storage().archive().put_index(
                    batch, account,
                    {.id = ArchiveId{n},
                     .log_id = this->storage().archive().next_log_id(),
                     .time = at(1),
                     .with = "x@y",
                     .xml = std::string(size, 'x'),
                     .received = at(1)});
        });
    }
    ArchivePage page(ArchiveQuery query) {
        query.owner = account;
        return read(this->storage().archive().query(query));
    }
    const OwnerId account = this->storage().owners().next_id("owner@example.org");
};

TEST_CASE_TEMPLATE("a page ends before it gets too large, on the far side of the cursor", Backend,
                   MemoryBackend, LmdbBackend) {
    LargeArchive<Backend> archive(5);
    const auto first_of = [](const ArchivePage& page) { return page.messages.front().id; };
    const std::size_t size = archive.size;

    auto page = archive.page({.max_bytes = 2 * size});
    CHECK(page.messages.size() == 2);
    CHECK(first_of(page) == ArchiveId{1});
    CHECK_FALSE(page.complete);

    page = archive.page({.from_end = true, .max_bytes = 3 * size - 1});
    CHECK(page.messages.size() == 2);
    CHECK(first_of(page) == ArchiveId{4});
    CHECK(page.first_index == 3);
    CHECK_FALSE(page.complete);

    page = archive.page({.ids = {ArchiveId{1}, ArchiveId{3}, ArchiveId{5}}, .max_bytes = 2 * size});
    CHECK(page.messages.size() == 2);
    CHECK_FALSE(page.complete);

    page = archive.page({.rsm_after = ArchiveId{3}, .max_bytes = 1});
    CHECK(page.messages.size() == 1);
    CHECK(first_of(page) == ArchiveId{4});

    page = archive.page({.rsm_after = ArchiveId{3}, .max_bytes = 2 * size});
    CHECK(page.messages.size() == 2);
    CHECK(page.complete);
}

TEST_CASE("whoever reads large stanzas gives way between them") {
    constexpr std::size_t count = 20;
    LargeArchive<MemoryBackend> archive(count);
    const auto steps_of = [&](ArchiveQuery query) {
        query.owner = archive.account;
        query.limit = count;
        ArchiveScan scan(query);
        const auto snapshot = archive->engine().snapshot();
        REQUIRE(scan.begin(*snapshot).ok());
        std::size_t steps = 1;
        while (!scan.step(*snapshot)) ++steps;
        CHECK(scan.take_page().messages.size() == count);
        return steps;
    };
    CHECK(steps_of({}) >= count / 2);  // two are more than a slice copies
    CHECK(steps_of({.from_end = true}) >= count / 2);
    std::vector<ArchiveId> ids;
    for (std::uint64_t n = 1; n <= count; ++n) ids.push_back(ArchiveId{n});
    CHECK(steps_of({.ids = ids}) >= count / 2);
}

TEST_CASE_TEMPLATE("a message is found by its ids, without a look at the others", Backend,
                   MemoryBackend, LmdbBackend) {
    constexpr std::uint64_t count = 20;
    Fixture<Backend> fixture;
    const OwnerId account = fixture->owners().next_id("owner@example.org");
    const std::string large(100 * 1024, 'x');
    fixture.commit([&](Batch& batch) {
        for (std::uint64_t n = 1; n <= count; ++n) {
            const std::string id = "m" + std::to_string(n), origin = "o" + std::to_string(n);
            fixture->archive().put_index(batch, account,
                                         {.id = ArchiveId{n},
                                          .log_id = fixture->archive().next_log_id(),
                                          .time = at(1),
                                          .with = n % 2 == 0 ? "even@x" : "odd@x",
                                          .xml = large,
                                          .received = at(1),
                                          .message_id = n == 9 ? "m8" : id,
                                          .origin_id = n > 10 ? origin : ""});
        }
    });
    const auto find = [&](ArchiveQuery query) {
        query.owner = account;
        ArchiveScan scan(query);
        const auto snapshot = fixture->engine().snapshot();
        REQUIRE(scan.begin(*snapshot).ok());
        CHECK(scan.step(*snapshot));  // one slice: the others' stanzas are not read
        const auto page = scan.take_page();
        std::string text;
        for (const auto& message : page.messages)
            text += std::to_string(static_cast<std::uint64_t>(message.id)) + ' ';
        CHECK_FALSE(page.count.has_value());
        return text + (page.complete ? "complete" : "");
    };
    CHECK(find({.message_id = "m12"}) == "12 complete");
    CHECK(find({.message_id = "o12", .from_end = true}) == "12 complete");
    CHECK(find({.message_id = "m8"}) == "8 9 complete");
    CHECK(find({.with = "odd@x", .message_id = "m8"}) == "9 complete");
    CHECK(find({.message_id = "o8"}) == "complete");
    CHECK(find({.message_id = "m9"}) == "complete");
    CHECK(find({.message_id = "m12", .depth = 9, .from_end = true}) == "12 ");
    CHECK(find({.message_id = "m12", .depth = 8, .from_end = true}) == "");
    CHECK(find({.message_id = "m2", .depth = 2}) == "2 ");
}

TEST_CASE_TEMPLATE("one log entry, two archives, written by two shards", Backend, MemoryBackend,
                   LmdbBackend) {
    Fixture<Backend> fixture;
    auto& archive = fixture->archive();
    const OwnerId sender = fixture->owners().next_id("owner@example.org");
    const OwnerId recipient = fixture->owners().next_id("owner@example.org");
    const LogId log = archive.next_log_id();
    const auto index = [&](Batch& batch, OwnerId account, LogId log_id) {
        archive.put_index(batch, account, {ArchiveId{5}, log_id, at(5), "x@example.org"});
    };
    CHECK(fixture.try_commit([&](Batch& batch) { index(batch, recipient, log); }) ==
          "item-not-found");
    const Token first = fixture.submit(0, [&](Batch& batch) {
        put_log(batch, log, at(5), "<message/>");
        index(batch, sender, log);
    });
    const Token second = fixture.submit(1, [&](Batch& batch) { index(batch, recipient, log); });
    fixture->wait_until_idle();
    CHECK(fixture.reports().failure(0, first) == "");
    CHECK(fixture.reports().failure(1, second) == "");
    CHECK(read(archive.query({.owner = recipient})).messages.size() == 1);
    CHECK(read(archive.read_log(log)) == "<message/>");
    CHECK_FALSE(read(archive.read_log(archive.next_log_id())));
}

TEST_CASE_TEMPLATE("whoever refers to a stanza brings it, in whichever order", Backend,
                   MemoryBackend, LmdbBackend) {
    enum class Keeper { sender, recipient, offline, queue, publish };
    std::vector<Keeper> order{Keeper::sender, Keeper::recipient, Keeper::offline, Keeper::queue,
                              Keeper::publish};
    for (std::size_t turn = 0; turn < order.size(); ++turn) {
        std::rotate(order.begin(), order.begin() + 1, order.end());
        Fixture<Backend> fixture;
        const OwnerId sender = fixture->owners().next_id("owner@example.org");
        const OwnerId recipient = fixture->owners().next_id("owner@example.org");
        const LogId log = fixture->archive().next_log_id();
        const KeptStanza kept{{.log_id = log, .received = at(4)}, "<message/>"};
        const ArchiveEntry entry{ArchiveId{5}, log, at(5), "x@example.org", "<message/>", at(4)};
        for (const Keeper keeper : order) {
            fixture.commit([&](Batch& batch) {
                switch (keeper) {
                    case Keeper::sender: return fixture->archive().put_index(batch, sender, entry);
                    case Keeper::recipient:
                        return fixture->archive().put_index(batch, recipient, entry);
                    case Keeper::offline:
                        return void(fixture->offline().put(batch, recipient, 1, kept));
                    case Keeper::queue:
                        return fixture->sessions().put_queued(batch, recipient, 2, {3, kept});
                    case Keeper::publish:
                        return fixture->pending_publishes().put(
                            batch, recipient, {.registration = 1, .log_id = log, .caused = at(4)},
                            kept.xml);
                }
            });
            CHECK(read(fixture->archive().read_log(log)) == "<message/>");
        }
        CHECK(read(fixture->archive().query({.owner = sender})).messages[0].xml == "<message/>");
        CHECK(read(fixture->archive().query({.owner = recipient})).messages.size() == 1);
        CHECK(read(fixture->offline().read(recipient, 0, {.count = 9})).messages[0].stanza.xml ==
              "<message/>");
        CHECK(read(fixture->sessions().read_queue(recipient, 2, 0))[0].stanza.xml == "<message/>");
        CHECK(fixture->engine().snapshot()->entries(Table::log) == 1);  // one copy
        CHECK(read(fixture->archive().newest_log_time()) == at(4));
    }
}

TEST_CASE_TEMPLATE("no batch depends on what another owner's batch wrote", Backend, MemoryBackend,
                   LmdbBackend) {
    Fixture<Backend> fixture;
    const auto romeo = create_account(fixture, "romeo@example.org");
    const OwnerId recipient = fixture->owners().next_id("owner@example.org");
    const LogId log = fixture->archive().next_log_id();
    const ArchiveEntry entry{ArchiveId{5}, log, at(5), "x@example.org", "<message/>", at(5)};
    CHECK(fixture.try_commit([&](Batch& batch) {  // the sender's, which fails for another reason
        fixture->archive().put_index(batch, romeo.id, entry);
        fixture->accounts().put(batch, sample_account(recipient, romeo.jid));
    }) == "conflict");
    fixture.commit([&](Batch& batch) { fixture->archive().put_index(batch, recipient, entry); });
    CHECK(read(fixture->archive().query({.owner = recipient})).messages[0].xml == "<message/>");
    CHECK(read(fixture->archive().query({.owner = romeo.id})).messages.empty());
}

TEST_CASE_TEMPLATE("who brings a stanza late does not undo its tombstone", Backend, MemoryBackend,
                   LmdbBackend) {
    Fixture<Backend> fixture;
    const OwnerId sender = fixture->owners().next_id("owner@example.org");
    const OwnerId recipient = fixture->owners().next_id("owner@example.org");
    const LogId log = fixture->archive().next_log_id();
    ArchiveEntry entry{ArchiveId{5}, log, at(5), "x@example.org", "<message/>", at(5)};
    fixture.commit([&](Batch& batch) { fixture->archive().put_index(batch, sender, entry); });
    entry.xml = "<tombstone/>";
    fixture.commit([&](Batch& batch) { fixture->archive().replace(batch, sender, entry); });
    entry.xml = "<message/>";
    fixture.commit([&](Batch& batch) {
        fixture->archive().put_index(batch, recipient, entry);
        fixture->offline().put(batch, recipient, 1,
                               {{.log_id = log, .received = at(5)}, "<message/>"});
    });
    for (const OwnerId owner : {sender, recipient})
        CHECK(read(fixture->archive().query({.owner = owner})).messages[0].xml == "<tombstone/>");
    CHECK(read(fixture->offline().read(recipient, 0, {.count = 9})).messages[0].stanza.xml ==
          "<tombstone/>");
}

}  // namespace
}  // namespace clarion::storage
