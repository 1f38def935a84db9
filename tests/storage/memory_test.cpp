// The hooks of MemoryStorage, and through them the writer when commits fail or take long.
#include "tests/storage/storage_fixture.h"

namespace clarion::storage {
namespace {

struct HookedFixture {
    HookedFixture() { storage->set_commit_listener(0, reports.listener(0)); }

    Token put(std::uint64_t seq) {
        auto batch = storage->begin();
        storage->offline().put(*batch, account, seq,
                               {.meta = {.received = at(1)}, .xml = "<message/>"});
        return storage->submit(0, std::move(batch));
    }
    std::size_t kept() {
        return read(storage->offline().read(account, 0, {.count = 1000})).messages.size();
    }

    std::unique_ptr<MemoryStorage> storage = make_memory_test_storage();
    Reports reports;
    OwnerId account = storage->owners().next_id("owner@example.org");
};

TEST_CASE("held commits are neither decided nor seen, and hold up no reader") {
    HookedFixture fixture;
    fixture.storage->hold_commits();
    const Token token = fixture.put(1);
    CHECK(fixture.kept() == 0);
    CHECK(fixture.reports.up_to(0) == Token::none);
    CHECK(fixture.storage->backlog_bytes() > 0);
    fixture.storage->release_commits();
    fixture.storage->wait_until_idle();
    CHECK(fixture.reports.up_to(0) == token);
    CHECK(fixture.kept() == 1);
    CHECK(fixture.storage->backlog_bytes() == 0);
}

TEST_CASE("what queues up behind a commit is one group") {
    HookedFixture fixture;
    fixture.storage->hold_commits();
    for (std::uint64_t seq = 1; seq <= 100; ++seq) fixture.put(seq);
    fixture.storage->release_commits();
    fixture.storage->wait_until_idle();
    // The first group is what the writer found when it woke; all the rest is the second.
    CHECK(fixture.reports.of(0).size() <= 2);
    CHECK(fixture.kept() == 100);
}

TEST_CASE("groups are bounded in bytes") {
    auto storage = make_memory_test_storage({.group_bytes = 1});
    Reports reports;
    storage->set_commit_listener(0, reports.listener(0));
    storage->hold_commits();
    for (int i = 0; i < 10; ++i) {
        auto batch = storage->begin();
        put_log(*batch, storage->archive().next_log_id(), at(1), "<m/>");
        storage->submit(0, std::move(batch));
    }
    storage->release_commits();
    storage->wait_until_idle();
    CHECK(reports.of(0).size() == 10);
}

TEST_CASE("failing batches fail alone, whatever the group") {
    HookedFixture fixture;
    fixture.storage->hold_commits();
    const Token before = fixture.put(1);
    fixture.storage->release_commits();
    fixture.storage->wait_until_idle();
    fixture.storage->fail_next_batches(2, fail("resource-constraint", "full"));
    const Token first = fixture.put(2), second = fixture.put(3), third = fixture.put(4);
    fixture.storage->wait_until_idle();
    CHECK(fixture.reports.failure(0, before) == "");
    CHECK(fixture.reports.failure(0, first) == "resource-constraint");
    CHECK(fixture.reports.failure(0, second) == "resource-constraint");
    CHECK(fixture.reports.failure(0, third) == "");
    CHECK(fixture.reports.up_to(0) == third);
    CHECK(fixture.kept() == 2);
}

TEST_CASE("a commit that fails is tried again in halves") {
    HookedFixture fixture;
    fixture.storage->hold_commits();
    std::vector<Token> tokens;
    for (std::uint64_t seq = 1; seq <= 8; ++seq) tokens.push_back(fixture.put(seq));
    fixture.storage->fail_next_commits(1);
    fixture.storage->release_commits();
    fixture.storage->wait_until_idle();
    // Either the first group had one batch, which is then the guilty one, or its halves succeeded.
    std::size_t failed = 0;
    for (const Token token : tokens) failed += fixture.reports.failure(0, token).empty() ? 0 : 1;
    CHECK(failed <= 1);
    CHECK(fixture.kept() == 8 - failed);
    CHECK(fixture.reports.up_to(0) == tokens.back());
}

TEST_CASE("while every commit fails, every batch is reported so, and service resumes") {
    HookedFixture fixture;
    fixture.storage->fail_next_commits(1000);
    std::vector<Token> tokens;
    for (std::uint64_t seq = 1; seq <= 20; ++seq) tokens.push_back(fixture.put(seq));
    fixture.storage->wait_until_idle();
    for (const Token token : tokens) {
        CHECK(fixture.reports.failure(0, token) == "resource-constraint");
    }
    fixture.storage->fail_next_commits(0);
    const Token token = fixture.put(21);
    fixture.storage->wait_until_idle();
    CHECK(fixture.reports.failure(0, token) == "");
    CHECK(fixture.kept() == 1);
}

TEST_CASE("an account whose removal failed goes on being written") {
    HookedFixture fixture;
    const auto record = sample_account(fixture.account, "romeo@example.org");
    const auto submit = [&](auto fill) {
        auto batch = fixture.storage->begin();
        fill(*batch);
        fixture.storage->submit(0, std::move(batch));
        fixture.storage->wait_until_idle();
    };
    submit([&](Batch& batch) { fixture.storage->accounts().put(batch, record); });
    fixture.storage->fail_next_commits(1);
    submit([&](Batch& batch) { fixture.storage->accounts().remove(batch, record); });
    fixture.put(1);
    fixture.storage->wait_until_idle();
    CHECK(fixture.kept() == 1);
    submit([&](Batch& batch) { fixture.storage->accounts().remove(batch, record); });
    fixture.put(2);
    fixture.storage->wait_until_idle();
    CHECK(fixture.kept() == 0);
}

TEST_CASE("stop lets held commits go") {
    HookedFixture fixture;
    fixture.storage->hold_commits();
    const Token token = fixture.put(1);
    fixture.storage->stop();
    CHECK(fixture.reports.up_to(0) == token);
    CHECK(fixture.kept() == 1);
}

}  // namespace
}  // namespace clarion::storage
