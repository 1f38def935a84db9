// Batches, tokens and reports, on both back ends.
#include <thread>

#include "tests/storage/storage_fixture.h"

namespace clarion::storage {
namespace {

void log_one(KvStorage& storage, Batch& batch) {
    put_log(batch, storage.archive().next_log_id(), at(1), "<message/>");
}

TEST_CASE_TEMPLATE("tokens of a shard increase and are reported in order", Backend, MemoryBackend,
                   LmdbBackend) {
    Fixture<Backend> fixture;
    for (std::uint64_t expected = 1; expected <= 200; ++expected) {
        for (const unsigned shard : {0u, 1u}) {
            const Token token =
                fixture.submit(shard, [&](Batch& batch) { log_one(fixture.storage(), batch); });
            CHECK(token == Token{expected});
        }
    }
    fixture->wait_until_idle();
    for (const unsigned shard : {0u, 1u}) {
        Token last = Token::none;
        for (const auto& report : fixture.reports().of(shard)) {
            CHECK(report.up_to > last);
            CHECK(report.failures.empty());
            last = report.up_to;
        }
        CHECK(last == Token{200});
    }
    CHECK(fixture->backlog_bytes() == 0);
}

TEST_CASE_TEMPLATE("two shards submit at once", Backend, MemoryBackend, LmdbBackend) {
    Fixture<Backend> fixture;
    const OwnerId account = fixture->owners().next_id("owner@example.org");
    const auto work = [&](unsigned shard) {
        for (std::uint64_t seq = 1; seq <= 500; ++seq) {
            fixture.submit(shard, [&](Batch& batch) {
                fixture->offline().put(batch, account, seq * 2 + shard,
                                       {.meta = {.received = at(1)}, .xml = "<message/>"});
            });
        }
    };
    std::thread other([&] { work(1); });
    work(0);
    other.join();
    fixture->wait_until_idle();
    CHECK(fixture.reports().up_to(0) == Token{500});
    CHECK(fixture.reports().up_to(1) == Token{500});
    CHECK(read(fixture->offline().read(account, 0, {.count = 2000})).messages.size() == 1000);
}

TEST_CASE_TEMPLATE("a batch that fails costs only itself, and nothing of it stays", Backend,
                   MemoryBackend, LmdbBackend) {
    Fixture<Backend> fixture;
    const OwnerId account = fixture->owners().next_id("owner@example.org");
    std::vector<Token> good;
    Token guilty = Token::none;
    for (std::uint64_t seq = 1; seq <= 20; ++seq) {
        const Token token = fixture.submit(0, [&](Batch& batch) {
            fixture->offline().put(batch, account, seq,
                                   {.meta = {.received = at(1)}, .xml = "<message/>"});
            if (seq == 7) {
                fixture->archive().put_index(batch, account,
                                             {ArchiveId{1}, LogId{999}, at(1), "b@example.org"});
            }
        });
        if (seq == 7) {
            guilty = token;
        } else {
            good.push_back(token);
        }
    }
    fixture->wait_until_idle();
    CHECK(fixture.reports().failure(0, guilty) == "item-not-found");
    for (const Token token : good) CHECK(fixture.reports().failure(0, token) == "");
    const auto kept = read(fixture->offline().read(account, 0, {.count = 100})).messages;
    CHECK(kept.size() == 19);
    for (const auto& message : kept) CHECK(message.seq != 7);
}

TEST_CASE_TEMPLATE("an empty batch is decided in its turn", Backend, MemoryBackend, LmdbBackend) {
    Fixture<Backend> fixture;
    auto empty = fixture->begin();
    CHECK(empty->empty());
    const Token token = fixture->submit(1, std::move(empty));
    fixture->wait_until_idle();
    CHECK(fixture.reports().up_to(1) == token);
    CHECK(fixture.reports().failure(1, token) == "");
}

TEST_CASE_TEMPLATE("stop commits what is queued", Backend, MemoryBackend, LmdbBackend) {
    Fixture<Backend> fixture;
    const OwnerId account = fixture->owners().next_id("owner@example.org");
    for (std::uint64_t seq = 1; seq <= 300; ++seq) {
        fixture.submit(0, [&](Batch& batch) {
            fixture->offline().put(batch, account, seq,
                                   {.meta = {.received = at(1)}, .xml = "<message/>"});
        });
    }
    fixture->stop();
    fixture->stop();
    CHECK(fixture.reports().up_to(0) == Token{300});
    CHECK(read(fixture->offline().read(account, 0, {.count = 1000})).messages.size() == 300);
}

TEST_CASE_TEMPLATE("installation secrets are made once", Backend, MemoryBackend, LmdbBackend) {
    Fixture<Backend> fixture;
    const auto first = fixture->installation_secret("dialback", 32);
    REQUIRE(first.ok());
    CHECK(first->size() == 32);
    CHECK(*fixture->installation_secret("dialback", 32) == *first);
    CHECK(*fixture->installation_secret("scram", 32) != *first);
}

}  // namespace
}  // namespace clarion::storage
