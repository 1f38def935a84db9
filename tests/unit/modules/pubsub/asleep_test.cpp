// What a phone that sleeps finds of notifications when it resumes (XEP-0198).
#include "server/core/accounts/queued_events.h"
#include "server/core/accounts/session.h"
#include "server/core/events/undelivered_events.h"
#include "server/core/routing/router.h"
#include "tests/unit/modules/pubsub/pubsub_scene.h"

namespace clarion::pubsub {
namespace {

/// Juliet's balcony is a phone that sleeps, and hears of romeo's node.
struct Asleep : Scene {
    int told = 0;
    test::FakePort port;

    Asleep() {
        wishes()["juliet@example.net/balcony"] = {"n"};
        juliet->session().enable_sm(true, 0);
        phone().bus().on<events::Undelivered>(events::Undelivered::Stage::notify, "test",
                                              [this](events::Undelivered&) { ++told; });
        CHECK(publish(*romeo, "n", item("a", "awake"), "max_items", "max") == "ok");
        forget();
        world.run("juliet@example.net", [this](core::Core&) { return acknowledge(); });
        juliet->cut();
    }
    core::Core& phone() { return world.home_of("juliet@example.net"); }
    Task<> acknowledge() {
        core::StreamManagement& sm = *juliet->session().sm();
        CHECK(sm.on_ack(sm.sent()).ok());
        co_return;
    }
    core::Session& session() {
        return *world.account("juliet@example.net").find_session("balcony");
    }
    /// What it is sent when it resumes, in order.
    std::string resumed() {
        world.run("juliet@example.net", [this](core::Core&) { return resume(); });
        std::string text;
        while (port.pending() > 0) {
            const auto element = port.pop();
            const xml::Element& root = element.root();
            if (const auto* event = root.child(ns::pubsub_event, "event"))
                text += list(*event->first_child());
            else if (root.name() == "message")
                text += "'" + std::string(root.child_text(ns::client, "body")) + "' ";
        }
        return text;
    }
    Task<> resume() {
        core::Session& asleep = session();
        const auto done = co_await test::resume_session(asleep, port, asleep.sm()->acked());
        CHECK(done.ok());
    }
    void say(std::string_view text) {
        romeo->send("<message to='juliet@example.net' type='chat'><body>" + std::string(text) +
                    "</body></message>");
    }
    void publish_often(int times, std::string_view id) {
        for (int i = 1; i <= times; ++i)
            CHECK(publish(*romeo, "n", item(id, std::to_string(i))) == "ok");
    }
};

TEST_CASE_FIXTURE(Asleep, "asleep: of an item that is published again and again the newest waits") {
    publish_often(1, "a");
    const std::uint32_t bytes = session().sm()->unacked_bytes();
    publish_often(100, "a");
    CHECK(session().hibernation().queued() == 1);
    CHECK(session().sm()->unacked_bytes() < 2 * bytes);
    CHECK(told == 101);  // who counts what comes for it, as push does, counts each
    CHECK(resumed() == "a=100 ");
    CHECK(session().sm()->unacked_count() == 1);
}

TEST_CASE_FIXTURE(Asleep, "asleep: messages keep their order, and nothing passes a retraction") {
    say("one");
    publish_often(2, "a");
    say("two");
    publish_often(3, "a");
    CHECK(outcome(set(*romeo, "<retract node='n' notify='1'><item id='a'/></retract>")) == "ok");
    publish_often(4, "a");
    say("three");
    publish_often(5, "a");
    CHECK(session().hibernation().queued() == 6);
    CHECK(resumed() == "'one' a=3 'two' -a a=5 'three' ");
}

TEST_CASE_FIXTURE(Asleep, "asleep: what was written to a stream stays what it was") {
    publish_often(2, "a");
    CHECK(resumed() == "a=2 ");
    world.run("juliet@example.net", [this](core::Core&) -> Task<> {
        session().on_detached();
        co_return;
    });
    publish_often(3, "a");
    CHECK(session().hibernation().queued() == 2);
    port.drop_all();
    CHECK(resumed() == "a=2 a=3 ");
}

TEST_CASE_FIXTURE(Asleep, "asleep: after a crash in between the newer one is in its place") {
    publish_often(2, "a");
    world.storage().hold_commits();
    world.post("juliet@example.net", [](core::Core& core) {
        core.router().route(*Stanza::from_document(xml::parse_element(
            "<message from='romeo@example.org' to='juliet@example.net/balcony' type='headline'>"
            "<event xmlns='http://jabber.org/protocol/pubsub#event'><items node='n'>" +
                item("a", "crash") + "</items></event></message>",
            ns::client)));
    });
    world.run_shards();
    world.crash_while_held();
    CHECK(session().hibernation().queued() == 1);
    romeo = &world.log_in("romeo@example.org/orchard");
    publish_often(3, "a");
    // What it had before it does not touch any more; between them is the presence of romeo.
    CHECK(session().hibernation().queued() == 3);
    CHECK(resumed() == "a=crash a=3 ");
}

TEST_CASE_FIXTURE(Asleep, "asleep: a resumption brings the queue, and no last items") {
    say("one");
    CHECK(resumed() == "'one' ");
}

}  // namespace
}  // namespace clarion::pubsub
