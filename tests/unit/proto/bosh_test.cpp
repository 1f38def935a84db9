#include "proto/bosh.h"

#include <doctest/doctest.h>

#include <map>
#include <string>
#include <vector>

#include "base/text.h"
#include "proto/bosh_body.h"
#include "proto/bosh_conversation.h"
#include "proto/crypto.h"
#include "proto/ns.h"
#include "proto/xml_writer.h"

using namespace clarion;
using namespace clarion::bosh;
using namespace std::chrono_literals;

namespace {

using Event = Conversation::Event;

std::string body(std::string_view attributes, std::string_view content = {}) {
    return "<body xmlns='http://jabber.org/protocol/httpbind' xmlns:xmpp='urn:xmpp:xbosh' " +
           std::string(attributes) +
           (content.empty() ? "/>" : ">" + std::string(content) + "</body>");
}

std::string message(std::string_view text) {
    return "<message xmlns='jabber:client'><body>" + std::string(text) + "</body></message>";
}

Terms usual_terms() {
    return {.sid = "the-sid",
            .from = "example.org",
            .max_wait = 60s,
            .inactivity = 30s,
            .polling = 5s,
            .max_pause = 120s,
            .max_hold = 2,
            .max_body = 10000,
            .max_answer = 1000};
}

constexpr std::string_view usual = "rid='100' to='example.org' wait='60' hold='1' ver='1.6'";

/// A session and its client: requests by number, answers by the number of their request.
struct Talk {
    explicit Talk(std::string_view attributes = usual, Terms terms = usual_terms())
        : conversation(make(attributes, std::move(terms))) {}

    /// Created, its stream's header read, answered with features.
    static Talk begun(std::string_view attributes = usual, Terms terms = usual_terms()) {
        Talk talk(attributes, std::move(terms));
        talk.read();
        talk.conversation.write("<stream:features xmlns:stream='x'/>");
        talk.settle();
        talk.created = talk.answer(1);
        talk.heard.clear();
        return talk;
    }

    Ticket request(std::uint64_t rid, std::string_view attributes = {},
                   std::string_view content = {}) {
        return send(body(
            "rid='" + std::to_string(rid) + "' sid='the-sid' " + std::string(attributes), content));
    }
    Ticket send(std::string text) {
        auto head = read_head(text);
        REQUIRE(head.ok());
        conversation.take(std::move(*head), std::move(text), ++ticket, now);
        return ticket;
    }
    /// Everything there is; what came is in `heard`.
    void read() {
        for (;;) {
            const Event event = conversation.next({});
            switch (event) {
                case Event::nothing: return;
                case Event::open: heard.emplace_back("open"); break;
                case Event::element:
                    heard.push_back(xml::to_string(conversation.take_element().root()));
                    break;
                case Event::terminate: heard.emplace_back("terminate"); return;
                case Event::malformed: heard.emplace_back("malformed"); return;
                case Event::refused: heard.emplace_back("refused"); return;
            }
        }
    }
    void settle() {
        conversation.settle(now);
        collect();
    }
    void turn() {
        read();
        settle();
    }
    void collect() {
        for (Answer& answer : conversation.take_answers()) {
            CHECK(!answers.contains(answer.ticket));  // each is answered once
            answers.emplace(answer.ticket, std::move(answer.reply));
        }
    }
    bool is_held(Ticket of) {
        collect();
        return !answers.contains(of);
    }
    std::string answer(Ticket of) {
        collect();
        return answers.contains(of) ? answers.at(of).body : "held";
    }
    unsigned status(Ticket of) {
        collect();
        return answers.contains(of) ? answers.at(of).status : 0;
    }

    SteadyTime now{std::chrono::hours(1)};
    Ticket ticket = 1;
    std::string created;
    std::vector<std::string> heard;
    std::map<Ticket, Reply> answers;
    Conversation conversation;

private:
    Conversation make(std::string_view attributes, Terms terms) const {
        std::string text = body(attributes);
        auto head = read_head(text);
        REQUIRE(head.ok());
        return Conversation(std::move(terms), std::move(*head), std::move(text), 1, now);
    }
};

bool has(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

const std::string empty_body = "<body xmlns='http://jabber.org/protocol/httpbind'/>";

std::string hash(std::string_view of) { return hex_encode(crypto::sha1(of)); }

}  // namespace

// ---- The head ----------------------------------------------------------------------------------

TEST_CASE("BOSH: the start tag of a request is read") {
    const auto head = read_head(
        body("rid='9007199254740991' sid='s' to='example.org' from='romeo@example.org' wait='60' "
             "hold='1' ver='1.6' content='text/html' ack='1' pause='9' key='k' newkey='n' "
             "xmpp:version='1.0' xmpp:restart='true' xml:lang='de' type='terminate' "
             "xml:space='preserve' secure='1' unknown='x'"));
    REQUIRE(head.ok());
    CHECK(head->rid == max_rid);
    CHECK(head->sid == "s");
    CHECK(head->to == "example.org");
    CHECK(head->from == "romeo@example.org");
    CHECK(head->wait == 60);
    CHECK(head->hold == 1);
    CHECK(head->version == Version{1, 6});
    CHECK(head->ack == 1);
    CHECK(head->pause == 9);
    CHECK(head->key == "k");
    CHECK(head->new_key == "n");
    CHECK(head->stream_version == "1.0");
    CHECK(head->lang == "de");
    CHECK(head->restarts);
    CHECK(head->terminates);
    CHECK(head->is_empty);
    CHECK(!head->is_legacy());
}

TEST_CASE("BOSH: what cannot be the start tag of a request is refused") {
    for (const std::string& text : {
             std::string(),
             std::string("POST"),
             std::string("<body rid='1'/>"),  // no namespace
             std::string("<html xmlns='http://jabber.org/protocol/httpbind' rid='1'/>"),
             std::string("<!DOCTYPE a []><body xmlns='http://jabber.org/protocol/httpbind' "
                         "rid='1'/>"),
             body(""),
             body("rid=''"),
             body("rid='0'"),
             body("rid='-1'"),
             body("rid=' 1'"),
             body("rid='x'"),
             body("rid='9007199254740992'"),
             body("rid='99999999999999999999'"),
             body("rid='1' wait='soon'"),
             body("rid='1' hold='-1'"),
             body("rid='1' pause=''"),
             body("rid='1' ver='1'"),
             body("rid='1' ver='1.x'"),
             body("rid='1' ack='y'"),
             body("rid='1' to='" + std::string(20000, 'x') + "'"),
         }) {
        CAPTURE(text.substr(0, 100));
        CHECK(!read_head(text).ok());
    }
}

TEST_CASE("BOSH: whether a request brings anything") {
    CHECK(read_head(body("rid='1'"))->only_polls());
    CHECK(read_head(body("rid='1'", " \n "))->only_polls());
    CHECK(!read_head(body("rid='1'", message("x")))->only_polls());
    CHECK(!read_head(body("rid='1' pause='5'"))->only_polls());
    CHECK(!read_head(body("rid='1' type='terminate'"))->only_polls());
    CHECK(!read_head(body("rid='1' xmpp:restart='1'"))->only_polls());
    CHECK(read_head("<?xml version='1.0'?>\n" + body("rid='1'"))->only_polls());
}

TEST_CASE("BOSH: answers are no pages of browsers, whatever is asked for") {
    CHECK(content_type("") == "text/xml; charset=utf-8");
    CHECK(content_type("text/html") == "text/xml; charset=utf-8");
    CHECK(content_type("image/svg+xml") == "text/xml; charset=utf-8");
    CHECK(content_type("Application/XML; charset=latin1") == "application/xml; charset=utf-8");
    CHECK(content_type("text/plain") == "text/plain; charset=utf-8");
    CHECK(Talk("rid='1' content='text/plain'").conversation.content_type() ==
          "text/plain; charset=utf-8");
}

// ---- What a body contains ----------------------------------------------------------------------

TEST_CASE("BOSH: payloads come one by one, in the namespace that the server expects") {
    BodyReader reader(body("rid='1'",
                           "<message><body>a</body></message> \n"
                           "<iq xmlns='jabber:client'><q xmlns='urn:q'/></iq>"
                           "<a xmlns='urn:xmpp:sm:3'/>"));
    std::vector<std::string> all;
    while (reader.next({}) == BodyReader::Event::element)
        all.push_back(xml::to_string(reader.take().root()));
    REQUIRE(all.size() == 3);
    CHECK(all[0] == "<message xmlns='jabber:client'><body>a</body></message>");
    CHECK(all[1] == "<iq xmlns='jabber:client'><q xmlns='urn:q'/></iq>");
    CHECK(all[2] == "<a xmlns='urn:xmpp:sm:3'/>");
    CHECK(reader.next({}) == BodyReader::Event::end);
    CHECK(reader.next({}) == BodyReader::Event::end);
}

TEST_CASE("BOSH: a body that is longer than what the parser is given at once") {
    std::string content;
    for (int i = 0; i < 2000; ++i) content += message(std::to_string(i));
    BodyReader reader(body("rid='1'", content));
    int count = 0;
    while (reader.next({}) == BodyReader::Event::element) {
        CHECK(reader.take().root().child_text(ns::client, "body") == std::to_string(count));
        ++count;
    }
    CHECK(count == 2000);
    CHECK(reader.next({}) == BodyReader::Event::end);
}

TEST_CASE("BOSH: what is no body, and what costs too much") {
    struct Row {
        const char* what;
        std::string text;
        BodyReader::Event end;
    };
    using Kind = BodyReader::Event;
    std::string deep, many, wide = "<a xmlns='x'";
    for (int i = 0; i < 70; ++i) deep += "<a xmlns='x'>";
    for (int i = 0; i < 3000; ++i) many += "<a/>";
    for (int i = 0; i < 200; ++i) wide += " a" + std::to_string(i) + "=''";
    for (const Row& row : {
             Row{"cut off", body("rid='1'", "<a>").substr(0, 80), Kind::malformed},
             Row{"never ends", "<body xmlns='http://jabber.org/protocol/httpbind' rid='1'><a/>",
                 Kind::malformed},
             Row{"crossed", body("rid='1'", "<a></b>"), Kind::malformed},
             Row{"text", body("rid='1'", "<a/>text"), Kind::malformed},
             Row{"comment", body("rid='1'", "<!-- a -->"), Kind::malformed},
             Row{"instruction", body("rid='1'", "<?a b?>"), Kind::malformed},
             Row{"entity", body("rid='1'", "<a>&nbsp;</a>"), Kind::malformed},
             Row{"prefix", body("rid='1'", "<x:a/>"), Kind::malformed},
             Row{"twice", body("rid='1'") + body("rid='2'"), Kind::malformed},
             Row{"another root", "<a rid='1'/>", Kind::malformed},
             Row{"deep", body("rid='1'", deep), Kind::refused},
             Row{"many", body("rid='1'", "<a>" + many + "</a>"), Kind::refused},
             Row{"wide", body("rid='1'", wide + "/>"), Kind::refused},
             Row{"long", body("rid='1'", "<a>" + std::string(20000, 'x') + "</a>"), Kind::refused},
         }) {
        CAPTURE(row.what);
        const xml::Limits limits{.max_stanza_bytes = 15000, .free_memory = 4096};
        BodyReader reader(row.text);
        BodyReader::Event event{};
        while ((event = reader.next(limits)) == Kind::element) (void)reader.take();
        CHECK(event == row.end);
        CHECK(!reader.error_text().empty());
        CHECK(reader.next(limits) == row.end);  // and so for ever
    }
}

// ---- A session begins --------------------------------------------------------------------------

TEST_CASE("BOSH: what is agreed on is said with the features") {
    Talk talk;
    talk.settle();
    CHECK(talk.is_held(1));  // there are no features yet
    CHECK(talk.conversation.next({}) == Event::open);
    CHECK(talk.conversation.header().to == "example.org");
    CHECK(talk.conversation.header().version == "1.0");
    CHECK(talk.conversation.header().content_ns == ns::client);
    talk.settle();
    CHECK(talk.is_held(1));
    talk.conversation.write("<stream:features xmlns:stream='http://etherx.jabber.org/streams'/>");
    talk.turn();
    const xml::Document answer = xml::parse_element(talk.answer(1));
    REQUIRE(!answer.empty());
    const xml::Element& root = answer.root();
    CHECK(root.is(ns::http_bind, "body"));
    CHECK(root.attr("sid") == "the-sid");
    CHECK(root.attr("wait") == "60");
    CHECK(root.attr("requests") == "2");
    CHECK(root.attr("hold") == "1");
    CHECK(root.attr("inactivity") == "30");
    CHECK(root.attr("polling") == "5");
    CHECK(root.attr("maxpause") == "120");
    CHECK(root.attr("ver") == "1.6");
    CHECK(root.attr("ack") == "100");
    CHECK(root.attr("from") == "example.org");
    CHECK(root.find_attr("version", ns::xbosh) == "1.0");
    CHECK(root.find_attr("restartlogic", ns::xbosh) == "true");
    CHECK(root.child(ns::streams, "features"));
    CHECK(has(talk.answer(1), " xmlns:stream='http://etherx.jabber.org/streams'"));
}

TEST_CASE("BOSH: the server's limits, where the client asks for more or for nothing") {
    const Talk greedy = Talk::begun("rid='1' wait='9999' hold='50' ver='7.0'");
    CHECK(has(greedy.created, " wait='60'"));
    CHECK(has(greedy.created, " hold='2'"));
    CHECK(has(greedy.created, " requests='3'"));
    CHECK(has(greedy.created, " ver='1.11'"));
    const Talk modest = Talk::begun("rid='1'");
    CHECK(has(modest.created, " wait='60'"));
    CHECK(has(modest.created, " hold='1'"));
    CHECK(!has(modest.created, " ver="));
    Terms terms = usual_terms();
    terms.max_pause = 0s;
    terms.polling = 0s;
    const Talk without = Talk::begun(usual, terms);
    CHECK(!has(without.created, "maxpause"));
    CHECK(!has(without.created, "polling"));
}

TEST_CASE("BOSH: a session that polls has one request at a time, and longer pauses") {
    for (const auto* what : {"rid='1' hold='0' wait='60'", "rid='1' hold='1' wait='0'"}) {
        Talk talk = Talk::begun(what);
        CHECK(has(talk.created, " inactivity='40'"));
        talk.now += 6s;
        const Ticket poll = talk.request(2);
        talk.turn();
        CHECK(talk.answer(poll) == empty_body);
    }
    CHECK(has(Talk::begun("rid='1' hold='0'").created, " requests='1'"));
}

// ---- Requests and answers ----------------------------------------------------------------------

TEST_CASE("BOSH: a request is held until there is something to say") {
    Talk talk = Talk::begun();
    const Ticket held = talk.request(101);
    talk.turn();
    CHECK(talk.is_held(held));
    talk.conversation.write(message("a"));
    talk.conversation.write(message("b"));
    talk.settle();
    CHECK(talk.answer(held) == "<body xmlns='http://jabber.org/protocol/httpbind'>" + message("a") +
                                   message("b") + "</body>");
}

TEST_CASE("BOSH: what is written while no request is held waits for the next one") {
    Talk talk = Talk::begun();
    talk.conversation.write(message("a"));
    talk.settle();
    CHECK(talk.conversation.unsent() == message("a").size());
    const Ticket next = talk.request(101);
    talk.turn();
    CHECK(has(talk.answer(next), "<body>a</body>"));
    CHECK(talk.conversation.unsent() == 0);
}

TEST_CASE("BOSH: a request is held no longer than agreed on") {
    Talk talk = Talk::begun("rid='100' wait='10' ver='1.6'");
    const Ticket held = talk.request(101);
    talk.turn();
    talk.now += 9s;
    talk.settle();
    CHECK(talk.is_held(held));
    talk.now += 1s;
    talk.settle();
    CHECK(talk.answer(held) == empty_body);
}

TEST_CASE("BOSH: no more requests are held than agreed on, and the oldest goes first") {
    for (const unsigned hold : {1U, 2U}) {
        Talk talk = Talk::begun("rid='100' ver='1.6' hold='" + std::to_string(hold) + "'");
        std::vector<Ticket> tickets;
        for (unsigned i = 0; i < hold + 1; ++i) {
            tickets.push_back(talk.request(101 + i, {}, message("x")));
            talk.turn();
        }
        CHECK(talk.answer(tickets[0]) == "<body xmlns='http://jabber.org/protocol/httpbind' ack='" +
                                             std::to_string(101 + hold) + "'/>");
        for (unsigned i = 1; i < hold + 1; ++i) CHECK(talk.is_held(tickets[i]));
    }
}

TEST_CASE("BOSH: an answer has what it may be long, and at least one stanza") {
    Talk talk = Talk::begun("rid='100' hold='2' ver='1.6'");
    for (const char* text : {"a", "b"}) talk.conversation.write(message(std::string(600, *text)));
    talk.conversation.write(message(std::string(5000, 'c')));
    const Ticket first = talk.request(101), second = talk.request(102);
    talk.turn();
    CHECK(has(talk.answer(first), "aaa"));
    CHECK(!has(talk.answer(first), "bbb"));
    CHECK(has(talk.answer(second), "bbb"));
    const Ticket third = talk.request(103);
    talk.turn();
    CHECK(has(talk.answer(third), "ccc"));
    CHECK(talk.conversation.unsent() == 0);
}

TEST_CASE("BOSH: a request is answered when it was read, or there is something to say") {
    Talk talk = Talk::begun("rid='100' wait='0' ver='1.6'");
    talk.now += 10s;
    const Ticket request = talk.request(101, {}, message("a"));
    talk.settle();
    CHECK(talk.is_held(request));  // its answer may become one of what it says
    CHECK(talk.conversation.next({}) == Event::element);
    talk.settle();
    CHECK(talk.is_held(request));
    talk.conversation.write(message("b"));
    talk.settle();
    CHECK(has(talk.answer(request), "<body>b</body>"));
}

TEST_CASE("BOSH: who is read no further is answered no further") {
    Terms terms = usual_terms();
    terms.max_body = 500;
    Talk talk = Talk::begun(usual, terms);
    std::uint64_t rid = 101;
    Ticket last = 0;
    for (; !talk.conversation.is_behind(); ++rid) {
        talk.conversation.write(message("x"));
        last = talk.request(rid, {}, message(std::string(400, 'a')));
        talk.settle();
        REQUIRE(rid < 110);
    }
    CHECK(talk.is_held(last));
    CHECK(talk.conversation.unread() > 1000);
    talk.turn();
    CHECK(has(talk.answer(last), "<body>x</body>"));
    CHECK(talk.conversation.unread() == 0);
}

TEST_CASE("BOSH: what requests say comes in the order of their numbers") {
    Talk talk = Talk::begun("rid='100' hold='2' ver='1.6'");
    const Ticket third = talk.request(103, {}, message("c"));
    const Ticket second = talk.request(102, {}, message("b"));
    talk.conversation.write(message("answer"));
    talk.turn();
    CHECK(talk.heard.empty());
    CHECK(talk.is_held(second));
    const Ticket first = talk.request(101, {}, message("a"));
    talk.turn();
    CHECK(talk.heard == std::vector{message("a"), message("b"), message("c")});
    CHECK(has(talk.answer(first), "<body>answer</body>"));
    CHECK(has(talk.answer(first), " ack='103'"));
    CHECK(talk.is_held(second));
    CHECK(talk.is_held(third));
}

TEST_CASE("BOSH: a number outside the window ends the session") {
    for (const std::uint64_t rid : {std::uint64_t{103}, std::uint64_t{1000}, max_rid}) {
        Talk talk = Talk::begun();
        const Ticket wrong = talk.request(rid);
        CHECK(talk.answer(wrong) == refusal(Condition::item_not_found, false).body);
        CHECK(has(talk.answer(wrong), "condition='item-not-found'"));
        CHECK(talk.conversation.is_over());
        CHECK(talk.conversation.failure() == Condition::item_not_found);
    }
}

TEST_CASE("BOSH: others that wait are told that one of them ended the session") {
    Talk talk = Talk::begun();
    const Ticket held = talk.request(101);
    talk.turn();
    const Ticket wrong = talk.request(500);
    CHECK(has(talk.answer(wrong), "condition='item-not-found'"));
    CHECK(has(talk.answer(held), "condition='other-request'"));
    CHECK(has(talk.answer(talk.request(102)), "condition='item-not-found'"));
}

TEST_CASE("BOSH: the same request again gets the same answer again") {
    Talk talk = Talk::begun();
    talk.conversation.write(message("a"));
    const Ticket first = talk.request(101, {}, message("x"));
    talk.turn();
    const Ticket again = talk.request(101, {}, message("x"));
    talk.turn();
    CHECK(talk.answer(again) == talk.answer(first));
    CHECK(has(talk.answer(again), "<body>a</body>"));
    CHECK(talk.heard == std::vector{message("x")});  // once
    const Ticket next = talk.request(102);
    talk.turn();
    CHECK(talk.is_held(next));
}

TEST_CASE("BOSH: as many answers are kept as there may be requests") {
    Talk talk = Talk::begun();
    for (std::uint64_t rid = 101; rid < 104; ++rid) {
        talk.conversation.write(message("x"));
        talk.request(rid);
        talk.turn();
    }
    CHECK(has(talk.answer(talk.request(102)), "<body>x</body>"));
    CHECK(has(talk.answer(talk.request(101)), "condition='item-not-found'"));
    CHECK(talk.conversation.is_over());
}

TEST_CASE("BOSH: answers that the client has are not kept") {
    Talk talk = Talk::begun("rid='100' hold='2' ack='1' ver='1.6'");
    for (std::uint64_t rid = 101; rid < 103; ++rid) {
        talk.conversation.write(message("x"));
        talk.request(rid);
        talk.turn();
    }
    talk.request(103, "ack='101'");
    talk.turn();
    CHECK(has(talk.answer(talk.request(102)), "<body>x</body>"));
    CHECK(has(talk.answer(talk.request(101)), "condition='item-not-found'"));
}

TEST_CASE("BOSH: a request that is held, sent again, takes the place of the one before") {
    Talk talk = Talk::begun("rid='100' wait='10' ver='1.6'");
    const Ticket first = talk.request(101);
    talk.turn();
    talk.now += 8s;
    const Ticket again = talk.request(101);
    talk.turn();
    CHECK(talk.answer(first) == recoverable_error().body);
    CHECK(has(talk.answer(first), "type='error'"));
    talk.now += 8s;
    talk.settle();
    CHECK(talk.is_held(again));  // its own time counts
    talk.conversation.write(message("a"));
    talk.settle();
    CHECK(has(talk.answer(again), "<body>a</body>"));
}

TEST_CASE("BOSH: one that came too early may come again, too") {
    Talk talk = Talk::begun("rid='100' hold='2' ver='1.6'");
    const Ticket early = talk.request(102, {}, message("b"));
    const Ticket again = talk.request(102, {}, message("b"));
    CHECK(talk.answer(early) == recoverable_error().body);
    talk.request(101, {}, message("a"));
    talk.turn();
    CHECK(talk.heard == std::vector{message("a"), message("b")});
    CHECK(talk.is_held(again));
}

TEST_CASE("BOSH: the same number with other words ends the session") {
    SUBCASE("answered") {
        Talk talk = Talk::begun();
        talk.conversation.write(message("x"));
        talk.request(101, {}, message("a"));
        talk.turn();
        CHECK(has(talk.answer(talk.request(101, {}, message("b"))), "policy-violation"));
        CHECK(talk.conversation.is_over());
    }
    SUBCASE("held") {
        Talk talk = Talk::begun();
        talk.request(101, {}, message("a"));
        talk.turn();
        CHECK(has(talk.answer(talk.request(101)), "policy-violation"));
    }
    SUBCASE("early") {
        Talk talk = Talk::begun();
        talk.request(102, {}, message("a"));
        CHECK(has(talk.answer(talk.request(102)), "policy-violation"));
    }
}

// ---- Clients that are away ---------------------------------------------------------------------

TEST_CASE("BOSH: nothing is answered to a client that is gone") {
    Talk talk = Talk::begun();
    const Ticket lost = talk.request(101);
    talk.turn();
    talk.conversation.gone(lost, talk.now);
    talk.conversation.write(message("a"));
    talk.settle();
    CHECK(talk.is_held(lost));
    CHECK(talk.conversation.unsent() > 0);
    const Ticket again = talk.request(101);
    talk.turn();
    CHECK(has(talk.answer(again), "<body>a</body>"));
    CHECK(talk.is_held(lost));
}

TEST_CASE("BOSH: if it goes on without asking again, the next one gets what there is") {
    Talk talk = Talk::begun();
    talk.conversation.gone(talk.request(101), talk.now);
    talk.turn();
    const Ticket next = talk.request(102);
    talk.conversation.write(message("a"));
    talk.turn();
    CHECK(has(talk.answer(next), "<body>a</body>"));
    CHECK(has(talk.answer(talk.request(101)), " ack='102'/>"));  // what it would have got
}

TEST_CASE("BOSH: a client without a request is lost after a while") {
    Talk talk = Talk::begun();
    talk.now += 29s;
    CHECK(!talk.conversation.is_lost(talk.now));
    talk.now += 1s;
    CHECK(talk.conversation.is_lost(talk.now));

    Talk held = Talk::begun();
    const Ticket request = held.request(101);
    held.turn();
    held.now += 59s;
    CHECK(!held.conversation.is_lost(held.now));
    held.conversation.gone(request, held.now);
    CHECK(!held.conversation.is_lost(held.now));
    held.now += 30s;
    CHECK(held.conversation.is_lost(held.now));
}

TEST_CASE("BOSH: a gap that is never closed does not keep a session") {
    Talk talk = Talk::begun("rid='100' hold='2' ver='1.6'");
    talk.request(102);
    talk.turn();
    talk.now += 31s;
    talk.settle();
    CHECK(talk.conversation.is_lost(talk.now));
}

TEST_CASE("BOSH: a pause lets go of all requests, and lasts as long as it says") {
    Talk talk = Talk::begun();
    const Ticket held = talk.request(101);
    talk.turn();
    const Ticket pause = talk.request(102, "pause='100'");
    talk.turn();
    CHECK(has(talk.answer(held), "<body"));
    CHECK(talk.answer(pause) == empty_body);
    talk.now += 99s;
    CHECK(!talk.conversation.is_lost(talk.now));
    const Ticket back = talk.request(103);
    talk.turn();
    CHECK(talk.is_held(back));
    talk.conversation.gone(back, talk.now);
    talk.now += 31s;
    CHECK(talk.conversation.is_lost(talk.now));  // the pause is over
}

TEST_CASE("BOSH: the answer to a pause carries nothing, and may be one request more") {
    Talk talk = Talk::begun();
    const Ticket first = talk.request(101, {}, message("x")),
                 second = talk.request(102, {}, "<a/>");
    const Ticket pause = talk.request(103, "pause='50'", message("y"));
    talk.conversation.write(message("a"));
    talk.turn();
    CHECK(has(talk.answer(first), "<body>a</body>"));
    CHECK(!talk.is_held(second));
    CHECK(talk.answer(pause) == empty_body);
    CHECK(talk.heard.back() == message("y"));
    talk.conversation.write(message("b"));
    talk.settle();
    CHECK(talk.conversation.unsent() > 0);
}

TEST_CASE("BOSH: a pause that is too long ends the session") {
    Talk talk = Talk::begun();
    CHECK(has(talk.answer(talk.request(101, "pause='121'")), "policy-violation"));
    Terms terms = usual_terms();
    terms.max_pause = 0s;
    Talk none = Talk::begun(usual, terms);
    CHECK(has(none.answer(none.request(101, "pause='1'")), "policy-violation"));
}

// ---- Too much ----------------------------------------------------------------------------------

TEST_CASE("BOSH: more requests at a time than allowed end the session") {
    Talk talk = Talk::begun();
    const Ticket first = talk.request(101, {}, message("a"));
    const Ticket second = talk.request(102, {}, message("b"));
    const Ticket third = talk.request(103, {}, message("c"));
    CHECK(has(talk.answer(third), "policy-violation"));
    CHECK(has(talk.answer(first), "other-request"));
    CHECK(has(talk.answer(second), "other-request"));
}

TEST_CASE("BOSH: asking for nothing again and again ends the session") {
    SUBCASE("while a request is held") {
        Talk talk = Talk::begun();
        talk.request(101);
        talk.turn();
        talk.now += 1s;
        CHECK(has(talk.answer(talk.request(102)), "policy-violation"));
    }
    SUBCASE("but not after a while, or with something to say") {
        Talk talk = Talk::begun();
        const Ticket held = talk.request(101);
        talk.turn();
        talk.now += 5s;
        talk.request(102);
        talk.turn();
        CHECK(!talk.is_held(held));
        talk.request(103, {}, message("x"));
        talk.turn();
        talk.request(104, {}, message("y"));
        talk.turn();
        CHECK(!talk.conversation.is_over());
    }
    SUBCASE("by a client that polls") {
        Talk talk = Talk::begun("rid='100' wait='0' ver='1.6'");
        talk.now += 10s;
        talk.request(101);
        talk.turn();
        talk.now += 2s;
        CHECK(has(talk.answer(talk.request(102)), "policy-violation"));
    }
    SUBCASE("but not by one that got something") {
        Talk talk = Talk::begun("rid='100' wait='0' ver='1.6'");
        talk.now += 10s;
        talk.conversation.write(message("a"));
        talk.request(101);
        talk.turn();
        talk.now += 2s;
        talk.request(102);
        talk.turn();
        CHECK(!talk.conversation.is_over());
    }
}

// ---- Keys --------------------------------------------------------------------------------------

TEST_CASE("BOSH: each request proves that it is the client's, if that wants it") {
    const std::string k1 = hash("seed"), k2 = hash(k1), k3 = hash(k2);
    const std::string upper = "rid='100' ver='1.6' newkey='" + k3 + "'";
    SUBCASE("right") {
        Talk talk = Talk::begun(upper);
        const std::string n1 = hash("other"), n2 = hash(n1);
        talk.request(101, "key='" + k2 + "'", message("a"));
        talk.turn();
        talk.request(102, "key='" + k1 + "' newkey='" + n2 + "'", message("b"));
        talk.turn();
        talk.request(103, "key='" + n1 + "'", message("c"));
        talk.turn();
        CHECK(talk.heard.size() == 3);
        CHECK(!talk.conversation.is_over());
    }
    SUBCASE("in order, however they come") {
        Talk talk = Talk::begun(upper);
        talk.request(102, "key='" + k1 + "'");
        talk.request(101, "key='" + k2 + "'", message("a"));
        talk.turn();
        CHECK(!talk.conversation.is_over());
    }
    SUBCASE("wrong") {
        Talk talk = Talk::begun(upper);
        const Ticket request = talk.request(101, "key='" + k1 + "'", message("a"));
        talk.turn();
        CHECK(has(talk.answer(request), "item-not-found"));
        CHECK(talk.heard.empty());
    }
    SUBCASE("missing") {
        Talk talk = Talk::begun(upper);
        CHECK(has(talk.answer(talk.request(101)), "item-not-found"));
    }
}

// ---- Streams -----------------------------------------------------------------------------------

TEST_CASE("BOSH: the stream restarts, and what else such a request says is not heard") {
    Talk talk = Talk::begun(
        "rid='100' to='example.org' from='romeo@example.org' xml:lang='de' "
        "ver='1.6'");
    const Ticket request =
        talk.request(101, "xmpp:restart='true' to='example.org' xml:lang='fr'", message("x"));
    talk.read();
    CHECK(talk.heard == std::vector<std::string>{"open"});
    CHECK(talk.conversation.header().to == "example.org");
    CHECK(talk.conversation.header().from == "romeo@example.org");
    CHECK(talk.conversation.header().lang == "fr");
    talk.conversation.write("<stream:features xmlns:stream='x'/>");
    talk.settle();
    CHECK(has(talk.answer(request), "<stream:features"));
    CHECK(!has(talk.answer(request), "sid="));
}

TEST_CASE("BOSH: stanzas have the language of their session") {
    Talk talk = Talk::begun("rid='100' xml:lang='de' ver='1.6'");
    talk.request(101, {}, message("a") + "<message xml:lang='fr'/><a xmlns='urn:a'/>");
    talk.turn();
    REQUIRE(talk.heard.size() == 3);
    CHECK(has(talk.heard[0], "xml:lang='de'"));
    CHECK(has(talk.heard[1], "xml:lang='fr'"));
    CHECK(!has(talk.heard[2], "xml:lang"));
    Talk odd = Talk::begun("rid='100' xml:lang='" + std::string(200, 'x') + "'");
    CHECK(odd.conversation.header().lang.empty());
}

TEST_CASE("BOSH: what is no XML, and what is too large, is told behind what came before") {
    Talk broken = Talk::begun();
    broken.request(101, {}, message("a") + "<b>");
    broken.turn();
    CHECK(broken.heard == std::vector<std::string>{message("a"), "malformed"});
    CHECK(!broken.conversation.error_text().empty());
    Talk large = Talk::begun();
    large.request(101, {}, message("a") + message(std::string(300000, 'x')));
    large.turn();
    CHECK(large.heard == std::vector<std::string>{message("a"), "refused"});
}

// ---- The end -----------------------------------------------------------------------------------

TEST_CASE("BOSH: the client ends the session, with last words") {
    Talk talk = Talk::begun();
    const Ticket held = talk.request(101);
    talk.turn();
    const Ticket last = talk.request(102, "type='terminate'", "<presence type='unavailable'/>");
    talk.read();
    CHECK(talk.heard == std::vector<std::string>{
                            "<presence xmlns='jabber:client' type='unavailable'/>", "terminate"});
    talk.conversation.write(message("a"));
    talk.conversation.end(std::nullopt, {}, talk.now);
    CHECK(has(talk.answer(held), "type='terminate'"));
    CHECK(!has(talk.answer(held), "condition"));
    CHECK(has(talk.answer(held), "<body>a</body>"));
    CHECK(talk.answer(last) == empty_body);
    CHECK(talk.conversation.is_over());
    CHECK(!talk.conversation.has_last_words());
    CHECK(!talk.conversation.failure());
}

TEST_CASE("BOSH: an error of the stream is within the answer, behind what was written") {
    Talk talk = Talk::begun();
    const Ticket held = talk.request(101);
    talk.turn();
    talk.conversation.write(message("a"));
    talk.conversation.end(Condition::remote_stream_error,
                          "<stream:error xmlns:stream='http://etherx.jabber.org/streams'/>",
                          talk.now);
    const std::string answer = talk.answer(held);
    CHECK(has(answer, "type='terminate' condition='remote-stream-error'"));
    CHECK(has(answer, "xmlns:stream='http://etherx.jabber.org/streams'"));
    CHECK(answer.find("<body>a</body>") < answer.find("<stream:error"));
    CHECK(talk.conversation.next({}) == Event::nothing);
}

TEST_CASE("BOSH: a client without a request hears the end with its next one") {
    Talk talk = Talk::begun();
    talk.conversation.end(Condition::system_shutdown, {}, talk.now);
    CHECK(talk.conversation.is_over());
    CHECK(talk.conversation.has_last_words());
    CHECK(!talk.conversation.is_lost(talk.now));
    CHECK(has(talk.answer(talk.request(101)), "condition='system-shutdown'"));
    CHECK(!talk.conversation.has_last_words());
    CHECK(has(talk.answer(talk.request(102)), "condition='item-not-found'"));

    Talk away = Talk::begun();
    away.conversation.end(Condition::system_shutdown, {}, away.now);
    away.now += 30s;
    CHECK(away.conversation.is_lost(away.now));
}

TEST_CASE("BOSH: a server that stops and is resumed later says nothing") {
    Talk talk = Talk::begun();
    const Ticket held = talk.request(101);
    talk.turn();
    talk.conversation.write(message("a"));
    talk.conversation.abandon();
    CHECK(talk.status(held) == 503);
    CHECK(talk.answer(held).empty());
    CHECK(talk.conversation.is_over());
}

TEST_CASE("BOSH: clients older than conditions get errors of HTTP, where those existed") {
    struct Row {
        Condition condition;
        unsigned status;
    };
    for (const auto& [condition, status] :
         {Row{Condition::bad_request, 400}, Row{Condition::policy_violation, 403},
          Row{Condition::item_not_found, 404}, Row{Condition::host_unknown, 200},
          Row{Condition::remote_stream_error, 200}}) {
        CAPTURE(name(condition));
        CHECK(refusal(condition, true).status == status);
        CHECK(refusal(condition, true).body.empty() == (status != 200));
        CHECK(refusal(condition, false).status == 200);
        CHECK(has(refusal(condition, false).body,
                  "condition='" + std::string(name(condition)) + "'"));
    }
    for (const auto& [attributes, status] :
         {std::pair{"rid='100'", 404U}, std::pair{"rid='100' ver='1.5'", 404U},
          std::pair{"rid='100' ver='1.6'", 200U}, std::pair{"rid='100' ver='1.10'", 200U}}) {
        Talk talk = Talk::begun(attributes);
        CHECK(talk.status(talk.request(500)) == status);
    }
}
