// Sessions: the ack window, stream management, hibernation and waking (docs/design/001-core.md,
// ideas 3 and 4).
#include "server/core/accounts/session.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "proto/ns.h"
#include "server/core/accounts/hibernation_recovery.h"
#include "server/core/events/message_events.h"
#include "server/core/events/session_events.h"
#include "server/core/events/undelivered_events.h"
#include "server/core/options.h"
#include "tests/support/world.h"

using namespace clarion;
using namespace clarion::core;
using namespace clarion::test;
using namespace std::chrono_literals;

namespace {

constexpr std::string_view juliet_jid = "juliet@example.org";
constexpr std::string_view phone_jid = "juliet@example.org/phone";

struct Scene {
    explicit Scene(std::string config = {}) : world({.config = std::move(config)}) {
        world.add_account("romeo@example.org");
        world.add_account(juliet_jid);
    }

    /// Juliet's phone, available, with stream management.
    Client& phone(std::string_view jid = phone_jid, bool resumable = true) {
        Client& client = world.log_in(jid);
        world.at(juliet_jid, [&](Core&) { client.session().enable_sm(resumable, 0); });
        return client;
    }
    /// The same without presence: it has sent nothing before <enable/>.
    Client& quiet_phone() {
        Client& client = world.connect(phone_jid);
        world.at(juliet_jid, [&](Core&) { client.session().enable_sm(true, 0); });
        return client;
    }
    std::string id(Client& client) { return client.session().sm()->id(); }
    static std::string message(std::string_view to, std::string_view id,
                               std::string_view type = "chat") {
        return "<message from='mercutio@example.com/m' to='" + std::string(to) + "' id='" +
               std::string(id) + "' type='" + std::string(type) + "'><body>" + std::string(id) +
               "</body></message>";
    }
    void arrive(std::string_view id, std::string_view to = phone_jid) {
        world.arrive(message(to, id));
    }
    /// One of 300 small elements, which take several times their 1,200 bytes in memory.
    void arrive_costly(std::string_view id, std::string_view to = phone_jid) {
        std::string elements;
        for (int i = 0; i < 300; ++i) elements += "<a/>";
        world.arrive("<message from='mercutio@example.com/m' to='" + std::string(to) +
                     "' id='" + std::string(id) + "' type='chat'><body>b</body>" + elements +
                     "</message>");
    }
    void arrive_iq(std::string_view id) {
        world.arrive("<iq from='mercutio@example.com/m' to='" + std::string(phone_jid) + "' id='" +
                     std::string(id) + "' type='get'><ping xmlns='urn:xmpp:ping'/></iq>");
    }
    /// Lets `fn` run on Juliet's shard.
    void on(std::function<void(Core&)> fn) { world.at(juliet_jid, std::move(fn)); }
    Account& account() { return world.account(juliet_jid); }
    Session* find(std::string_view resource = "phone") { return account().find_session(resource); }
    /// Ids of the messages a port was given, in order; drops all else.
    static std::vector<std::string> ids(FakePort& port) {
        std::vector<std::string> result;
        for (const auto& element : port.elements())
            if (element.root().name() == "message" || element.root().name() == "iq")
                result.emplace_back(element.root().attr("id"));
        port.drop_all();
        return result;
    }
    /// Conditions of the errors that went back to mercutio.
    std::vector<std::pair<std::string, StanzaErrorCondition>> bounced() {
        std::vector<std::pair<std::string, StanzaErrorCondition>> result;
        while (auto stanza = world.remote().pop())
            if (stanza->is_error())
                result.emplace_back(stanza->id(), read_error(stanza->root()).condition);
        return result;
    }
    /// Resumes the session of `resource` over `port`; the code of the error, or "ok".
    std::string resume(FakePort& port, std::uint32_t handled, std::string_view resource = "phone") {
        std::string outcome;
        world.run(juliet_jid, [&, resource = std::string(resource)](Core& core) {
            return try_resume(core, port, resource, handled, outcome);
        });
        return outcome;
    }
    static Task<> try_resume(Core& core, FakePort& port, std::string resource,
                             std::uint32_t handled, std::string& outcome) {
        auto pin = co_await core.accounts().load(std::string(juliet_jid));
        if (!pin) {
            outcome = pin.error().code;
            co_return;
        }
        Session* session = (*pin)->find_session(resource);
        if (!session) {
            outcome = "item-not-found";
            co_return;
        }
        const auto self = session->shared_from_this();
        const auto resumed = co_await test::resume_session(*self, port, handled);
        outcome = resumed ? "ok" : resumed.error().code;
    }
    static Task<> remove(Core& core, std::string& outcome) {
        const auto removed =
            co_await core.account_registry().remove(Jid::trusted(std::string(juliet_jid)));
        outcome = removed ? "ok" : removed.error().code;
    }
    /// REQUIRES: on Juliet's shard, her account loaded.
    Session* find_here(std::string_view resource) {
        return world.home_of(juliet_jid).accounts().find(juliet_jid)->find_session(resource);
    }
    void evict_fails() {
        on([](Core& core) { core.accounts().evict_idle(-1s); });
        on([](Core& core) { CHECK(core.accounts().find(juliet_jid) != nullptr); });
    }
    void evict() {
        on([](Core& core) { core.accounts().evict_idle(-1s); });
        on([](Core& core) { CHECK(core.accounts().find(juliet_jid) == nullptr); });
    }

    World world;
};

const std::vector<std::string> none{};
using Bounces = std::vector<std::pair<std::string, StanzaErrorCondition>>;

std::vector<std::string> up_to(int last) {
    std::vector<std::string> result;
    for (int i = 1; i <= last; ++i) result.push_back(std::to_string(i));
    return result;
}
std::vector<std::string> ids_of(const Bounces& bounces) {
    std::vector<std::string> result;
    for (const auto& [id, condition] : bounces) {
        CHECK(condition == StanzaErrorCondition::recipient_unavailable);
        result.push_back(id);
    }
    return result;
}

/// Writes something for each message from a local client, as an archive does.
void archive_like(Core& core) {
    core.bus().on<events::MessageSending>(
        events::MessageSending::Stage::archive, "test", [&core](events::MessageSending& event) {
            core.storage().deadlines().put(core.shard().batch(),
                                           {LastingTime::max(), event.account.id()});
            core.shard().hold(event.envelope.ticket);
            return Flow::next;
        });
}

constexpr auto to_nobody =
    "<message to='x@elsewhere.example' type='chat' id='m'><body>x</body></message>";
constexpr auto hint = "<message to='x@elsewhere.example' type='chat' id='m'/>";

std::string h_of(const xml::Document& a) {
    return a.root().name() == "a" ? std::string(a.root().attr("h")) : "no <a/>";
}

}  // namespace

// ---- The ack window ----------------------------------------------------------------------------

TEST_CASE("h counts what is committed; a late answer is followed by the whole one") {
    Scene scene;
    Client& phone = scene.phone();
    scene.on(archive_like);
    scene.world.storage().hold_commits();
    phone.send_soon(hint);  // written below
    phone.send_soon("<presence to='x@elsewhere.example' type='probe'/>");
    scene.world.run_shards();
    scene.world.post(juliet_jid, [&](Core&) { phone.session().sm()->on_ack_request(); });
    scene.world.run_shards();
    CHECK(phone.pop("a").root().name() == "nothing");  // not yet
    scene.world.clock().advance(999ms);
    scene.world.run_shards();
    CHECK(phone.pop("a").root().name() == "nothing");
    scene.world.clock().advance(1ms);
    scene.world.run_shards();
    CHECK(h_of(phone.pop("a")) == "0");
    scene.world.clock().advance(10s);
    scene.world.run_shards();
    CHECK(phone.pop("a").root().name() == "nothing");  // once is enough
    SUBCASE("unrequested") { scene.world.storage().release_commits(); }
    SUBCASE("another request meanwhile has its own limit") {
        scene.world.post(juliet_jid, [&](Core&) { phone.session().sm()->on_ack_request(); });
        scene.world.run_shards();
        scene.world.clock().advance(1s);
        scene.world.run_shards();
        CHECK(h_of(phone.pop("a")) == "0");
        scene.world.storage().release_commits();
    }
    scene.world.settle();
    CHECK(h_of(phone.pop("a")) == "2");
    CHECK(phone.pop("a").root().name() == "nothing");
}

TEST_CASE("what is not written closes at once, behind what is written it does not count") {
    Scene scene;
    Client& phone = scene.phone();
    phone.send("<presence to='x@elsewhere.example' type='probe'/>");
    CHECK(phone.session().window().width() == 0);
    scene.on(archive_like);
    scene.world.storage().hold_commits();
    phone.send_soon(hint);
    scene.world.run_shards();
    phone.send_soon("<presence to='x@elsewhere.example' type='probe'/>");
    scene.world.run_shards();
    CHECK(phone.session().window().width() == 2);
    CHECK(phone.session().window().open_count() == 1);
    scene.world.storage().release_commits();
    scene.world.settle();
    CHECK(phone.session().window().width() == 0);
}

TEST_CASE("stanzas from before <enable/> do not count, even if they are committed after it") {
    Scene scene;
    scene.on(archive_like);
    Client& phone = scene.world.log_in(phone_jid);
    scene.world.storage().hold_commits();
    phone.send_soon(hint);
    scene.world.run_shards();
    scene.world.post(juliet_jid, [&](Core&) { phone.session().enable_sm(true, 0); });
    phone.send_soon("<presence to='x@elsewhere.example' type='probe'/>");
    scene.world.run_shards();
    scene.world.storage().release_commits();
    scene.world.settle();
    scene.on([&](Core&) { phone.session().sm()->on_ack_request(); });
    CHECK(h_of(phone.pop("a")) == "1");
}

TEST_CASE("a failed commit is answered with an error, and the stanza counts as handled") {
    Scene scene;
    Client& phone = scene.phone();
    scene.on(archive_like);
    scene.world.storage().fail_next_batches(1, fail("resource-constraint", "full"));
    phone.send(to_nobody);
    const auto answer = phone.pop("message");
    CHECK(answer.root().attr("id") == "m");
    CHECK(answer.root().attr("from") == "x@elsewhere.example");
    CHECK(read_error(answer.root()).condition == StanzaErrorCondition::resource_constraint);
    scene.on([&](Core&) { phone.session().sm()->on_ack_request(); });
    CHECK(h_of(phone.pop("a")) == "1");
}

TEST_CASE("backpressure: too many stanzas that are not dealt with") {
    Scene scene;
    scene.on(archive_like);
    Client& phone = scene.phone();
    scene.world.storage().hold_commits();
    for (int i = 0; i < 255; ++i) phone.send_soon(hint);
    scene.world.run_shards();
    CHECK(phone.session().may_read());
    phone.send_soon(hint);
    scene.world.run_shards();
    CHECK_FALSE(phone.session().may_read());
    CHECK_FALSE(phone.port().reading_resumed());
    scene.world.storage().release_commits();
    scene.world.settle();
    CHECK(phone.port().reading_resumed());
    CHECK(phone.session().may_read());
}

TEST_CASE("backpressure: too many bytes") {
    Scene scene;
    scene.on(archive_like);
    Client& phone = scene.phone();
    scene.world.storage().hold_commits();
    const std::string big =
        "<message to='x@elsewhere.example'><body>" + std::string(150000, 'x') + "</body></message>";
    for (int i = 0; i < 7; ++i) phone.send_soon(big);
    scene.world.run_shards();
    CHECK_FALSE(phone.session().may_read());
    scene.world.storage().release_commits();
    scene.world.settle();
    CHECK(phone.port().reading_resumed());
}

TEST_CASE("backpressure: an account has had its share of its worker's time") {
    Scene scene;
    Client& phone = scene.phone();
    Client& tablet = scene.phone("juliet@example.org/tablet");
    scene.on([&](Core& core) {
        const SteadyTime now = core.clock().steady();
        phone.session().charge_work(now, 62ms);  // four times that is a little less than is in hand
        CHECK(phone.session().may_read());
        tablet.session().charge_work(now, 10ms);
        CHECK_FALSE(tablet.session().may_read());
        CHECK(phone.session().may_read());
        phone.session().charge_work(now, 1ms);
        CHECK_FALSE(phone.session().may_read());
    });
    scene.world.advance(37ms);
    CHECK_FALSE(tablet.port().reading_resumed());
    scene.world.advance(1ms);
    CHECK(tablet.port().reading_resumed());
    CHECK_FALSE(phone.port().reading_resumed());
    scene.world.advance(4ms);
    CHECK(phone.port().reading_resumed());
}

TEST_CASE("backpressure: what a stanza has written counts until it is stored") {
    Scene scene;
    scene.on([](Core& core) {
        core.bus().on<events::MessageSending>(
            events::MessageSending::Stage::archive, "test", [&core](events::MessageSending&) {
                core.storage().spool().put(core.shard().batch(), "x.example",
                                           {1, {}, std::string(1100000, 'x')});
                return Flow::next;
            });
    });
    Client& phone = scene.phone();
    scene.world.storage().hold_commits();
    phone.send_soon(hint);
    scene.world.run_shards();
    CHECK_FALSE(phone.session().may_read());
    scene.world.storage().release_commits();
    scene.world.settle();
    CHECK(phone.port().reading_resumed());
}

TEST_CASE("backpressure: the writer is behind, and nothing of this session is open") {
    Scene scene("[storage]\nbacklog_limit = 1048576\n");
    Client& phone = scene.phone();
    scene.world.storage().hold_commits();
    scene.world.post("romeo@example.org", [](Core& core) {
        core.storage().spool().put(core.shard().batch(), "x.example",
                                   {1, {}, std::string(1100000, 'x')});
    });
    scene.world.run_shards();
    CHECK_FALSE(phone.session().may_read());
    CHECK(phone.session().window().width() == 0);
    scene.world.clock().advance(100ms);
    scene.world.run_shards();
    CHECK_FALSE(phone.port().reading_resumed());
    scene.world.storage().release_commits();
    // The writer's thread tells of its backlog after it told of the commit.
    scene.world.settle_until([&] { return phone.port().reading_resumed(); });
}

TEST_CASE("backpressure: the shard has more to deliver than a turn may") {
    Scene scene("[limits]\ndeliveries_per_turn = 100\n");
    Client& phone = scene.phone();
    std::vector<bool> allowed;
    scene.world.post("juliet@example.org", [&](Core& core) {
        for (int i = 0; i < 1'000; ++i)
            core.deliveries().push([&](core::Context&) {
                if (allowed.empty()) return;
                if (!allowed.back()) allowed.push_back(phone.port().reading_resumed());
            });
        core.deliveries().run();
        allowed.push_back(phone.session().may_read());
    });
    scene.world.settle();
    // It goes on when all that was said before has been delivered.
    CHECK_FALSE(allowed.front());
    CHECK_FALSE(allowed.back());
    CHECK(phone.port().reading_resumed());
    CHECK(phone.session().may_read());
}

// ---- Unacknowledged ----------------------------------------------------------------------------

TEST_CASE("asked once per silence; the delay is told once") {
    Scene scene;
    int delays = 0;
    scene.on([&](Core& core) {
        core.bus().on<events::AckDelayed>(events::AckDelayed::Stage::notify, "test",
                                          [&](const events::AckDelayed&) { ++delays; });
    });
    Client& phone = scene.phone();
    scene.arrive("1");
    CHECK(phone.pop("r").root().ns() == ns::sm);
    scene.arrive("2");
    CHECK(phone.pop("r").root().name() == "nothing");
    scene.world.advance(29s);
    CHECK(delays == 0);
    scene.world.advance(1s);
    CHECK(delays == 1);
    scene.world.advance(60s);
    CHECK(delays == 1);
    scene.arrive("3");  // the connection is dead, and nobody has noticed
    scene.world.advance(29s);
    CHECK(delays == 1);
    scene.world.advance(1s);
    CHECK(delays == 2);
    CHECK(phone.pop("r").root().name() == "nothing");
    scene.on([&](Core&) { CHECK(phone.session().sm()->on_ack(1).ok()); });
    CHECK(phone.pop("r").root().ns() == ns::sm);  // one is left
    CHECK(phone.session().sm()->unacked_count() == 2);
    scene.on([&](Core&) {
        CHECK(phone.session().sm()->on_ack(5).error().code == "handled-count-too-high");
    });
}

TEST_CASE("a client that says nothing while it should acknowledge is cut, and hibernates") {
    Scene scene("[smacks]\nack_timeout = 100\nmax_ack_delay = 30\n");
    Client& phone = scene.phone();
    scene.world.advance(500s);
    CHECK(phone.session().is_live());  // nothing to say
    scene.arrive("1");
    scene.world.advance(60s);
    phone.send("<presence/>");  // late with it, but there
    scene.world.advance(90s);
    CHECK(phone.session().is_live());
    scene.on(
        [&](Core&) { CHECK(phone.session().sm()->on_ack(phone.session().sm()->sent()).ok()); });
    scene.world.advance(90s);
    scene.arrive("2");  // its time begins when it was sent
    scene.world.advance(99s);
    CHECK(phone.session().is_live());
    const auto session = phone.session().shared_from_this();
    scene.world.advance(1s);
    CHECK(session->is_hibernating());
    CHECK(phone.port().error() == StreamErrorCondition::connection_timeout);
    FakePort port;
    CHECK(scene.resume(port, session->sm()->acked()) == "ok");
    CHECK(scene.ids(port) == std::vector<std::string>{"2"});
}

TEST_CASE("a client that answers, with a count that lags behind, is not cut") {
    Scene scene("[smacks]\nack_timeout = 100\n");
    Client& phone = scene.phone();
    scene.arrive("1");
    for (int minute = 0; minute < 600; ++minute) {
        scene.on([&](Core&) { CHECK(phone.session().sm()->on_ack(0).ok()); });
        scene.world.advance(60s);
    }
    CHECK(phone.session().is_live());
}

TEST_CASE("[smacks] ack_timeout = 0: it may be silent for ever") {
    Scene scene("[smacks]\nack_timeout = 0\n");
    Client& phone = scene.phone();
    scene.arrive("1");
    scene.world.advance(24h);
    CHECK(phone.session().is_live());
}

TEST_CASE("a client that acknowledges nothing is cut, and nothing is lost") {
    Scene scene("[smacks]\nmax_queue_size = 10\n");
    std::vector<std::string> given_back;
    scene.on([&](Core& core) {
        core.bus().on<events::Undelivered>(events::Undelivered::Stage::store, "test",
                                           [&](events::Undelivered& event) {
                                               given_back.emplace_back(event.envelope.stanza->id());
                                               event.stored = true;
                                               return Flow::next;
                                           });
    });
    Client& phone = scene.phone();
    for (int i = 1; i <= 10; ++i) scene.arrive(std::to_string(i));
    CHECK_FALSE(phone.ended());
    scene.arrive("11");
    CHECK(phone.ended());
    CHECK(phone.port().error() == StreamErrorCondition::policy_violation);
    CHECK(given_back == up_to(11));
}

TEST_CASE(
    "[smacks] max_queue_bytes: what is unacknowledged is bounded by what it takes in memory") {
    Scene scene("[smacks]\nmax_queue_bytes = 1048576\n");
    Client& phone = scene.phone();
    SUBCASE("many small elements") {
        for (int i = 1; i <= 10; ++i) scene.arrive_costly(std::to_string(i));
        CHECK_FALSE(phone.ended());
        for (int i = 11; i <= 60 && !phone.ended(); ++i) scene.arrive_costly(std::to_string(i));
        CHECK(phone.ended());
        CHECK(phone.port().error() == StreamErrorCondition::policy_violation);
    }
    SUBCASE("what waits behind others") {
        scene.on([&](Core&) { phone.session().hold_sending(); });
        int sent = 0;
        while (!phone.ended() && sent < 60) scene.arrive_costly(std::to_string(++sent));
        CHECK(phone.ended());
        CHECK(sent > 10);
    }
    SUBCASE("not what was acknowledged") {
        for (int i = 1; i <= 100; ++i) {
            scene.arrive_costly(std::to_string(i));
            scene.on([&](Core&) {
                auto& sm = *phone.session().sm();
                CHECK(sm.on_ack(sm.sent()).ok());
            });
        }
        CHECK_FALSE(phone.ended());
        CHECK(phone.session().sm()->unacked_bytes() == 0);
    }
}

TEST_CASE("[smacks] max_account_queue_bytes: all sessions of an account together") {
    Scene scene("[smacks]\nmax_account_queue_bytes = 4194304\n");
    Client& phone = scene.phone();
    Client& tablet = scene.phone("juliet@example.org/tablet");
    const auto both = [&] {
        return phone.session().sm()->unacked_bytes() + tablet.session().sm()->unacked_bytes();
    };
    int sent = 0;
    while (!phone.ended() && !tablet.ended() && sent < 200) {
        CHECK(both() <= 4194304);
        scene.arrive_costly(std::to_string(++sent), juliet_jid);
    }
    CHECK(phone.ended() != tablet.ended());  // the other has room again
}

TEST_CASE("a copy that several sessions acknowledge is counted once") {
    Scene scene;
    Client& phone = scene.phone();
    Client& tablet = scene.phone("juliet@example.org/tablet");
    scene.arrive("1", juliet_jid);
    CHECK(scene.account().offline_count() == 1);
    scene.on(
        [&](Core&) { CHECK(phone.session().sm()->on_ack(phone.session().sm()->sent()).ok()); });
    CHECK(scene.account().offline_count() == 0);
    scene.on(
        [&](Core&) { CHECK(tablet.session().sm()->on_ack(tablet.session().sm()->sent()).ok()); });
    CHECK(scene.account().offline_count() == 0);
}

TEST_CASE("a copy is kept only for who will acknowledge it") {
    Scene scene;
    scene.phone();
    Client& laptop = scene.world.log_in("juliet@example.org/laptop");  // no stream management
    scene.arrive("1", "juliet@example.org/laptop");
    CHECK(Scene::ids(laptop.port()) == std::vector<std::string>{"1"});
    CHECK(scene.account().offline_count() == 0);
    scene.arrive("2", phone_jid);
    CHECK(scene.account().offline_count() == 1);
}

// ---- Waiting behind the offline flush ----------------------------------------------------------

TEST_CASE("live stanzas wait behind the flush") {
    Scene scene("[smacks]\nmax_queue_size = 10\n");
    Client& phone = scene.phone();
    scene.on([&](Core&) { phone.session().hold_sending(); });
    scene.arrive("1");
    scene.arrive("2");
    CHECK(Scene::ids(phone.port()) == none);
    SUBCASE("until it is over") {
        scene.on([&](Core&) { phone.session().release_sending(); });
        CHECK(Scene::ids(phone.port()) == std::vector<std::string>{"1", "2"});
    }
    SUBCASE("and join the hibernating queue") {
        phone.cut();
        CHECK(scene.find()->hibernation().queued() == 2);
        FakePort port;
        CHECK(scene.resume(port, 0) == "ok");
        CHECK(Scene::ids(port) == std::vector<std::string>{"1", "2"});
    }
    SUBCASE("behind what was sent before them") {
        scene.on([&](Core&) {
            phone.session().send_now({.stanza = Stanza::make(StanzaKind::message, StanzaType::chat,
                                                             {}, phone.jid(), "0")});
        });
        phone.cut();
        scene.evict();
        FakePort port;
        CHECK(scene.resume(port, 0) == "ok");
        CHECK(Scene::ids(port) == std::vector<std::string>{"0", "1", "2"});
    }
    SUBCASE("within limits, and go back if it ends") {
        for (int n = 3; n <= 10; ++n) scene.arrive(std::to_string(n));
        CHECK_FALSE(phone.ended());
        scene.arrive_iq("11");
        CHECK(phone.ended());
        CHECK(phone.port().error() == StreamErrorCondition::policy_violation);
        CHECK(ids_of(scene.bounced()) == up_to(11));
    }
}

// ---- Hibernating and waking
// -----------------------------------------------------------------------

TEST_CASE("a session hibernates and is resumed, in order and with its counters") {
    Scene scene;
    Client& phone = scene.phone();
    phone.send(hint);
    scene.arrive("1");
    scene.arrive("2");
    phone.cut();
    REQUIRE(scene.find());
    CHECK(scene.find()->is_hibernating());
    CHECK(scene.find()->available());
    scene.arrive("3");
    SUBCASE("while it is loaded") {}
    SUBCASE("after it was evicted") { scene.evict(); }
    SUBCASE("after a crash") { scene.world.crash_and_restart(); }
    scene.arrive("4");
    FakePort port;
    CHECK(scene.resume(port, 1) == "ok");
    const auto resumed = port.pop();
    CHECK(resumed.root().is(ns::sm, "resumed"));
    CHECK(resumed.root().attr("h") == "1");
    CHECK(Scene::ids(port) == std::vector<std::string>{"2", "3", "4"});
    scene.arrive("5");
    CHECK(Scene::ids(port) == std::vector<std::string>{"5"});
    scene.on([&](Core&) { CHECK(scene.find()->sm()->on_ack(5).ok()); });
    CHECK(scene.find()->sm()->unacked_count() == 0);
}

TEST_CASE("what was not acknowledged after waking is there after the next hibernation") {
    Scene scene;
    Client& phone = scene.phone();
    for (const char* id : {"1", "2", "3"}) scene.arrive(id);
    phone.cut();
    FakePort first, second;
    REQUIRE(scene.resume(first, 0) == "ok");
    scene.arrive("4");
    scene.on([&](Core&) {
        CHECK(scene.find()->sm()->on_ack(2).ok());
        scene.find()->on_detached();
    });
    CHECK(scene.find()->hibernation().queued() == 2);
    scene.evict();
    REQUIRE(scene.resume(second, 3) == "ok");
    second.pop();
    CHECK(Scene::ids(second) == std::vector<std::string>{"4"});
}

TEST_CASE(
    "a full disk while it begins to hibernate: the queue stays in memory until there is room") {
    Scene scene;
    Client& phone = scene.phone();
    for (const char* id : {"1", "2", "3"}) scene.arrive(id);
    scene.world.storage().fail_next_batches(1, fail("resource-constraint", "full"));
    phone.cut();
    scene.evict_fails();
    FakePort port;
    SUBCASE("it comes back at once") {}
    SUBCASE("it comes back when it was stored after all") {
        scene.world.advance(5s);
        scene.evict();
    }
    SUBCASE("the server dies when it was stored after all") {
        scene.world.advance(5s);
        scene.world.crash_and_restart();
    }
    REQUIRE(scene.resume(port, 1) == "ok");
    port.pop();
    CHECK(Scene::ids(port) == std::vector<std::string>{"2", "3"});
    CHECK(scene.account().offline_count() == 0);
    scene.on([&](Core&) { CHECK(scene.find()->sm()->on_ack(3).ok()); });
    scene.world.crash_and_restart();
    CHECK(scene.resume(port, 3) == "item-not-found");
    CHECK(scene.account().offline_count() == 0);
}

TEST_CASE("counters wrap at 2^32") {
    Scene scene;
    Client& phone = scene.quiet_phone();
    constexpr std::uint32_t near = 0xfffffffe;
    scene.on([&](Core&) {
        phone.session().sm()->restore(near);
        phone.session().window().restore(near);
    });
    for (int i = 0; i < 4; ++i) phone.send(hint);
    for (const char* id : {"1", "2", "3", "4"}) scene.arrive(id);
    phone.cut();
    scene.arrive("5");
    scene.evict();
    FakePort port;
    REQUIRE(scene.resume(port, 0xffffffff) == "ok");  // has the first
    CHECK(port.pop().root().attr("h") == "2");
    CHECK(Scene::ids(port) == std::vector<std::string>{"2", "3", "4", "5"});
    scene.on([&](Core&) { CHECK(scene.find()->sm()->on_ack(3).ok()); });
    CHECK(scene.find()->sm()->unacked_count() == 0);
}

TEST_CASE("h of more than 2^31 stanzas") {
    Scene scene;
    Client& phone = scene.quiet_phone();
    scene.on([&](Core&) {
        phone.session().window().restore(0x90000000);
        phone.session().sm()->on_ack_request();
    });
    CHECK(h_of(phone.pop("a")) == std::to_string(0x90000000));
}

TEST_CASE("h in the record follows what is committed after it began to hibernate") {
    Scene scene;
    scene.on(archive_like);
    Client& phone = scene.phone();
    scene.world.storage().hold_commits();
    phone.send_soon(hint);
    scene.world.run_shards();
    scene.world.post(juliet_jid, [&](Core&) { phone.session().on_detached(); });
    scene.world.run_shards();
    scene.world.storage().release_commits();
    scene.world.settle();
    scene.world.crash_and_restart();
    FakePort port;
    REQUIRE(scene.resume(port, 0) == "ok");
    CHECK(port.pop().root().attr("h") == "1");
}

TEST_CASE("a message that arrives while it wakes comes after the queue") {
    Scene scene;
    Client& phone = scene.phone();
    scene.arrive("1");
    phone.cut();
    bool marked = true;
    SUBCASE("and it succeeds") {}
    SUBCASE("and it fails: the mark cannot be written") {
        marked = false;
        scene.world.storage().fail_next_batches(1, fail("internal-server-error"));
    }
    scene.world.storage().hold_commits();
    FakePort port, again;
    std::string outcome;
    scene.world.post(juliet_jid, [&](Core& core) {
        core.scope().spawn("resume", Scene::try_resume(core, port, "phone", 0, outcome));
    });
    scene.world.run_shards();
    Account* account = scene.world.home_of(juliet_jid).accounts().find(juliet_jid);
    if (marked) CHECK(account->find_session("phone")->state() == SessionState::resuming);
    scene.world.post(juliet_jid, [&](Core& core) {
        core.router().route(
            *Stanza::from_document(xml::parse_element(Scene::message(phone_jid, "2"), ns::client)));
    });
    scene.world.run_shards();
    if (marked) CHECK(outcome.empty());  // what fails is decided at once, held or not
    CHECK(port.pending() == 0);          // <resumed/> waits for the mark
    scene.world.storage().release_commits();
    scene.world.settle();
    CHECK(outcome == (marked ? "ok" : "internal-server-error"));
    FakePort& last = marked ? port : again;
    if (!marked) {
        CHECK(scene.find()->is_hibernating());
        CHECK(scene.resume(again, 0) == "ok");
    }
    CHECK(last.pop().root().name() == "resumed");
    CHECK(Scene::ids(last) == std::vector<std::string>{"1", "2"});
}

TEST_CASE("an account that is deleted while a session wakes") {
    Scene scene;
    Client& phone = scene.phone();
    scene.arrive("1");
    phone.cut();
    scene.world.storage().hold_commits();
    FakePort port;
    std::string outcome;
    scene.world.post(juliet_jid, [&](Core& core) {
        core.scope().spawn("resume", Scene::try_resume(core, port, "phone", 0, outcome));
    });
    scene.world.run_shards();
    std::string removed;
    scene.world.post(juliet_jid, [&](Core& core) {
        core.scope().spawn("remove", Scene::remove(core, removed));
    });
    scene.world.run_shards();
    scene.world.storage().release_commits();
    scene.world.settle();
    CHECK(removed == "ok");
    CHECK(outcome == "item-not-found");
    CHECK(port.pending() == 0);
    scene.on([](Core& core) { CHECK(core.accounts().find(juliet_jid) == nullptr); });
}

TEST_CASE("a session that still looked alive is taken over") {
    Scene scene;
    Client& phone = scene.phone();
    scene.arrive("1");
    scene.arrive("2");
    phone.drop_all();
    FakePort port;
    SUBCASE("by who counts right") {
        CHECK(scene.resume(port, 1) == "ok");
        CHECK(phone.port().closed());
        CHECK(phone.port().error() == StreamErrorCondition::conflict);
        CHECK(port.pop().root().name() == "resumed");
        CHECK(Scene::ids(port) == std::vector<std::string>{"2"});
        CHECK(scene.find()->is_live());
    }
    SUBCASE("who counts wrong leaves it hibernating") {
        CHECK(scene.resume(port, 7) == "handled-count-too-high");
        CHECK(scene.find()->is_hibernating());
        CHECK(scene.resume(port, 1) == "ok");
    }
}

TEST_CASE("who takes over is told of what is still being stored, if that does not take long") {
    Scene scene;
    Client& phone = scene.quiet_phone();
    scene.on(archive_like);
    scene.world.storage().hold_commits();
    phone.send_soon(hint);
    scene.world.run_shards();
    FakePort port;
    std::string outcome;
    scene.world.post(juliet_jid, [&](Core& core) {
        core.scope().spawn("resume", Scene::try_resume(core, port, "phone", 0, outcome));
    });
    const auto pass = [&](Duration time) {
        scene.world.clock().advance(time);
        scene.world.run_shards();
    };
    scene.world.run_shards();
    for (int i = 0; i < 100; ++i) pass(2ms);
    CHECK(outcome.empty());
    SUBCASE("it is stored") {
        scene.world.storage().release_commits();
        scene.world.settle();
        scene.world.advance(2ms);
        CHECK(outcome == "ok");
        CHECK(std::string(port.pop().root().attr("h")) == "1");
    }
    SUBCASE("it takes too long: as for an <r/>") {
        for (int i = 0; i < 400; ++i) pass(2ms);
        CHECK(outcome == "ok");
        CHECK(std::string(port.pop().root().attr("h")) == "0");
        scene.world.storage().release_commits();
        scene.world.settle();
    }
}

TEST_CASE("of two resumptions at once the newer wins, whatever the first counted") {
    Scene scene;
    Client& phone = scene.phone();
    scene.arrive("1");
    phone.cut();
    FakePort first, second;
    std::string one, two;
    std::uint32_t counted = 0;
    SUBCASE("right") { counted = 0; }
    SUBCASE("wrong") { counted = 7; }
    scene.on([&](Core& core) {
        core.scope().spawn("one", Scene::try_resume(core, first, "phone", counted, one));
        core.scope().spawn("two", Scene::try_resume(core, second, "phone", 0, two));
    });
    scene.world.settle_until([&] { return !one.empty(); });
    CHECK(one == (counted == 0 ? "ok" : "handled-count-too-high"));
    scene.world.advance(2ms);
    CHECK(two == "ok");
    CHECK(first.closed() == (counted == 0));
    CHECK(second.pop().root().name() == "resumed");
    CHECK(Scene::ids(second) == std::vector<std::string>{"1"});
    CHECK(scene.find()->port() == &second);
}

TEST_CASE("a hibernating session whose client counts too high hibernates on") {
    Scene scene;
    Client& phone = scene.phone();
    scene.arrive("1");
    phone.cut();
    FakePort port;
    CHECK(scene.resume(port, 2) == "handled-count-too-high");
    CHECK(scene.find()->is_hibernating());
    CHECK(scene.find()->hibernation().queued() == 1);
    scene.evict();
    CHECK(scene.resume(port, 0) == "ok");
}

TEST_CASE("a session without resumption ends with its connection, what it was sent goes on") {
    Scene scene;
    Client& phone = scene.phone(phone_jid, false);
    scene.arrive("1");
    scene.arrive_iq("2");
    phone.cut();
    CHECK(phone.ended());
    const Bounces expected{{"1", StanzaErrorCondition::recipient_unavailable},
                           {"2", StanzaErrorCondition::recipient_unavailable}};
    CHECK(scene.bounced() == expected);
    CHECK(scene.account().offline_count() == 0);
}

// ---- The end of hibernation
// --------------------------------------------------------------------------

namespace {

struct Expiry : Scene {
    Expiry() {
        on([this](Core& core) {
            core.scope().spawn("deadlines", watch_deadlines(core));
            core.bus().on<events::Undelivered>(
                events::Undelivered::Stage::store, "test", [this](events::Undelivered& event) {
                    if (event.why != events::Undelivered::Why::ended) return Flow::next;
                    undelivered.emplace_back(event.envelope.stanza->id());
                    event.stored = store;
                    return Flow::next;
                });
        });
    }
    void expire() {
        for (int i = 0; i < 3; ++i) world.advance(300s);
        world.advance(1s);
    }
    std::vector<std::string> undelivered;
    bool store = false;
};

}  // namespace

TEST_CASE_FIXTURE(Expiry, "time runs out: messages and requests go by the rules") {
    Client& watcher = world.log_in("romeo@example.org/orchard");
    world.befriend(juliet_jid, "romeo@example.org", Subscription::from);
    Client& sleeper = phone();
    arrive("1");
    sleeper.cut();
    arrive_iq("2");
    arrive("3");
    watcher.drop_all();
    world.advance(599s);
    CHECK(find());
    SUBCASE("nobody keeps them: errors") {
        expire();
        const Bounces expected{{"1", StanzaErrorCondition::recipient_unavailable},
                               {"2", StanzaErrorCondition::recipient_unavailable},
                               {"3", StanzaErrorCondition::recipient_unavailable}};
        CHECK(bounced() == expected);
    }
    SUBCASE("stored offline") {
        store = true;
        expire();
        CHECK(bounced() == Bounces{{"2", StanzaErrorCondition::recipient_unavailable}});
    }
    CHECK(undelivered == std::vector<std::string>{"1", "3"});
    CHECK(find() == nullptr);
    CHECK(watcher.pop("presence").root().attr("type") == "unavailable");
    FakePort port;
    CHECK(resume(port, 0) == "item-not-found");
    CHECK(account().ended_handled("no such id") == std::nullopt);
}

TEST_CASE_FIXTURE(Expiry, "it is remembered for a day how far an expired session got") {
    Client& sleeper = phone();
    const std::string sm_id = id(sleeper);
    sleeper.send(hint);
    arrive("1");
    sleeper.cut();
    expire();
    evict();
    CHECK(account().ended_handled(sm_id) == 1);
    world.advance(25h);
    world.advance(2s);
    evict();
    CHECK(account().ended_handled(sm_id) == std::nullopt);
}

TEST_CASE_FIXTURE(Expiry, "another session takes what was not archived, unless it had it before") {
    Client& sleeper = phone();
    Client& old = world.log_in("juliet@example.org/old");
    world.advance(1s);
    arrive("to-all", juliet_jid);
    arrive("to-phone");
    old.drop_all();
    sleeper.cut();
    world.advance(1s);
    arrive("asleep", juliet_jid);
    CHECK(Scene::ids(old.port()) == std::vector<std::string>{"asleep"});
    world.advance(1s);
    Client& fresh = world.log_in("juliet@example.org/new");
    expire();
    CHECK(Scene::ids(old.port()) == std::vector<std::string>{"to-phone"});
    CHECK(Scene::ids(fresh.port()) == std::vector<std::string>{"to-all", "to-phone", "asleep"});
    CHECK(undelivered == none);
    CHECK(bounced().empty());
}

TEST_CASE("[smacks] max_sessions: who hibernated first goes") {
    Scene scene("[smacks]\nmax_sessions = 1\n");
    Client& first = scene.phone("juliet@example.org/a");
    Client& second = scene.phone("juliet@example.org/b");
    first.cut();
    scene.world.advance(1s);
    second.cut();
    CHECK(first.ended());
    CHECK(scene.find("b")->is_hibernating());
}

TEST_CASE("[smacks] max_remembered: of many that ended the newest are remembered") {
    Scene scene("[smacks]\nmax_remembered = 2\nhibernation_time = 60\n");
    std::vector<std::string> ids;
    for (const char* resource : {"a", "b", "c"}) {
        Client& client = scene.phone(std::string(juliet_jid) + "/" + resource);
        ids.push_back(scene.id(client));
        client.cut();
        scene.on([&](Core&) { scene.find_here(resource)->end(SessionEnd::expired); });
    }
    SUBCASE("in memory") { CHECK(scene.account().sessions().empty()); }
    SUBCASE("in storage") { scene.evict(); }
    CHECK_FALSE(scene.account().ended_handled(ids[0]).has_value());
    CHECK(scene.account().ended_handled(ids[1]).has_value());
    CHECK(scene.account().ended_handled(ids[2]).has_value());
}

namespace {

/// Juliet's phone hibernates, and no more joins its queue.
struct FullQueue : Scene {
    explicit FullQueue(std::string config = "[smacks]\nmax_queue_size = 10\n")
        : Scene(std::move(config)) {
        Client& client = phone();
        client.send("<presence to='room@elsewhere.example/juliet'/>");
        world.remote().drop_all();
        on([&](Core&) {
            CHECK(client.session().sm()->on_ack(client.session().sm()->sent()).ok());
        });
        client.cut();
    }
    bool is_full() { return find() && find()->hibernation().is_full(); }
};

}  // namespace

TEST_CASE("[smacks] max_queue_size hibernating: strangers cannot end it, and are told") {
    FullQueue scene;
    for (int i = 1; i <= 9; ++i) scene.arrive(std::to_string(i));
    CHECK_FALSE(scene.is_full());
    scene.arrive("10");
    CHECK(scene.is_full());
    CHECK(scene.bounced().empty());
    scene.arrive("11");  // nobody keeps it here
    scene.arrive("12", juliet_jid);
    scene.arrive_iq("13");
    CHECK(scene.bounced() == Bounces{{"11", StanzaErrorCondition::service_unavailable},
                                     {"12", StanzaErrorCondition::service_unavailable},
                                     {"13", StanzaErrorCondition::resource_constraint}});
    for (const std::string stanza :
         {"<presence", "<presence type='unavailable'", "<iq type='result'",
          "<message type='headline'", "<message type='error'"})
        scene.world.arrive(stanza + " from='mercutio@example.com/m' to='" + std::string(phone_jid) +
                           "' id='x'/>");
    scene.world.arrive("<message type='groupchat' from='other@elsewhere.example/m' to='" +
                       std::string(phone_jid) + "' id='y'><body>y</body></message>");
    CHECK(scene.bounced() == Bounces{{"y", StanzaErrorCondition::resource_constraint}});
    CHECK(scene.is_full());
    scene.world.crash_and_restart();
    CHECK(scene.is_full());
    FakePort port;
    CHECK(scene.resume(port, scene.find()->sm()->acked()) == "ok");
    port.pop();
    CHECK(Scene::ids(port) == up_to(10));
    CHECK_FALSE(scene.is_full());
}

TEST_CASE("[smacks] max_queue_bytes hibernating: the same") {
    FullQueue scene("[smacks]\nmax_queue_bytes = 1048576\n");
    int queued = 0;
    while (!scene.is_full() && queued < 100) scene.arrive_costly(std::to_string(++queued));
    CHECK(queued > 10);
    CHECK(queued < 100);
    scene.arrive_costly("more");
    CHECK(scene.bounced() == Bounces{{"more", StanzaErrorCondition::service_unavailable}});
    CHECK(scene.is_full());
}

TEST_CASE("a full queue ends the session where its client would believe what is not so") {
    FullQueue scene;
    scene.world.befriend(juliet_jid, "romeo@example.org");
    const std::string to = " to='" + std::string(phone_jid) + "'";
    std::string news;
    SUBCASE("a contact") { news = "<presence from='romeo@example.org/orchard'" + to + "/>"; }
    SUBCASE("a room that it joined") {
        news = "<message type='groupchat' from='room@elsewhere.example/m'" + to + "/>";
    }
    SUBCASE("the account itself") {
        news = "<iq type='set' id='push' from='juliet@example.org'" + to +
               "><query xmlns='jabber:iq:roster'/></iq>";
    }
    for (int i = 1; i <= 10; ++i) scene.arrive(std::to_string(i));
    REQUIRE(scene.is_full());
    scene.world.arrive(news);
    CHECK(scene.find() == nullptr);
    CHECK(ids_of(scene.bounced()) == up_to(10));
}

// ---- The server stops, or dies -----------------------------------------------------------------

TEST_CASE("a planned stop: everybody hibernates and is resumable") {
    Scene scene;
    Client& phone = scene.phone();
    Client& plain = scene.world.log_in("juliet@example.org/plain");
    phone.send(hint);
    scene.arrive("1");
    phone.drop_all();
    scene.world.run(juliet_jid, [](Core& core) { return hibernate_everybody(core); });
    CHECK(h_of(phone.pop("a")) == "1");
    CHECK(phone.port().abandoned());  // the end of its stream would make it begin anew
    CHECK_FALSE(phone.port().closed());
    CHECK(plain.port().error() == StreamErrorCondition::system_shutdown);
    scene.world.crash_and_restart();
    FakePort port;
    CHECK(scene.resume(port, 0) == "ok");
    port.pop();
    CHECK(Scene::ids(port) == std::vector<std::string>{"1"});
}

TEST_CASE("a queue of many slices comes whole and in order") {
    Scene scene;
    Client& phone = scene.phone();
    scene.on(
        [&](Core&) { CHECK(phone.session().sm()->on_ack(phone.session().sm()->sent()).ok()); });
    phone.cut();
    const std::uint32_t acked = scene.find()->sm()->acked();
    for (int i = 1; i <= 40; ++i)
        scene.world.arrive("<message from='mercutio@example.com/m' to='" + std::string(phone_jid) +
                           "' id='" + std::to_string(i) + "' type='chat'><body>" +
                           std::string(60'000, 'x') + "</body></message>");
    FakePort port;
    CHECK(scene.resume(port, acked) == "ok");
    port.pop();
    CHECK(Scene::ids(port) == up_to(40));
}

TEST_CASE("who resumes again and again and acknowledges nothing has to wait") {
    Scene scene;
    Client& phone = scene.phone();
    scene.on(
        [&](Core&) { CHECK(phone.session().sm()->on_ack(phone.session().sm()->sent()).ok()); });
    phone.cut();
    scene.arrive("1");
    scene.arrive("2");
    const std::uint32_t acked = scene.find()->sm()->acked();
    std::vector<Duration> pauses;
    const auto resume_once = [&](std::uint32_t handled) {
        FakePort port;
        CHECK(scene.resume(port, handled) == "ok");
        pauses.push_back(scene.find()->sm()->pause_before_resuming());
        scene.on([&](Core&) { scene.find_here("phone")->on_detached(); });
    };
    for (int i = 0; i < 12; ++i) resume_once(acked);
    CHECK(pauses == std::vector<Duration>{0s, 0s, 100ms, 200ms, 400ms, 800ms, 1600ms, 3200ms, 5s,
                                          5s, 5s, 5s});
    pauses.clear();
    resume_once(acked + 1);
    resume_once(acked + 2);
    CHECK(pauses == std::vector<Duration>{0s, 0s});
}

namespace {

enum class ComesBack { no, silent, available, as_before };

void crash(bool woken, ComesBack comes_back) {
    CAPTURE(woken);
    CAPTURE(comes_back);
    Scene scene;
    FakePort old_port, port;
    scene.world.befriend(juliet_jid, "romeo@example.org", Subscription::from);
    scene.world.befriend("romeo@example.org", juliet_jid, Subscription::to);
    Client& phone = scene.phone();
    phone.send("<presence to='friend@elsewhere.example'/>");
    const std::string sm_id = scene.id(phone);
    scene.arrive("1");
    if (woken) {
        phone.cut();
        REQUIRE(scene.resume(old_port, 0) == "ok");
    }
    scene.world.crash_and_restart();
    scene.world.remote().drop_all();
    Client& watcher = scene.world.log_in("romeo@example.org/orchard");

    // Neither can be resumed, and what it was sent goes by the rules.
    CHECK(scene.resume(port, 0) == "item-not-found");
    CHECK(scene.account().ended_handled(sm_id).has_value());
    CHECK(scene.find() == nullptr);
    CHECK(scene.account().offline_count() == (woken ? 0 : 1));
    CHECK(scene.bounced() ==
          (woken ? Bounces{{"1", StanzaErrorCondition::recipient_unavailable}} : Bounces{}));

    // Those who saw it hear that it is gone, after a grace, if it is.
    watcher.drop_all();
    scene.on([](Core& core) {
        core.scope().spawn("clean_up", clean_up_crashed_sessions(core, core.partitions()));
    });
    scene.world.advance(29s);
    CHECK(watcher.pending() == 0);
    if (comes_back != ComesBack::no) {
        Client& fresh = scene.world.connect(phone_jid);
        if (comes_back != ComesBack::silent) fresh.send("<presence/>");
        if (comes_back == ComesBack::as_before)
            fresh.send("<presence to='friend@elsewhere.example'/>");
    }
    watcher.drop_all();
    scene.world.remote().drop_all();
    scene.world.advance(1s);
    if (comes_back == ComesBack::no || comes_back == ComesBack::silent) {
        const auto gone = watcher.pop("presence");
        CHECK(gone.root().attr("type") == "unavailable");
        CHECK(gone.root().attr("from") == phone_jid);
    }
    CHECK(watcher.pending() == 0);
    if (comes_back == ComesBack::as_before) {
        CHECK(scene.world.remote().pop() == nullptr);
        return;
    }
    const auto directed = scene.world.remote().pop();
    REQUIRE(directed);
    CHECK(directed->type() == StanzaType::unavailable);
    CHECK(directed->to().full() == "friend@elsewhere.example");
}

}  // namespace

TEST_CASE("a crash while it was live, or woken, and who hears that it is gone") {
    for (const bool woken : {false, true})
        for (const auto comes_back :
             {ComesBack::no, ComesBack::silent, ComesBack::available, ComesBack::as_before})
            crash(woken, comes_back);
}

TEST_CASE("after a crash a room is not told that its occupant is gone, as it may come back") {
    Scene scene;
    scene.phone();
    const auto line = [&](std::string_view id) {
        scene.world.arrive("<message type='groupchat' from='room@elsewhere.example/romeo' to='" +
                           std::string(phone_jid) + "' id='" + std::string(id) + "'/>");
    };
    scene.world.crash_and_restart();
    scene.on([](Core& core) {
        core.scope().spawn("clean_up", clean_up_crashed_sessions(core, core.partitions()));
    });
    line("1");
    scene.world.advance(29s);
    line("2");
    CHECK(scene.bounced().empty());
    scene.world.advance(1s);
    line("3");
    CHECK(scene.bounced() == Bounces{{"3", StanzaErrorCondition::service_unavailable}});
}

TEST_CASE("a crash after it was woken, and nobody asks for the account before the grace is over") {
    Scene scene;
    FakePort port;
    Client& phone = scene.phone();
    phone.cut();
    scene.arrive("1");
    scene.arrive("2");
    const std::string sm_id = scene.find()->sm()->id();
    REQUIRE(scene.resume(port, 0) == "ok");
    scene.world.crash_and_restart();
    scene.world.remote().drop_all();
    scene.on([](Core& core) {
        core.scope().spawn("clean_up", clean_up_crashed_sessions(core, core.partitions()));
    });
    scene.world.advance(30s);
    CHECK(ids_of(scene.bounced()) == std::vector<std::string>{"1", "2"});  // nobody keeps them here
    CHECK(scene.account().ended_handled(sm_id).has_value());
}

TEST_CASE("directed presence is taken back even if the session never was available") {
    Scene scene;
    Client& phone = scene.world.connect(phone_jid);
    phone.send("<presence to='friend@elsewhere.example'/>");
    scene.world.remote().drop_all();
    phone.close();
    const auto gone = scene.world.remote().pop();
    REQUIRE(gone);
    CHECK(gone->type() == StanzaType::unavailable);
}

TEST_CASE("ending sessions while another handler goes through them") {
    Scene scene("[smacks]\nmax_queue_size = 10\n");
    Client& a = scene.phone("juliet@example.org/a");
    Client& b = scene.phone("juliet@example.org/b");
    Client& c = scene.world.log_in("juliet@example.org/c");
    scene.on([&](Core&) {  // their own presence is acknowledged
        for (Client* each : {&a, &b})
            CHECK(each->session().sm()->on_ack(each->session().sm()->sent()).ok());
    });
    c.drop_all();
    for (int i = 1; i <= 11; ++i)
        scene.arrive(std::to_string(i), juliet_jid);  // one too many for a and b
    CHECK(a.ended());
    CHECK(b.ended());
    CHECK_FALSE(c.ended());
    CHECK(Scene::ids(c.port()) == up_to(11));
}

TEST_CASE("a connection may keep its session longer than the account is there") {
    Scene scene;
    Client& phone = scene.phone();
    const auto kept = phone.session().shared_from_this();
    scene.world.run(juliet_jid, [](Core& core) -> Task<> {
        const auto removed =
            co_await core.account_registry().remove(Jid::trusted(std::string(juliet_jid)));
        CHECK(removed.ok());
    });
    CHECK(kept->state() == SessionState::ended);
    CHECK(phone.port().error() == StreamErrorCondition::not_authorized);
    kept->send(Stanza::make(StanzaKind::message, StanzaType::chat, {}, phone.jid()));
}
