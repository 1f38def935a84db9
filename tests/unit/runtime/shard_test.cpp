#include "server/runtime/shard.h"

#include <doctest/doctest.h>

#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "base/log.h"
#include "server/runtime/scope.h"
#include "storage/memory/memory_storage.h"
#include "tests/support/manual_clock.h"

using namespace clarion;
using namespace clarion::core;
using namespace std::chrono_literals;

namespace {

/// Shards without anything on them, run by hand.
struct Bare {
    explicit Bare(unsigned count = 2) : shards(count, clock, *storage) {
        set_log_level(LogLevel::error);
    }
    ~Bare() { storage->stop(); }

    Shard& shard(unsigned index = 0) { return shards.at(index); }
    /// Runs `fn` on a shard, then all that follows from it without waiting for storage.
    void on(unsigned index, UniqueFunction<void()> fn) {
        shards.post(index, std::move(fn));
        run();
    }
    void run() {
        bool ran = true;
        while (ran) {
            ran = false;
            for (unsigned i = 0; i < shards.count(); ++i) ran |= shards.at(i).run_ready();
        }
    }
    /// The same, until storage has decided everything too.
    void settle() {
        const auto limit = std::chrono::steady_clock::now() + 10s;
        for (bool quiet = false; !quiet;) {
            run();
            quiet = true;
            for (unsigned i = 0; i < shards.count(); ++i) quiet = quiet && shards.at(i).quiet();
            if (std::chrono::steady_clock::now() > limit) throw std::runtime_error("never quiet");
            if (!quiet) std::this_thread::yield();
        }
    }
    void write(Shard& on) {
        storage->deadlines().put(on.batch(), {clock.lasting(), storage::AccountId{1}});
    }

    ManualClock clock;
    std::unique_ptr<storage::MemoryStorage> storage = storage::make_memory_test_storage();
    ShardSet shards;
};

/// A stream whose tickets are counted.
struct Sink final : AckSink {
    void settle(std::uint32_t number, const StanzaError* error, const Origin& origin) override {
        settled.push_back(number);
        if (error) errors.push_back(error->condition);
        last = origin;
    }
    void charge(std::uint32_t, std::size_t bytes) override { charged += bytes; }
    std::vector<std::uint32_t> settled;
    std::vector<StanzaErrorCondition> errors;
    std::size_t charged = 0;
    Origin last{};
};

Ticket ticket_for(Shard& home, const std::shared_ptr<Sink>& sink, std::uint32_t number) {
    const auto stanza =
        Stanza::make(StanzaKind::message, StanzaType::chat, Jid::trusted("a@example.org/x"),
                     Jid::trusted("b@example.org"), "m1");
    return Ticket(home, sink, number, *stanza);
}

struct Participant final : TurnEnd {
    explicit Participant(std::function<void()> f) : fn(std::move(f)) {}
    void end_turn() override { fn(); }
    std::function<void()> fn;
};

}  // namespace

// ---- Time --------------------------------------------------------------------------------------

TEST_CASE("timers run in order of their time, and of setting for the same time") {
    Bare bare;
    std::string ran;
    bare.shard().after(2s, [&] { ran += 'c'; });
    bare.shard().after(1s, [&] { ran += 'a'; });
    bare.shard().after(1s, [&] { ran += 'b'; });
    bare.run();
    CHECK(ran.empty());
    bare.clock.advance(999ms);
    bare.run();
    CHECK(ran.empty());
    bare.clock.advance(1ms);
    bare.run();
    CHECK(ran == "ab");
    bare.clock.advance(5s);
    bare.run();
    CHECK(ran == "abc");
}

TEST_CASE("a cancelled timer does not run") {
    Bare bare;
    bool ran = false;
    const TimerId timer = bare.shard().after(1s, [&] { ran = true; });
    CHECK(bare.shard().cancel(timer));
    CHECK_FALSE(bare.shard().cancel(timer));
    CHECK_FALSE(bare.shard().cancel(TimerId::none));
    bare.clock.advance(2s);
    bare.run();
    CHECK_FALSE(ran);
}

TEST_CASE("a timer may cancel another that is due, itself, and set new ones") {
    Bare bare;
    std::string ran;
    TimerId first{}, second{};
    first = bare.shard().after(1s, [&] {
        ran += 'a';
        CHECK_FALSE(bare.shard().cancel(first));
        CHECK(bare.shard().cancel(second));
        bare.shard().after(1s, [&] { ran += 'c'; });
    });
    second = bare.shard().after(1s, [&] { ran += 'b'; });
    bare.clock.advance(1s);
    bare.run();
    CHECK(ran == "a");
    bare.clock.advance(1s);
    bare.run();
    CHECK(ran == "ac");
}

TEST_CASE("what may be written soon is written at once, then together a moment later") {
    Bare bare;
    std::string ran;
    const auto soon = [&](char what) { bare.shard().write_soon([&, what] { ran += what; }); };
    soon('a');
    CHECK(ran == "a");
    soon('b');
    bare.clock.advance(1ms);
    soon('c');
    bare.run();
    CHECK(ran == "a");
    bare.clock.advance(4ms);
    bare.run();
    CHECK(ran == "abc");
    soon('d');
    CHECK(ran == "abc");
    bare.clock.advance(5ms);
    bare.run();
    CHECK(ran == "abcd");
    bare.clock.advance(5ms);
    soon('e');
    CHECK(ran == "abcde");
}

TEST_CASE("a timer that throws costs nobody else") {
    Bare bare;
    bool ran = false;
    bare.shard().after(1s, [] { throw std::runtime_error("broken"); });
    bare.shard().after(2s, [&] { ran = true; });
    bare.clock.advance(1s);
    bare.run();
    bare.clock.advance(1s);
    bare.run();
    CHECK(ran);
}

// ---- Turns -------------------------------------------------------------------------------------

TEST_CASE("a batch is submitted before posts leave, and before connections flush") {
    Bare bare;
    std::string order;
    std::size_t backlog_at_flush = 0, backlog_at_post = 0;
    bare.storage->hold_commits();
    Participant flush([&] {
        order += 'f';
        backlog_at_flush = bare.storage->backlog_bytes();
    });
    bare.on(0, [&] {
        bare.write(bare.shard(0));
        bare.shards.post(1, [&] {
            order += 'p';
            backlog_at_post = bare.storage->backlog_bytes();
        });
        bare.shard(0).at_turn_end(flush);
        bare.shard(0).at_turn_end(flush);
        CHECK(bare.storage->backlog_bytes() == 0);
    });
    CHECK(order == "fp");  // the other shard runs later, the post had left before
    CHECK(backlog_at_flush > 0);
    CHECK(backlog_at_post > 0);
    bare.storage->release_commits();
    bare.settle();
}

TEST_CASE("posts between two shards keep their order, whoever the poster is") {
    Bare bare;
    std::string seen;
    bare.on(0, [&] {
        for (const char c : std::string("abc")) bare.shards.post(1, [&seen, c] { seen += c; });
    });
    for (const char c : std::string("def")) bare.shards.post(1, [&seen, c] { seen += c; });
    bare.run();
    CHECK(seen == "abcdef");
}

TEST_CASE("a post to the own shard runs in a later turn") {
    Bare bare;
    std::string seen;
    Participant end([&] { seen += '|'; });
    bare.on(0, [&] {
        bare.shards.post(0, [&] { seen += 'b'; });
        bare.shard(0).at_turn_end(end);
        seen += 'a';
    });
    CHECK(seen == "a|b");
}

TEST_CASE("a post that throws does not lose those behind it") {
    Bare bare;
    bool ran = false;
    bare.shards.post(0, [] { throw std::runtime_error("broken"); });
    bare.shards.post(0, [&] { ran = true; });
    bare.run();
    CHECK(ran);
}

TEST_CASE(
    "who forgets the shard is not asked at the turn's end, even if another's end makes it go") {
    Bare bare;
    int asked = 0;
    auto second = std::make_unique<Participant>([&] { ++asked; });
    Participant first([&] {
        bare.shard(0).forget(*second);
        second.reset();
    });
    bare.on(0, [&] {
        bare.shard(0).at_turn_end(first);
        bare.shard(0).at_turn_end(*second);
    });
    CHECK(asked == 0);
    CHECK(second == nullptr);
}

TEST_CASE("work that a turn's end makes belongs to the same turn") {
    Bare bare;
    bool committed = false;
    Participant writer([&] {
        bare.write(bare.shard(0));
        bare.shard(0).after_commit([&](const Result<>& result) { committed = result.ok(); });
    });
    bare.on(0, [&] { bare.shard(0).at_turn_end(writer); });
    bare.settle();
    CHECK(committed);
}

// ---- Commits -----------------------------------------------------------------------------------

TEST_CASE("after_commit waits for this turn's batch, or that of an earlier one") {
    Bare bare;
    bare.storage->hold_commits();
    int told = 0;
    const auto count = [&](const Result<>& result) { told += result.ok() ? 1 : 100; };
    bare.on(0, [&] {
        bare.write(bare.shard(0));
        bare.shard(0).after_commit(count);
    });
    bare.on(0, [&] { bare.shard(0).after_commit(count); });  // wrote nothing itself
    CHECK(told == 0);
    CHECK_FALSE(bare.shard(0).quiet());
    bare.storage->release_commits();
    bare.settle();
    CHECK(told == 2);
}

TEST_CASE("after_commit of a shard with nothing to commit runs when the turn ends") {
    Bare bare;
    std::string seen;
    bare.on(0, [&] {
        bare.shard(0).after_commit([&](const Result<>& result) {
            CHECK(result.ok());
            seen += 'b';
            bare.shard(0).after_commit([&](const Result<>&) { seen += 'c'; });  // not lost
        });
        seen += 'a';
    });
    CHECK(seen == "abc");
}

TEST_CASE("a failed batch is told to its own turn only") {
    Bare bare;
    std::vector<std::string> told;
    const auto tell = [&](const Result<>& r) { told.push_back(r ? "ok" : r.error().code); };
    bare.storage->fail_next_batches(1, fail("resource-constraint", "full"));
    bare.on(0, [&] {
        bare.write(bare.shard(0));
        bare.shard(0).after_commit(tell);
    });
    bare.settle();
    bare.on(0, [&] {
        bare.write(bare.shard(0));
        bare.shard(0).after_commit(tell);
    });
    bare.settle();
    CHECK(told == std::vector<std::string>{"resource-constraint", "ok"});
}

TEST_CASE("committed() says what became of the newest batch") {
    Bare bare;
    Scope scope(bare.shard(0).executor());
    std::string told;
    bare.storage->fail_next_batches(1, fail("internal-server-error", "disk"));
    struct Wait {
        static Task<> run(Bare& bare, std::string& told) {
            bare.write(bare.shard(0));
            const auto first = co_await bare.shard(0).committed();
            told += first ? "ok" : first.error().code;
            const auto second = co_await bare.shard(0).committed();
            told += second ? " ok" : " failed";
        }
    };
    bare.on(0, [&] { scope.spawn("wait", Wait::run(bare, told)); });
    bare.settle();
    CHECK(told == "internal-server-error ok");
}

// ---- Tickets -----------------------------------------------------------------------------------

TEST_CASE("a ticket closes at the end of the turn in which its last copy goes") {
    Bare bare;
    const auto sink = std::make_shared<Sink>();
    bare.on(0, [&] {
        Ticket ticket = ticket_for(bare.shard(0), sink, 7);
        Ticket copy = ticket;
        ticket.release();
        copy.release();
        CHECK(sink->settled.empty());
    });
    CHECK(sink->settled == std::vector<std::uint32_t>{7});
    CHECK(sink->errors.empty());
    CHECK(sink->last.id == "m1");
}

TEST_CASE("a held ticket closes when the batch is committed, not before") {
    Bare bare;
    const auto sink = std::make_shared<Sink>();
    bare.storage->hold_commits();
    bare.on(0, [&] {
        const Ticket ticket = ticket_for(bare.shard(0), sink, 1);
        bare.shard(0).hold(ticket);  // nothing written yet: holds nothing
        bare.write(bare.shard(0));
        const Ticket held = ticket_for(bare.shard(0), sink, 2);
        bare.shard(0).hold(held);
    });
    CHECK(sink->settled == std::vector<std::uint32_t>{1});
    bare.storage->release_commits();
    bare.settle();
    CHECK(sink->settled == std::vector<std::uint32_t>{1, 2});
}

TEST_CASE("a failed batch fails the tickets that waited for it") {
    Bare bare;
    const auto sink = std::make_shared<Sink>();
    SUBCASE("for want of room") { bare.storage->fail_next_batches(1, fail("resource-constraint")); }
    SUBCASE("for another reason") { bare.storage->fail_next_batches(1, fail("whatever")); }
    bare.on(0, [&] {
        bare.write(bare.shard(0));
        bare.shard(0).hold(ticket_for(bare.shard(0), sink, 1));
    });
    bare.settle();
    CHECK(sink->settled == std::vector<std::uint32_t>{1});
    REQUIRE(sink->errors.size() == 1);
    CHECK((sink->errors[0] == StanzaErrorCondition::resource_constraint ||
           sink->errors[0] == StanzaErrorCondition::internal_server_error));
}

TEST_CASE("a ticket that is held on another shard closes at home") {
    Bare bare;
    const auto sink = std::make_shared<Sink>();
    bare.storage->hold_commits();
    bare.on(0, [&] {
        bare.shards.post(1, [&bare, ticket = ticket_for(bare.shard(0), sink, 3)] {
            bare.write(bare.shard(1));
            bare.shard(1).hold(ticket);
        });
    });
    CHECK(sink->settled.empty());
    bare.storage->release_commits();
    bare.settle();
    CHECK(sink->settled == std::vector<std::uint32_t>{3});
}

TEST_CASE("what a ticket is charged its stream hears, in time from another shard too") {
    Bare bare;
    const auto sink = std::make_shared<Sink>();
    std::optional<Ticket> ticket;
    bare.on(0, [&] {
        ticket = ticket_for(bare.shard(0), sink, 1);
        ticket->charge(5);
        CHECK(sink->charged == 5);
    });
    bare.on(1, [&] { ticket->charge(16000); });
    CHECK(sink->charged == 5);  // not yet worth a message
    bare.on(1, [&] { ticket->charge(1000); });
    CHECK(sink->charged == 5 + 16384);
    bare.on(1, [&] {
        ticket->charge(100'000);
        ticket.reset();
    });
    CHECK(sink->charged == 5 + 7 * 16384);
    CHECK(sink->settled == std::vector<std::uint32_t>{1});  // behind it
}

TEST_CASE("who deals with a stanza charges it what is written, once, and is its cause") {
    Bare bare;
    const auto sink = std::make_shared<Sink>();
    bare.on(0, [&] {
        Shard& shard = bare.shard(0);
        bare.write(shard);  // before
        const Ticket ticket = ticket_for(shard, sink, 1);
        const std::size_t before = shard.written();
        {
            const WriteHold hold(shard, ticket);
            REQUIRE(shard.cause());
            bare.write(shard);
            {
                const WriteHold inner(shard, ticket);
                bare.write(shard);
            }
            CHECK(sink->charged == 0);
            const WriteHold nobodys(shard, Ticket{});
            CHECK_FALSE(shard.cause());
        }
        CHECK_FALSE(shard.cause());
        CHECK(sink->charged == shard.written() - before);
        { const WriteHold writes_nothing(shard, ticket); }
        CHECK(sink->charged == shard.written() - before);
    });
    bare.settle();
    CHECK(sink->settled == std::vector<std::uint32_t>{1});
}

TEST_CASE("tickets outlive their stream") {
    Bare bare;
    auto sink = std::make_shared<Sink>();
    std::optional<Ticket> ticket;
    bare.on(0, [&] { ticket = ticket_for(bare.shard(0), sink, 1); });
    sink.reset();
    bare.on(1, [&] { ticket.reset(); });
    bare.settle();
}

// ---- The end -----------------------------------------------------------------------------------

namespace {

/// Says when it dies.
struct Guest {
    explicit Guest(int& count) : count_(&count) { ++*count_; }
    Guest(Guest&& other) noexcept : count_(std::exchange(other.count_, nullptr)) {}
    Guest& operator=(Guest&&) = delete;
    ~Guest() {
        if (count_) --*count_;
    }
    int* count_;
};

Task<> sleep_long(Shard& shard, Guest) { co_await shard.sleep(1h); }
Task<> wait_for_commit(Shard& shard, Guest) { (void)co_await shard.committed(); }

}  // namespace

TEST_CASE(
    "discard() ends what sleeps, waits for a commit, or was posted, and releases its tickets") {
    int alive = 0;
    const auto sink = std::make_shared<Sink>();
    Bare bare;
    Scope scope(bare.shard(0).executor());
    bare.storage->hold_commits();
    bare.on(0, [&] {
        scope.spawn("sleep", sleep_long(bare.shard(0), Guest(alive)));
        bare.write(bare.shard(0));
        bare.shard(0).hold(ticket_for(bare.shard(1), sink, 1));
        scope.spawn("commit", wait_for_commit(bare.shard(0), Guest(alive)));
    });
    bare.shards.post(1, [guest = Guest(alive), ticket = ticket_for(bare.shard(0), sink, 2)] {});
    bare.shard(1).after(1h, [guest = Guest(alive)] {});
    CHECK(alive == 4);
    bare.storage->stop();
    bare.shards.stop();
    bare.shards.discard();
    CHECK(alive == 0);
}

TEST_CASE("shards on their own threads: posts, commits and tickets") {
    const auto storage = storage::make_memory_test_storage();
    constexpr std::uint32_t count = 500;
    std::atomic<std::uint32_t> committed{0};
    std::vector<std::shared_ptr<Sink>> sinks{std::make_shared<Sink>(), std::make_shared<Sink>()};
    std::atomic<std::uint32_t> last{0};
    {
        ShardSet shards(2, system_clock(), *storage);
        const auto write_there = [&](unsigned from, unsigned to, std::uint32_t number) {
            shards.post(to, [&, number, ticket = ticket_for(shards.at(from), sinks[from], number)] {
                Shard& here = *Shard::current();
                storage->deadlines().put(here.batch(), {LastingTime{}, storage::AccountId{number}});
                here.hold(ticket);
                here.after_commit([&](const Result<>& r) { committed += r.ok(); });
            });
        };
        shards.start_threads();
        for (std::uint32_t i = 1; i <= count; ++i)
            for (const unsigned from : {0u, 1u})
                shards.post(from, [&, from, i] { write_there(from, 1 - from, i); });
        while (committed < 2 * count) std::this_thread::yield();
        // Everything that was decided has been posted home: what comes behind is behind it.
        for (const unsigned shard : {0u, 1u})
            shards.post(shard, [&, shard] {
                shards.post(1 - shard, [&, shard] { shards.post(1 - shard, [&] { ++last; }); });
            });
        while (last < 2) std::this_thread::yield();
        bool done = false;
        shards.post(0, [&] {
            shards.at(0).after(1ms, [&] {
                done = true;
                last = 3;
            });
        });
        while (last < 3) std::this_thread::yield();
        CHECK(done);
        shards.stop();
    }
    storage->stop();
    CHECK(sinks[0]->settled.size() == count);
    CHECK(sinks[1]->settled.size() == count);
    CHECK(sinks[0]->errors.empty());
}

TEST_CASE("offloaded work runs elsewhere and resumes here") {
    const auto storage = storage::make_memory_test_storage();
    std::atomic<bool> done{false};
    bool elsewhere = false, back = false;
    ShardSet shards(1, system_clock(), *storage);
    Scope scope(shards.at(0).executor());
    struct Work {
        static Task<> run(Shard& shard, bool& elsewhere, bool& back, std::atomic<bool>& done) {
            const auto here = std::this_thread::get_id();
            co_await shard.offload([&] {
                elsewhere = std::this_thread::get_id() != here && Shard::current() == nullptr;
                throw std::runtime_error("is reported, and the task goes on");
            });
            back = std::this_thread::get_id() == here && shard.is_current();
            done = true;
        }
    };
    set_log_level(LogLevel::error);
    shards.start_threads();
    shards.post(0, [&] { scope.spawn("work", Work::run(shards.at(0), elsewhere, back, done)); });
    while (!done) std::this_thread::yield();
    shards.stop();
    storage->stop();
    CHECK(elsewhere);
    CHECK(back);
}
