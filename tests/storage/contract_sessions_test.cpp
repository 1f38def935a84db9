// Offline messages, hibernating sessions, online records, deadlines and the spool, on both back
// ends.
#include <algorithm>

#include "storage/kv/keys.h"
#include "tests/storage/storage_fixture.h"

namespace clarion::storage {
namespace {

PartitionSet only(Partition partition) {
    PartitionSet set;
    set.add(partition);
    return set;
}

std::vector<std::uint64_t> seqs(const std::vector<OfflineMessage>& messages) {
    std::vector<std::uint64_t> list;
    for (const auto& message : messages) list.push_back(message.seq);
    return list;
}

TEST_CASE_TEMPLATE("offline messages come oldest first and go one by one or up to one", Backend,
                   MemoryBackend, LmdbBackend) {
    Fixture<Backend> fixture;
    auto& offline = fixture->offline();
    const OwnerId account = fixture->owners().next_id("owner@example.org");
    const OwnerId neighbour = fixture->owners().next_id("owner@example.org");
    const LogId log = fixture->archive().next_log_id();
    fixture.commit([&](Batch& batch) {
        put_log(batch, log, at(3), "<message id='log'/>");
        offline.put(batch, account, 300,
                    {.meta = {.received = at(2)}, .xml = "<message id='own'/>"});
        offline.put(batch, account, 2,
                    {.meta = {.log_id = log, .archive_id = ArchiveId{9}, .received = at(1)},
                     .xml = "ignored"});
        for (std::uint64_t seq = 301; seq <= 310; ++seq) {
            offline.put(batch, account, seq, {.meta = {.received = at(2)}, .xml = "<message/>"});
        }
        offline.put(batch, neighbour, 5, {.meta = {.received = at(2)}, .xml = "<message/>"});
    });
    auto messages = read(offline.read(account, 0, {.count = 2})).messages;
    REQUIRE(messages.size() == 2);
    CHECK(messages[0].seq == 2);
    CHECK(messages[0].stanza.xml == "<message id='log'/>");
    CHECK(messages[0].stanza.meta.archive_id == ArchiveId{9});
    CHECK(messages[0].stanza.meta.received == at(1));
    CHECK(messages[1].seq == 300);
    CHECK(messages[1].stanza.xml == "<message id='own'/>");
    CHECK(seqs(read(offline.read(account, 308, {.count = 10})).messages) ==
          std::vector<std::uint64_t>{309, 310});
    CHECK(seqs(read(offline.read(neighbour, 0, {.count = 10})).messages) ==
          std::vector<std::uint64_t>{5});

    fixture.commit([&](Batch& batch) {
        offline.remove(batch, account, 309);
        offline.remove_up_to(batch, account, 307);
    });
    CHECK(seqs(read(offline.read(account, 0, {.count = 10})).messages) ==
          std::vector<std::uint64_t>{308, 310});
    CHECK(seqs(read(offline.read(neighbour, 0, {.count = 10})).messages) ==
          std::vector<std::uint64_t>{5});
}

TEST_CASE_TEMPLATE("what is pending for push registrations is found page by page", Backend,
                   MemoryBackend, LmdbBackend) {
    Fixture<Backend> fixture;
    auto& pushes = fixture->pending_publishes();
    const OwnerId romeo = fixture->owners().next_id("owner@example.org");
    const OwnerId juliet = fixture->owners().next_id("owner@example.org");
    fixture.commit([&](Batch& batch) {
        pushes.put(batch, juliet, {.registration = 1, .caused = at(1)});
        pushes.put(batch, romeo, {.registration = 300, .offline_seq = 7, .caused = at(2)});
        pushes.put(batch, romeo, {.registration = 2, .caused = at(2)});
        pushes.put(batch, romeo,
                   {.registration = 2,
                    .important = true,
                    .urgent = true,
                    .log_id = LogId{5},
                    .caused = at(3)});
    });
    const auto first = read(pushes.read(PartitionSet::all(), OwnerId::none, 0, 2));
    REQUIRE(first.size() == 2);
    CHECK(first[0].account == romeo);
    CHECK(first[0].pending.registration == 2);
    CHECK(first[0].pending.important);
    CHECK(first[0].pending.urgent);
    CHECK(first[0].pending.log_id == LogId{5});
    CHECK(first[0].pending.caused == at(3));
    CHECK(first[1].pending.registration == 300);
    CHECK(first[1].pending.offline_seq == 7);
    CHECK_FALSE(first[1].pending.important);
    const auto second = read(pushes.read(PartitionSet::all(), romeo, 300, 2));
    REQUIRE(second.size() == 1);
    CHECK(second[0].account == juliet);
    fixture.commit([&](Batch& batch) {
        pushes.remove(batch, romeo, 2);
        pushes.remove(batch, juliet, 1);
    });
    CHECK(read(pushes.read(PartitionSet::all(), OwnerId::none, 0, 9)).size() == 1);
}

TEST_CASE_TEMPLATE("the newest time of the log", Backend, MemoryBackend, LmdbBackend) {
    Fixture<Backend> fixture;
    CHECK(read(fixture->archive().newest_log_time()) == WallTime{});
    fixture.commit([&](Batch& batch) {
        for (const int time : {9, 5})
            put_log(batch, fixture->archive().next_log_id(), at(time), "<m/>");
    });
    CHECK(read(fixture->archive().newest_log_time()) == at(5));
}

TEST_CASE("how far time has come is there for the next start") {
    Fixture<LmdbBackend> fixture;
    const auto stored = [&] {
        const auto mark = fixture->clock_mark();
        REQUIRE(mark.ok());
        return *mark;
    };
    CHECK_FALSE(stored());
    for (const std::int64_t hour : {1, 2})
        fixture.commit([&](Batch& batch) {
            fixture->put_clock_mark(batch,
                                    {lasting(hour), at(7), "boot", std::chrono::hours(hour)});
        });
    fixture.reopen();
    REQUIRE(stored());
    CHECK(stored()->lasting == lasting(2));
    CHECK(stored()->wall == at(7));
    CHECK(stored()->boot == "boot");
    CHECK(stored()->since_boot == std::chrono::hours(2));
}

TEST_CASE_TEMPLATE("offline messages and spools are read by bytes as well as by number", Backend,
                   MemoryBackend, LmdbBackend) {
    Fixture<Backend> fixture;
    const OwnerId account = fixture->owners().next_id("owner@example.org");
    const LogId log = fixture->archive().next_log_id();
    const std::string text(400, 'x');
    fixture.commit([&](Batch& batch) {
        put_log(batch, log, at(1), text);
        for (const std::uint64_t seq : {1u, 2u, 3u})
            fixture->offline().put(batch, account, seq, {.meta = {.received = at(1)}, .xml = text});
        fixture->offline().put(batch, account, 4, {.meta = {.log_id = log, .received = at(1)}});
        for (int n = 0; n < 3; ++n)
            fixture->spool().put(batch, "x.y", {fixture->spool().next_seq(), at(1), text});
    });
    const auto page = [&](std::uint64_t after, PageSize size) {
        const auto found = read(fixture->offline().read(account, after, size));
        CHECK(found.complete == (found.messages.back().seq == 4));
        return seqs(found.messages);
    };
    using Seqs = std::vector<std::uint64_t>;
    CHECK(page(0, {.count = 10, .bytes = 1000}) == Seqs{1, 2});
    CHECK(page(2, {.count = 10, .bytes = 1000}) == Seqs{3, 4});
    CHECK(page(0, {.count = 10, .bytes = 1}) == Seqs{1});
    CHECK(page(3, {.count = 10, .bytes = 1}) == Seqs{4});
    CHECK(page(1, {.count = 2}) == Seqs{2, 3});
    CHECK(page(0, {.count = 4}) == Seqs{1, 2, 3, 4});
    const auto spooled = [&](std::size_t bytes) {
        return read(fixture->spool().read("x.y", 0, {.count = 10, .bytes = bytes})).size();
    };
    CHECK(spooled(1000) == 2);
    CHECK(spooled(1) == 1);
    CHECK(spooled(1200) == 3);
}

TEST_CASE_TEMPLATE("a kept stanza needs its log entry, and goes with it", Backend, MemoryBackend,
                   LmdbBackend) {
    Fixture<Backend> fixture;
    const OwnerId account = fixture->owners().next_id("owner@example.org");
    const LogId log = fixture->archive().next_log_id();
    const KeptStanza reference{.meta = {.log_id = log, .received = at(1)}};
    CHECK(fixture.try_commit([&](Batch& batch) {
        fixture->offline().put(batch, account, 1, reference);
    }) == "item-not-found");
    fixture.commit([&](Batch& batch) {
        put_log(batch, log, at(1), "<message/>");
        fixture->offline().put(batch, account, 1, reference);
        fixture->sessions().put_queued(batch, account, 1, {1, reference});
        fixture->offline().put(batch, account, 2, {.meta = {.received = at(1)}, .xml = "<own/>"});
    });
    CHECK(read(fixture->offline().read(account, 0, {.count = 10})).messages.size() == 2);
    const auto transaction = fixture->engine().begin_write();
    transaction->erase(Table::log, log_key(log));
    transaction->commit();
    CHECK(seqs(read(fixture->offline().read(account, 0, {.count = 10})).messages) ==
          std::vector<std::uint64_t>{2});
    CHECK(read(fixture->sessions().read_queue(account, 1, 0)).empty());
}

TEST_CASE_TEMPLATE("a hibernating session is loaded with its account", Backend, MemoryBackend,
                   LmdbBackend) {
    Fixture<Backend> fixture;
    auto& sessions = fixture->sessions();
    const auto romeo = create_account(fixture, "romeo@example.org");
    HibernatingSession session{.session = 7,
                               .sm_id = "previd",
                               .resource = "phone",
                               .device = "agent",
                               .state = HibernationState::hibernating,
                               .handled_in = 0xfffffff0,
                               .acked_out = 12,
                               .hibernating_since = lasting(100),
                               .expires_at = lasting(200),
                               .presence = "<presence/>",
                               .full = true,
                               .parts = {{"push", std::string("\0\1", 2)}, {"csi", ""}}};
    fixture.commit([&](Batch& batch) {
        sessions.put(batch, romeo.id, session);
        for (const std::uint32_t seq : {13u, 14u}) {
            sessions.put_queued(
                batch, romeo.id, 7,
                {seq, {.meta = {.offline_seq = 20 + seq, .received = at(1)}, .xml = "<message/>"}});
        }
        sessions.put_queued(batch, romeo.id, 8,
                            {1, {.meta = {.received = at(1)}, .xml = "<message/>"}});
    });
    auto loaded = read(fixture->accounts().load(romeo.jid));
    REQUIRE(loaded->hibernating_sessions.size() == 1);
    const HibernatingSession& found = loaded->hibernating_sessions[0];
    CHECK(found.session == 7);
    CHECK(found.sm_id == "previd");
    CHECK(found.resource == "phone");
    CHECK(found.device == "agent");
    CHECK(found.handled_in == 0xfffffff0);
    CHECK(found.acked_out == 12);
    CHECK(found.hibernating_since == lasting(100));
    CHECK(found.expires_at == lasting(200));
    CHECK(found.presence == "<presence/>");
    CHECK(found.full);
    CHECK(found.parts == session.parts);
    CHECK(found.queued == 2);
    CHECK(loaded->last_offline_seq == 34);  // taken, should its queue go there

    session.state = HibernationState::resumed;
    fixture.commit([&](Batch& batch) {
        sessions.put(batch, romeo.id, session);
        sessions.remove_queued(batch, romeo.id, 7, 13);
    });
    loaded = read(fixture->accounts().load(romeo.jid));
    CHECK(loaded->hibernating_sessions[0].state == HibernationState::resumed);
    CHECK(loaded->hibernating_sessions[0].queued == 2);  // 14 is its number still

    fixture.commit([&](Batch& batch) { sessions.remove(batch, romeo.id, 7); });
    CHECK(read(fixture->accounts().load(romeo.jid))->hibernating_sessions.empty());
    CHECK(read(sessions.read_queue(romeo.id, 7, 0)).empty());
    CHECK(read(sessions.read_queue(romeo.id, 8, 0)).size() == 1);
}

TEST_CASE_TEMPLATE("a queue is in order of arrival where its numbers wrap", Backend, MemoryBackend,
                   LmdbBackend) {
    Fixture<Backend> fixture;
    auto& sessions = fixture->sessions();
    const OwnerId account = fixture->owners().next_id("owner@example.org");
    constexpr std::uint32_t acked = 0xfffffffd;
    fixture.commit([&](Batch& batch) {
        for (std::uint32_t i = 1; i <= 6; ++i) {
            sessions.put_queued(
                batch, account, 1,
                {acked + i, {.meta = {.received = at(i)}, .xml = std::to_string(i)}});
        }
    });
    const auto queue = read(sessions.read_queue(account, 1, acked));
    REQUIRE(queue.size() == 6);
    for (std::uint32_t i = 1; i <= 6; ++i) {
        CHECK(queue[i - 1].seq == acked + i);
        CHECK(queue[i - 1].stanza.xml == std::to_string(i));
    }
    // The same in slices, wherever they begin.
    for (std::uint32_t skipped = 0; skipped <= 6; ++skipped) {
        const auto one = read(sessions.read_queue(account, 1, acked, skipped, 1));
        const auto two = read(sessions.read_queue(account, 1, acked, skipped, 2));
        CHECK(one.size() == std::min<std::size_t>(1, 6 - skipped));
        REQUIRE(two.size() == std::min<std::size_t>(2, 6 - skipped));
        for (std::uint32_t i = 0; i < two.size(); ++i) CHECK(two[i].seq == acked + skipped + i + 1);
    }
}

TEST_CASE_TEMPLATE("accounts with online records are found in pages", Backend, MemoryBackend,
                   LmdbBackend) {
    Fixture<Backend> fixture;
    auto& sessions = fixture->sessions();
    std::vector<OwnerId> ids;
    fixture.commit([&](Batch& batch) {
        for (int i = 0; i < 5; ++i) {
            ids.push_back(fixture->owners().next_id("owner@example.org"));
            sessions.put_online(batch, ids.back(), {.session = 1, .resource = "a"});
            sessions.put_online(batch, ids.back(), {.session = 2, .resource = "b"});
        }
    });
    using Ids = std::vector<OwnerId>;
    CHECK(read(sessions.accounts_with_online_records(PartitionSet::all(), OwnerId::none, 10)) ==
          ids);
    CHECK(read(sessions.accounts_with_online_records(PartitionSet::all(), OwnerId::none, 2)) ==
          Ids{ids[0], ids[1]});
    CHECK(read(sessions.accounts_with_online_records(PartitionSet::all(), ids[1], 2)) ==
          Ids{ids[2], ids[3]});
    CHECK(read(sessions.accounts_with_online_records(PartitionSet::all(), ids[4], 2)).empty());
    fixture.commit([&](Batch& batch) {
        sessions.remove_online(batch, ids[0], 1);
        sessions.remove_online(batch, ids[1], 1);
        sessions.remove_online(batch, ids[1], 2);
    });
    CHECK(read(sessions.accounts_with_online_records(PartitionSet::all(), OwnerId::none, 2)) ==
          Ids{ids[0], ids[2]});
}

TEST_CASE_TEMPLATE("deadlines come earliest first, inclusive", Backend, MemoryBackend,
                   LmdbBackend) {
    Fixture<Backend> fixture;
    auto& deadlines = fixture->deadlines();
    const OwnerId account = fixture->owners().next_id("owner@example.org");
    const Deadline early{.at = lasting(-5), .account = account, .subject = 1};
    const Deadline middle{.at = lasting(1000), .account = account, .subject = 3};
    const Deadline same{.at = lasting(1000), .account = account, .subject = 2};
    const Deadline late{.at = lasting(1001), .account = account, .subject = 4};
    fixture.commit([&](Batch& batch) {
        for (const auto& deadline : {late, middle, early, same}) deadlines.put(batch, deadline);
    });
    const auto due = read(deadlines.due(PartitionSet::all(), lasting(1000), 10));
    REQUIRE(due.size() == 3);
    CHECK(due[0].at == early.at);
    CHECK(due[0].account == account);
    CHECK(due[0].kind == DeadlineKind::hibernation_expires);
    CHECK(due[0].subject == 1);
    CHECK(due[1].subject == 2);
    CHECK(due[2].subject == 3);
    CHECK(read(deadlines.due(PartitionSet::all(), lasting(1000), 1)).size() == 1);
    CHECK(read(deadlines.due(PartitionSet::all(), lasting(-6), 10)).empty());
    fixture.commit([&](Batch& batch) { deadlines.remove(batch, early); });
    CHECK(read(deadlines.due(PartitionSet::all(), LastingTime::max(), 10)).size() == 3);
}

TEST_CASE_TEMPLATE("the spool keeps each domain's stanzas in order", Backend, MemoryBackend,
                   LmdbBackend) {
    Fixture<Backend> fixture;
    auto& spool = fixture->spool();
    const std::string far = std::string(400, 'd') + ".example";
    std::vector<std::uint64_t> numbers;
    fixture.commit([&](Batch& batch) {
        for (const auto& domain : {std::string("b.example"), far, std::string("b.example"),
                                   std::string("a.example"), std::string("b.example")}) {
            numbers.push_back(spool.next_seq());
            spool.put(batch, domain, {numbers.back(), at(7), "<message to='" + domain + "'/>"});
        }
    });
    const auto domains = [&](const PartitionSet& partitions) {
        auto found = read(spool.domains(partitions));
        std::sort(found.begin(), found.end());
        return found;
    };
    using Names = std::vector<std::string>;
    CHECK(domains(PartitionSet::all()) == Names{"a.example", "b.example", far});
    CHECK(domains(only(partition_of("b.example"))) == Names{"b.example"});
    CHECK(domains(PartitionSet()).empty());
    auto stanzas = read(spool.read("b.example", 0, {.count = 10}));
    REQUIRE(stanzas.size() == 3);
    CHECK(stanzas[0].seq == numbers[0]);
    CHECK(stanzas[1].seq == numbers[2]);
    CHECK(stanzas[0].time == at(7));
    CHECK(stanzas[0].xml == "<message to='b.example'/>");
    CHECK(read(spool.read("b.example", numbers[0], {.count = 1}))[0].seq == numbers[2]);
    CHECK(read(spool.read(far, 0, {.count = 10})).size() == 1);
    CHECK(read(spool.read("c.example", 0, {.count = 10})).empty());

    fixture.commit([&](Batch& batch) {
        spool.remove(batch, "a.example", numbers[3]);
        spool.remove(batch, "b.example", numbers[0]);
    });
    CHECK(domains(PartitionSet::all()) == Names{"b.example", far});
    CHECK(read(spool.read("b.example", 0, {.count = 10})).size() == 2);
    CHECK(spool.next_seq() > numbers.back());
}

TEST_CASE_TEMPLATE("whoever is responsible for some partitions finds theirs and nothing else",
                   Backend, MemoryBackend, LmdbBackend) {
    Fixture<Backend> fixture;
    std::vector<AccountId> accounts;
    PartitionSet mine;
    std::size_t expected = 0;
    for (int n = 0; n < 200; ++n) {
        const std::string jid = std::to_string(n) + "@example.org";
        accounts.push_back(fixture->owners().next_id(jid));
        CHECK(partition_of(accounts.back()) == partition_of(jid));
        if (n % 3 == 0) mine.add(partition_of(jid));
    }
    fixture.commit([&](Batch& batch) {
        for (const AccountId account : accounts) {
            if (mine.contains(partition_of(account))) ++expected;
            fixture->sessions().put_online(batch, account, {.session = 1});
            fixture->pending_publishes().put(batch, account, {.registration = 1});
            for (const int time : {3, 1, 2})
                fixture->deadlines().put(batch, {.at = lasting(time), .account = account});
        }
    });
    const auto is_mine = [&](AccountId account) { return mine.contains(partition_of(account)); };

    std::vector<AccountId> online;
    for (AccountId after = AccountId::none;;) {
        const auto page = read(fixture->sessions().accounts_with_online_records(mine, after, 7));
        if (page.empty()) break;
        online.insert(online.end(), page.begin(), page.end());
        after = page.back();
    }
    CHECK(online.size() == expected);
    CHECK(std::all_of(online.begin(), online.end(), is_mine));

    std::size_t pending = 0;
    for (PendingPublishEntry last;;) {
        const auto page = read(
            fixture->pending_publishes().read(mine, last.account, last.pending.registration, 7));
        if (page.empty()) break;
        pending += page.size();
        last = page.back();
        CHECK(is_mine(last.account));
    }
    CHECK(pending == expected);

    std::size_t due = 0;
    std::vector<Deadline> all;
    for (std::optional<Deadline> last;;) {
        const auto page = read(fixture->deadlines().due(mine, lasting(2), 7, last));
        if (page.empty()) break;
        for (const Deadline& deadline : page) {
            CHECK(is_mine(deadline.account));
            CHECK(deadline.at == lasting(due++ < expected ? 1 : 2));  // the earliest first
        }
        last = page.back();
        all.insert(all.end(), page.begin(), page.end());
    }
    const auto at_once = read(fixture->deadlines().due(mine, lasting(2), 1000));
    CHECK(std::equal(all.begin(), all.end(), at_once.begin(), at_once.end(),
                     [](const Deadline& a, const Deadline& b) {
                         return a.at == b.at && a.account == b.account;
                     }));
    CHECK(read(fixture->deadlines().due(mine, LastingTime::max(), 1)).size() == 1);
    CHECK(read(fixture->deadlines().due(mine, LastingTime::max(), 0)).empty());
    CHECK(due == 2 * expected);
}

TEST_CASE_TEMPLATE("directed presence is an entry for each address, whichever record there is",
                   Backend, MemoryBackend, LmdbBackend) {
    using Addresses = std::vector<std::string>;
    Fixture<Backend> fixture;
    auto& sessions = fixture->sessions();
    const auto romeo = create_account(fixture, "romeo@example.org");
    const std::string far = std::string(600, 'x') + "@example.org";
    fixture.commit([&](Batch& batch) {
        sessions.put_online(batch, romeo.id, {.session = 4});
        sessions.put(batch, romeo.id, {.session = 5});
        for (const std::uint64_t session : {4u, 5u, 6u}) {
            sessions.put_directed(batch, romeo.id, session, {"b@example.org", lasting(1)});
            sessions.put_directed(batch, romeo.id, session, {"a@example.org", lasting(2)});
            sessions.put_directed(batch, romeo.id, session, {far, lasting(3)});
        }
    });
    auto loaded = read(fixture->accounts().load(romeo.jid));
    const Addresses all{"b@example.org", "a@example.org", far};  // in the order of their time
    CHECK(loaded->online_records.at(0).directed_presence == all);
    CHECK(loaded->hibernating_sessions.at(0).directed_presence == all);

    fixture.commit([&](Batch& batch) {
        sessions.remove_directed(batch, romeo.id, 4, far);
        sessions.remove_directed(batch, romeo.id, 4, "nobody@example.org");
        sessions.put_directed(batch, romeo.id, 4, {"b@example.org", lasting(5)});
        sessions.remove_all_directed(batch, romeo.id, 5);
    });
    loaded = read(fixture->accounts().load(romeo.jid));
    CHECK(loaded->online_records.at(0).directed_presence ==
          Addresses{"a@example.org", "b@example.org"});
    CHECK(loaded->hibernating_sessions.at(0).directed_presence.empty());
}

TEST_CASE("an online record names the run that wrote it") {
    Fixture<LmdbBackend> fixture;
    const auto romeo = create_account(fixture, "romeo@example.org");
    const auto put = [&](std::uint64_t session) {
        fixture.commit([&](Batch& batch) {
            fixture->sessions().put_online(batch, romeo.id, {.session = session, .run = 77});
        });
    };
    put(1);
    fixture.reopen();
    put(2);
    const auto loaded = read(fixture->accounts().load(romeo.jid));
    REQUIRE(loaded->online_records.size() == 2);
    CHECK(loaded->online_records[0].run == 1);
    CHECK(loaded->online_records[1].run == 2);
}

}  // namespace
}  // namespace clarion::storage
