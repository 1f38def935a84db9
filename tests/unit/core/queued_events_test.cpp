#include "server/core/accounts/queued_events.h"

#include <doctest/doctest.h>

#include <string>

#include "proto/ns.h"

using namespace clarion;
using namespace clarion::core;

namespace {

Envelope message(const std::string& inside, const std::string& from = "romeo@example.org",
                 const std::string& type = "headline") {
    auto parsed = Stanza::from_document(
        xml::parse_element("<message from='" + from + "' to='juliet@example.net/balcony' type='" +
                               type + "'>" + inside + "</message>",
                           ns::client));
    REQUIRE(parsed.ok());
    Envelope envelope;
    envelope.stanza = std::move(*parsed);
    return envelope;
}

std::string event(const std::string& inside) {
    return "<event xmlns='http://jabber.org/protocol/pubsub#event'>" + inside + "</event>";
}

std::string items(const std::string& node, const std::string& inside) {
    return event("<items node='" + node + "'>" + inside + "</items>");
}

std::string one(const std::string& item, const std::string& node = "n") {
    return items(node, "<item id='" + item + "'><p xmlns='urn:p'/></item>");
}

/// Their places, in a queue that begins empty: "0 1 0" for two and one in the place of the first.
struct Queue {
    QueuedEvents events{};
    std::uint32_t length = 0;
    std::string places{};

    std::uint32_t join(const Envelope& envelope) {
        const NodeEvent read = read_node_event(*envelope.stanza);
        const auto older = read.node.empty() ? std::nullopt : events.admit(envelope, read, length);
        const std::uint32_t place = older ? older->place : length++;
        places += (places.empty() ? "" : " ") + std::to_string(place);
        return older ? older->cost : 0;
    }
    Queue& operator<<(const std::string& inside) {
        join(message(inside));
        return *this;
    }
};

TEST_CASE("queued events: what a message says of a node") {
    const struct {
        std::string inside, node, item;
    } cases[] = {
        {one("a"), "n", "a"},
        {one("a") + "<delay xmlns='urn:xmpp:delay' stamp='2026-01-01T00:00:00Z'/>", "n", "a"},
        {one("a") + "<headers xmlns='http://jabber.org/protocol/shim'/>", "n", ""},
        {one("a") + "<body>x</body>", "n", ""},
        {items("n", "<item id='a'/><item id='b'/>"), "n", ""},
        {items("n", "<item/>"), "n", ""},
        {items("n", "<retract id='a'/>"), "n", ""},
        {event("<purge node='n'/>"), "n", ""},
        {event("<delete node='n'/>"), "n", ""},
        {event("<configuration node='n'/>"), "n", ""},
        {event(""), "", ""},
        {"<body>x</body>", "", ""},
        {"<x xmlns='urn:x'>" + one("a") + "</x>", "", ""},
    };
    for (const auto& c : cases) {
        INFO(c.inside);
        const Envelope envelope = message(c.inside);
        const NodeEvent read = read_node_event(*envelope.stanza);
        CHECK(read.node == c.node);
        CHECK(read.item == c.item);
    }
    const Envelope error = message(one("a"), "romeo@example.org", "error");
    CHECK(read_node_event(*error.stanza).node.empty());
}

TEST_CASE("queued events: the newest state of an item stands where the older one stood") {
    Queue queue;
    queue << one("a") << "<body>x</body>" << one("a") << one("a");
    CHECK(queue.places == "0 1 0 0");
    CHECK(queue.length == 2);
}

TEST_CASE("queued events: what was replaced is told with what it cost") {
    Queue queue;
    const Envelope first = message(
        items("n", "<item id='a'><p xmlns='urn:p'>" + std::string(500, 'x') + "</p></item>"));
    const Envelope second = message(one("a"));
    CHECK(queue.join(first) == 0);
    CHECK(queue.join(second) == first.stanza->cost());
    CHECK(queue.join(first) == second.stanza->cost());
}

TEST_CASE("queued events: nothing passes what else was said of the node") {
    for (const std::string& between :
         {one("b"), items("n", "<retract id='a'/>"), event("<purge node='n'/>"),
          event("<delete node='n'/>"), event("<configuration node='n'/>"),
          items("n", "<item id='b'/><item id='c'/>")}) {
        INFO(between);
        Queue queue;
        queue << one("a") << between << one("a") << one("a");
        CHECK(queue.places == "0 1 2 2");
    }
}

TEST_CASE("queued events: nodes and whose they are are told apart") {
    Queue queue;
    queue << one("a") << one("a", "m");
    queue.join(message(one("a"), "juliet@example.net"));
    queue << one("a") << one("a", "m");
    CHECK(queue.places == "0 1 2 0 1");
    queue << event("<delete node='m'/>") << one("a");
    CHECK(queue.places == "0 1 2 0 1 3 0");
}

TEST_CASE("queued events: what others keep too, or is no headline, keeps its own place") {
    Queue queue;
    queue << one("a");
    queue.join(message(one("a"), "romeo@example.org", "normal"));
    queue << one("a");
    Envelope spooled = message(one("a"));
    spooled.meta.spooled = true;
    queue.join(spooled);
    queue << one("a");
    CHECK(queue.places == "0 1 2 3 4");
}

TEST_CASE("queued events: so many nodes are known of one session") {
    Queue queue;
    for (std::size_t i = 0; i <= QueuedEvents::max_nodes; ++i)
        queue << one("a", "n" + std::to_string(i));
    CHECK(queue.events.size() == QueuedEvents::max_nodes);
    queue.places.clear();
    queue << one("a", "n" + std::to_string(QueuedEvents::max_nodes)) << one("a", "n0");
    CHECK(queue.places == std::to_string(QueuedEvents::max_nodes) + " " +
                              std::to_string(QueuedEvents::max_nodes + 1));
}

}  // namespace
