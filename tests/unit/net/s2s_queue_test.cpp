#include "server/net/s2s/s2s_queue.h"

#include <doctest/doctest.h>

#include "proto/ns.h"
#include "server/net/s2s/s2s_backlog.h"
#include "tests/support/world.h"

using namespace clarion;
using namespace clarion::net;
using namespace std::chrono_literals;
using clarion::test::FakeLink;
using clarion::test::World;

namespace {

constexpr const char* config = "[component.\"gw.example.org\"]\nsecret = \"x\"\n";
constexpr const char* remote = "remote.example";

StanzaPtr parse(const std::string& xml) {
    return std::move(Stanza::from_document(xml::parse_element(xml, ns::client))).value();
}

/// The queue of remote.example on its home shard; senders are users of a component, who see what is
/// returned.
struct Queued {
    World world{{.config = config}};
    FakeLink& senders = world.attach_component("gw.example.org");
    BufferPool buffers;
    OutBuffer out{buffers};
    S2sBacklog backlog;
    std::unique_ptr<S2sQueue> queue;

    Queued() {
        at([this](core::Context& core) {
            queue = std::make_unique<S2sQueue>(core, backlog, remote);
        });
    }
    ~Queued() {
        at([this](core::Context&) { queue.reset(); });
    }
    void at(std::function<void(core::Core&)> fn) { world.at(remote, std::move(fn)); }
    void push(const std::string& xml, bool flowing) {
        at([&](core::Context&) {
            core::Envelope envelope;
            envelope.stanza = parse(xml);
            queue->push(std::move(envelope), flowing);
        });
    }
    void message(const std::string& body, bool flowing) {
        push("<message from='x@gw.example.org' to='y@remote.example' type='chat' id='" + body +
                 "'><body>" + body + "</body></message>",
             flowing);
    }
    std::size_t spooled() {
        std::size_t count = 0;
        world.run(remote, [&count](core::Context& core) { return count_spooled(core, count); });
        return count;
    }
    static Task<> count_spooled(core::Context& core, std::size_t& count) {
        const auto found =
            co_await core.storage().spool().read(remote, 0, {.count = 100, .bytes = SIZE_MAX});
        count = found ? found->size() : 1000;
    }
};

const StanzaError timeout{StanzaErrorCondition::remote_server_timeout};

}  // namespace

TEST_CASE("a message that waits is in the spool until the socket has it") {
    Queued q;
    q.message("1", false);
    CHECK(q.spooled() == 1);
    q.at([&](core::Context&) { q.queue->write(q.out, 0, 100000); });
    CHECK(q.spooled() == 1);
    CHECK(q.out.text() ==
          "<message from='x@gw.example.org' to='y@remote.example' type='chat' id='1'>"
          "<body>1</body></message>");
    q.at([&](core::Context&) { q.queue->on_taken(q.out.unsent() - 1); });
    CHECK(q.queue->size() == 1);
    q.at([&](core::Context&) { q.queue->on_taken(q.out.unsent()); });
    CHECK(q.queue->empty());
    CHECK(q.queue->bytes() == 0);
    CHECK(q.backlog.bytes() == 0);
    CHECK(q.spooled() == 0);
}

TEST_CASE("whatever becomes of it, what waits on all links is counted right") {
    Queued q;
    const auto mine = [&q] { return q.queue->bytes(); };
    q.message("1", false);
    q.message("2", true);
    q.at([&](core::Context& core) {
        q.queue->push_restored(
            parse("<message from='x@gw.example.org' to='y@remote.example'><body>3</body>"
                  "</message>"),
            7, core.clock().wall());
    });
    CHECK(mine() > 0);
    CHECK(q.backlog.bytes() == mine());
    q.at([&](core::Context& core) {
        q.queue->write(q.out, 0, 1);
        q.queue->requeue();
        CHECK(q.backlog.bytes() == mine());
        S2sQueue other(core, q.backlog, "other.example");
        other.adopt(q.queue->hand_over());
        CHECK(mine() == 0);
        CHECK(q.backlog.bytes() == other.bytes());
        q.queue->adopt(other.hand_over());
    });
    CHECK(q.backlog.bytes() == mine());
    SUBCASE("it is returned") {
        q.at([&](core::Context&) { q.queue->bounce_all(timeout); });
    }
    SUBCASE("the server stops") {
        q.at([&](core::Context&) { q.queue.reset(); });
    }
    CHECK(q.backlog.bytes() == 0);
}

TEST_CASE("a sender or a link has a third of what is left") {
    S2sBacklog backlog;
    const auto from = [](const std::string& who) {
        return parse("<message from='" + who + "@example.org/r' to='y@remote.example'><body>" +
                     std::string(1000, 'x') + "</body></message>");
    };
    const std::size_t cost = from("a")->cost(), limit = 400 * cost;
    const auto fill = [&](const std::string& who) {
        std::size_t count = 0;
        for (; backlog.has_room(*from(who), 0, limit); ++count) backlog.add(*from(who));
        return count;
    };
    CHECK(fill("a") == 100);
    CHECK_FALSE(backlog.has_room(*from("b"), 100 * cost, limit));  // a link that has as much
    CHECK(fill("b") == 75);
    CHECK(fill("c") == 56);
    CHECK(fill("a") == 0);
    CHECK(fill("d") > 0);
    for (int i = 0; i < 100; ++i) backlog.remove(*from("a"));
    CHECK(backlog.has_room(*from("a"), 0, limit));
}

TEST_CASE("on a stream that flows nothing is spooled, unless the socket leaves it") {
    Queued q;
    q.message("1", true);
    q.message("2", true);
    CHECK(q.spooled() == 0);
    q.at([&](core::Context&) {
        q.queue->write(q.out, 0, 10);  // one stanza is more than ten bytes
        q.queue->on_taken(5);
        q.queue->spool_untaken();
    });
    CHECK(q.spooled() == 2);
    q.at([&](core::Context&) {
        q.queue->write(q.out, 0, 100000);
        q.queue->on_taken(q.out.unsent());
    });
    CHECK(q.spooled() == 0);
}

TEST_CASE("what need not be durable is in memory only") {
    Queued q;
    q.push("<presence from='x@gw.example.org' to='y@remote.example'/>", false);
    q.push(
        "<iq from='x@gw.example.org' to='y@remote.example' type='get' id='1'><q xmlns='q'/></iq>",
        false);
    q.push(
        "<message from='x@gw.example.org' to='y@remote.example'><active "
        "xmlns='http://jabber.org/protocol/chatstates'/></message>",
        false);
    CHECK(q.queue->size() == 3);
    CHECK(q.spooled() == 0);
}

TEST_CASE("a stream that breaks loses nothing that it did not take, and keeps the order") {
    Queued q;
    for (const char* body : {"1", "2", "3"}) q.message(body, true);
    q.at([&](core::Context&) {
        q.queue->write(q.out, 0, 100000);
        const std::size_t one = q.out.unsent() / 3;
        q.queue->on_taken(one);
        q.queue->requeue();
        q.out.clear();
        q.queue->write(q.out, 0, 100000);
    });
    CHECK(q.spooled() == 2);
    const std::string text = q.out.text();
    CHECK(text.find("<body>1<") == text.npos);
    CHECK(text.find("<body>2<") < text.find("<body>3<"));
}

TEST_CASE("what is returned says that this server did it, and leaves the spool") {
    Queued q;
    q.message("1", false);
    q.world.advance(30s);
    q.message("2", false);
    q.world.advance(40s);
    q.at([&](core::Context&) { q.queue->expire(60s); });
    CHECK(q.spooled() == 1);
    REQUIRE(q.senders.pending() == 1);
    const StanzaPtr first = q.senders.pop();
    CHECK(first->id() == "1");
    CHECK(first->from().full() == "y@remote.example");
    CHECK(read_error(first->root()).condition == StanzaErrorCondition::remote_server_timeout);
    q.at([&](core::Context&) { q.queue->bounce_all(timeout); });
    CHECK(q.senders.pop()->id() == "2");
    CHECK(q.spooled() == 0);
    CHECK(q.queue->empty());
}

TEST_CASE("errors and answers are not returned") {
    Queued q;
    q.push("<iq from='x@gw.example.org' to='y@remote.example' type='result' id='1'/>", false);
    q.push("<message from='x@gw.example.org' to='y@remote.example' type='error'/>", false);
    q.at([&](core::Context&) { q.queue->bounce_all(timeout); });
    CHECK(q.senders.pending() == 0);
    CHECK(q.queue->empty());
}

TEST_CASE("what was read back from the spool says how old it is") {
    Queued q;
    q.at([&](core::Context& core) {
        q.queue->push_restored(
            parse(
                "<message from='x@gw.example.org' to='y@remote.example'><body>1</body></message>"),
            7, core.clock().wall() - 1h);
        q.queue->write(q.out, 0, 100000);
    });
    CHECK(
        q.out.text().find(
            "<delay xmlns='urn:xmpp:delay' from='gw.example.org' stamp='2025-12-31T23:00:00Z'/>") !=
        std::string::npos);
}

TEST_CASE("what waits is handed over in order, and what must be durable stays so") {
    Queued q;
    q.message("1", false);
    q.push("<presence from='x@gw.example.org' to='y@remote.example' id='2'/>", false);
    q.message("3", true);  // it was about to be written
    q.at([&](core::Context&) { q.queue->write(q.out, 0, 1); });
    CHECK(q.spooled() == 1);
    q.at([&](core::Context& core) {
        std::deque<S2sQueue::Item> items = q.queue->hand_over();
        CHECK(q.queue->empty());
        CHECK(q.queue->bytes() == 0);
        q.queue = std::make_unique<S2sQueue>(core, q.backlog, remote);
        q.queue->adopt(std::move(items));
        CHECK(q.queue->size() == 3);
    });
    CHECK(q.spooled() == 2);
    OutBuffer out{q.buffers};
    q.at([&](core::Context&) {
        q.queue->write(out, 0, 100000);
        q.queue->on_taken(out.unsent());
    });
    std::size_t at = 0;
    for (const auto id : {"id='1'", "id='2'", "id='3'"}) {
        CHECK(out.text().find(id, at) != std::string::npos);
        at = out.text().find(id, at);
    }
    CHECK(q.spooled() == 0);
    CHECK(q.senders.pending() == 0);
}
