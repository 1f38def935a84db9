#include "server/core/routing/inbound_window.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "server/core/options.h"
#include "server/core/routing/router.h"
#include "tests/support/world.h"

using namespace clarion;
using namespace clarion::core;

namespace {

/// A stream that notes which of its stanzas are settled.
struct FakeStream final : AckSink {
    void settle(std::uint32_t number, const StanzaError* error, const Origin&) override {
        window.settle(number);
        settled.push_back(std::to_string(number) + (error ? " failed" : ""));
    }
    void charge(std::uint32_t number, std::size_t bytes) override { window.charge(number, bytes); }
    InboundWindow window;
    std::vector<std::string> settled;
};

std::shared_ptr<Stanza> message(std::size_t bytes = 1) {
    auto made = Stanza::make(StanzaKind::message, StanzaType::chat, Jid::trusted("a@x.example"),
                             Jid::trusted("b@example.org"), "1");
    made->root().add_text_child("body", std::string(bytes, 'x'));
    return made;
}

}  // namespace

TEST_CASE("inbound window: a stanza counts until its last ticket goes") {
    test::World world;
    const auto stream = std::make_shared<FakeStream>();
    C2sOptions limits;
    limits.max_ack_window = 2;
    std::vector<Envelope> held;
    world.at("example.org", [&](Core& core) {
        CHECK(stream->window.has_room(limits));
        for (int i = 0; i < 2; ++i) held.push_back(stream->window.admit(core, stream, message()));
        CHECK(held[0].meta.received == core.clock().wall());
        CHECK_FALSE(stream->window.has_room(limits));
    });
    CHECK(stream->settled.empty());
    world.at("example.org", [&](Core&) {
        held[1].ticket.fail(fail("internal-server-error"));
        held.clear();
    });
    CHECK(stream->settled == std::vector<std::string>{"1", "2 failed"});
    CHECK(stream->window.has_room(limits));
}

TEST_CASE("inbound window: bytes count too") {
    test::World world;
    const auto stream = std::make_shared<FakeStream>();
    C2sOptions limits;
    limits.max_ack_window_bytes = 10000;
    world.at("example.org", [&](Core& core) {
        const Envelope small = stream->window.admit(core, stream, message());
        CHECK(stream->window.has_room(limits));
        const Envelope large = stream->window.admit(core, stream, message(10000));
        CHECK_FALSE(stream->window.has_room(limits));
    });
    CHECK(stream->window.has_room(limits));
}

TEST_CASE("inbound window: what a stanza causes counts with it") {
    test::World world;
    const auto stream = std::make_shared<FakeStream>();
    C2sOptions limits;
    limits.max_ack_window_bytes = 10000;
    world.at("example.org", [&](Core& core) {
        const Envelope small = stream->window.admit(core, stream, message());
        const WriteHold hold(core.shard(), small.ticket);
        const Envelope caused = core.router().envelope_for(message(5000));
        CHECK(caused.ticket);
        CHECK(caused.meta.received == core.clock().wall());
        CHECK(stream->window.has_room(limits));
        const Envelope more = core.router().envelope_for(message(5000));
        CHECK_FALSE(stream->window.has_room(limits));
    });
    CHECK(stream->window.has_room(limits));
    world.at("example.org",
             [&](Core& core) { CHECK_FALSE(core.router().envelope_for(message()).ticket); });
}

TEST_CASE("inbound window: what is refused counts as handled, behind what came before it") {
    test::World world;
    const auto stream = std::make_shared<FakeStream>();
    InboundWindow& window = stream->window;
    window.restore(0xffffffff);  // counts wrap
    CHECK(window.pass_over());
    CHECK(window.handled() == 0);
    CHECK(window.is_empty());
    world.at("example.org", [&](Core& core) {
        const Envelope open = window.admit(core, stream, message());
        CHECK_FALSE(window.pass_over());
        CHECK(window.received() == 2);
        CHECK(window.handled() == 0);
        CHECK(window.width() == 2);
        CHECK(window.open_count() == 1);
        CHECK_FALSE(window.is_handled(1));
    });
    CHECK(window.handled() == 2);
    CHECK(window.is_empty());
}

TEST_CASE("inbound window: behind a writer that lags, one stanza at a time") {
    test::World world({.config = "[storage]\nbacklog_limit = 1048576\n"});
    const auto stream = std::make_shared<FakeStream>();
    world.storage().hold_commits();
    world.post("example.org", [](Core& core) {
        core.storage().spool().put(core.shard().batch(), "x.example",
                                   {1, {}, std::string(1100000, 'x')});
    });
    world.run_shards();
    world.post("example.org", [&](Core& core) {
        CHECK(stream->window.keeps_pace(core));
        const Envelope one = stream->window.admit(core, stream, message());
        CHECK_FALSE(stream->window.keeps_pace(core));
    });
    world.run_shards();
    world.storage().release_commits();
    world.settle();
    world.at("example.org", [&](Core& core) { CHECK(stream->window.keeps_pace(core)); });
}

TEST_CASE("inbound window: what failed later is answered, unless it was an answer itself") {
    test::World world;
    world.at("example.org", [](Core& core) {
        const StanzaError error(StanzaErrorCondition::resource_constraint);
        AckSink::Origin origin{StanzaKind::iq, StanzaType::set, "7", Jid::trusted("a@x.example"),
                               Jid::trusted("b@example.org")};
        const auto answer = answer_failed(core, origin, error);
        REQUIRE(answer);
        CHECK(answer->from().full() == "b@example.org");
        CHECK(answer->to().full() == "a@x.example");
        CHECK(answer->id() == "7");
        CHECK(read_error(answer->root()).condition == StanzaErrorCondition::resource_constraint);
        for (const auto type : {StanzaType::result, StanzaType::error}) {
            origin.type = type;
            CHECK(answer_failed(core, origin, error) == nullptr);
        }
    });
}
