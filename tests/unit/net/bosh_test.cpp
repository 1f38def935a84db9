#include "server/net/http/bosh_endpoint.h"

#include <doctest/doctest.h>

#include "proto/ns.h"
#include "proto/xml.h"
#include "server/core/accounts/account_directory.h"
#include "server/core/accounts/session.h"
#include "server/net/http/http_exchange.h"
#include "tests/unit/net/wire.h"

using namespace clarion;
using namespace std::chrono_literals;
using clarion::test::insecure;
using clarion::test::Wire;
using clarion::test::WireClient;

namespace {

using Exchange = std::shared_ptr<net::HttpExchange>;

bool has(std::string_view text, std::string_view part) {
    return text.find(part) != std::string_view::npos;
}

/// A browser, so to say: requests of one session, each on a connection that a shard accepted.
class BoshClient {
public:
    explicit BoshClient(Wire& wire, unsigned shard = 0) : wire_(wire), shard_(shard) {}

    core::HttpPeer peer{.address = "192.0.2.1", .network = "192.0.2.1"};
    std::string sid;
    std::uint64_t rid = 1000;

    /// The next one comes to that shard.
    void use_shard(unsigned shard) { shard_ = shard; }

    Exchange post(std::string body) {
        core::HttpRequest request;
        request.method = "POST";
        request.path = "/http-bind";
        request.body = std::move(body);
        request.peer = peer;
        auto exchange = std::make_shared<net::HttpExchange>(std::move(request), [] {});
        net::ShardNet& net = *wire_.nets[shard_];
        net.context().shards().post(shard_, [&net, exchange] { net::begin_bosh(net, exchange); });
        return exchange;
    }
    Exchange post_again(std::string_view attributes = {}, std::string_view content = {}) {
        std::string body =
            "<body xmlns='http://jabber.org/protocol/httpbind' "
            "xmlns:xmpp='urn:xmpp:xbosh' rid='" +
            std::to_string(rid) + "' ";
        if (!sid.empty()) body += "sid='" + sid + "' ";
        body.append(attributes).append(">").append(content).append("</body>");
        return post(std::move(body));
    }
    Exchange send(std::string_view attributes = {}, std::string_view content = {}) {
        ++rid;
        return post_again(attributes, content);
    }
    /// The answer, when it has come.
    core::HttpResponse response(const Exchange& exchange) {
        wire_.run_until([&exchange] { return exchange->has_response(); });
        return *exchange->take_response();
    }
    std::string answer(const Exchange& exchange) {
        return std::get<std::string>(response(exchange).body);
    }
    std::string ask(std::string_view attributes, std::string_view content = {}) {
        return answer(send(attributes, content));
    }
    /// Asks until that was said.
    std::string expect(std::string_view text) {
        for (int i = 0; i < 10; ++i) {
            std::string got = ask({});
            if (has(got, text)) return got;
        }
        throw std::runtime_error("it did not come: " + std::string(text));
    }

    /// What a session is asked for with.
    std::string terms = "to='example.org' ver='1.6' wait='60' hold='1' xmpp:version='1.0'";

    std::string begin() {
        std::string got = ask(terms);
        if (const auto answer = xml::parse_element(got); !answer.empty())
            sid = answer.root().attr("sid");
        return got;
    }
    void authenticate(const std::string& user) {
        begin();
        const std::string got = ask({}, WireClient::plain(user, "secret"));
        if (!has(got, "<success ")) throw std::runtime_error("not logged in: " + got);
        ask("xmpp:restart='true' to='example.org'");
    }
    void log_in(const std::string& user, const std::string& resource = "r") {
        authenticate(user);
        const std::string got =
            ask({},
                "<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>"
                "<resource>" +
                    resource + "</resource></bind></iq>");
        if (!has(got, "<jid>")) throw std::runtime_error("not bound: " + got);
    }

private:
    Wire& wire_;
    unsigned shard_;
};

std::string chat(std::string_view to, std::string_view text) {
    return "<message xmlns='jabber:client' type='chat' to='" + std::string(to) + "'><body>" +
           std::string(text) + "</body></message>";
}

core::Session* session_of(Wire& wire, std::string_view jid) {
    const Jid full = Jid::trusted(jid);
    const auto account = wire.world.home_of(full.bare()).accounts().find(std::string(full.bare()));
    return account ? account->find_session(full.resource()) : nullptr;
}

void advance(Wire& wire, int seconds) {
    for (int i = 0; i < seconds; ++i) wire.advance(1s);
}

struct Verona {
    explicit Verona(const std::string& config = {}) : wire(insecure + config) {
        wire.world.add_account("romeo@example.org", "secret");
        wire.world.add_account("juliet@example.org", "secret");
    }
    Wire wire;
};

}  // namespace

TEST_SUITE("net/bosh") {
    TEST_CASE("a client logs in, on whichever shard its requests arrive, and talks") {
        for (const unsigned shard : {0U, 1U}) {
            Verona verona;
            BoshClient romeo(verona.wire, shard);
            const std::string created = romeo.begin();
            CHECK(has(created, "<mechanism>PLAIN</mechanism>"));
            CHECK(!has(created, "starttls"));
            CHECK(has(created, " from='example.org'"));
            CHECK(has(romeo.ask({}, WireClient::plain("romeo", "secret")), "<success "));
            romeo.use_shard(1 - shard);
            CHECK(has(romeo.ask("xmpp:restart='true' to='example.org'"), "<bind "));
            CHECK(has(romeo.ask({},
                                "<iq type='set' id='b'>"
                                "<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>"
                                "<resource>orchard</resource></bind></iq>"),
                      "<jid>romeo@example.org/orchard</jid>"));
            WireClient juliet(verona.wire, verona.wire.listen("c2s"));
            juliet.log_in("juliet", "balcony");

            juliet.send(chat("romeo@example.org/orchard", "early"));
            verona.wire.settle();
            CHECK(has(romeo.ask({}), "<body>early</body>"));
            const Exchange held = romeo.send();
            verona.wire.settle();
            CHECK(!held->has_response());
            juliet.send(chat("romeo@example.org/orchard", "hello"));
            const std::string got = romeo.answer(held);
            CHECK(has(got, "<message xmlns='jabber:client' "));
            CHECK(has(got, "<body>hello</body>"));
            romeo.use_shard(shard);
            const Exchange waits = romeo.send({}, chat("juliet@example.org/balcony", "good night"));
            CHECK(has(juliet.expect("</message>"), "<body>good night</body>"));
            CHECK(!waits->has_response());
        }
    }

    TEST_CASE("answers are XML that pages of any site may read") {
        Verona verona;
        BoshClient romeo(verona.wire);
        const core::HttpResponse response = romeo.response(romeo.send("to='example.org'"));
        CHECK(response.status == 200);
        bool typed = false, open = false;
        for (const auto& [name, value] : response.fields) {
            typed |= name == "Content-Type" && value == "text/xml; charset=utf-8";
            open |= name == "Access-Control-Allow-Origin" && value == "*";
        }
        CHECK(typed);
        CHECK(open);
    }

    TEST_CASE("everything of a login in as few requests as can be") {
        Verona verona;
        for (const unsigned shard : {0U, 1U}) {
            BoshClient romeo(verona.wire, shard);
            romeo.begin();
            const std::string first = romeo.ask({}, WireClient::plain("romeo", "secret"));
            CHECK(has(first, "<success "));
            romeo.ask("xmpp:restart='true'", "<ignored/>");
            const std::string bound = romeo.ask(
                {},
                "<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>"
                "<iq type='get' id='q'><query xmlns='urn:example:none'/></iq>");
            std::string all = bound;
            if (!has(all, "id='q'")) all += romeo.expect("id='q'");
            CHECK(all.find("<jid>") < all.find("id='q'"));
        }
    }

    TEST_CASE("what is no request, and what there is no session for") {
        Verona verona;
        BoshClient romeo(verona.wire);
        CHECK(has(romeo.answer(romeo.post("")), "condition='bad-request'"));
        CHECK(has(romeo.answer(romeo.post("<body rid='1'/>")), "condition='bad-request'"));
        for (const char* sid : {"x", "0-x", "1-x", "2-x", "-1-x", "99999999999999999999-x"}) {
            romeo.sid = sid;
            CHECK(has(romeo.ask({}), "condition='item-not-found'"));
        }
        romeo.sid.clear();
        CHECK(has(romeo.ask("ver='1.6'"), "condition='improper-addressing'"));
        CHECK(has(romeo.ask("ver='1.6' to='elsewhere.example'"), "condition='host-unknown'"));
        CHECK(verona.wire.connections() == 0);
    }

    TEST_CASE("the same request again, and one that is out of order") {
        Verona verona;
        BoshClient romeo(verona.wire);
        romeo.terms = "to='example.org' hold='2' ver='1.6'";
        romeo.log_in("romeo");
        const std::string first = romeo.ask({}, chat("romeo@example.org/r", "note"));
        CHECK(has(first, "<body>note</body>"));
        CHECK(romeo.answer(romeo.post_again({}, chat("romeo@example.org/r", "note"))) == first);
        const Exchange held = romeo.send();
        verona.wire.settle();
        CHECK(!held->has_response());  // it was not sent twice

        romeo.rid += 2;
        const Exchange early = romeo.post_again({}, chat("romeo@example.org/r", "second"));
        romeo.rid -= 1;
        verona.wire.settle();
        CHECK(!early->has_response());
        romeo.post_again({}, chat("romeo@example.org/r", "first"));
        const std::string got = romeo.answer(held);
        CHECK(got.find("first") < got.find("second"));

        romeo.rid += 100;
        CHECK(has(romeo.answer(romeo.post_again()), "condition='item-not-found'"));
        CHECK(has(romeo.answer(early), "condition='other-request'"));
        verona.wire.run_until([&] { return verona.wire.connections() == 0; });
        CHECK(!session_of(verona.wire, "romeo@example.org/r"));
    }

    TEST_CASE("a request is held for as long as was agreed on") {
        Verona verona;
        BoshClient romeo(verona.wire);
        romeo.terms = "to='example.org' wait='20' ver='1.6'";
        CHECK(has(romeo.begin(), " wait='20'"));
        const Exchange held = romeo.send();
        advance(verona.wire, 18);
        CHECK(!held->has_response());
        advance(verona.wire, 3);
        CHECK(romeo.answer(held) == "<body xmlns='http://jabber.org/protocol/httpbind'/>");
    }

    TEST_CASE("a client that does not come back: its session ends, or hibernates") {
        for (const bool resumable : {false, true}) {
            Verona verona("[bosh]\ninactivity = 30\n");
            BoshClient romeo(verona.wire);
            romeo.log_in("romeo");
            core::Session* const session = session_of(verona.wire, "romeo@example.org/r");
            REQUIRE(session);
            if (resumable) session->enable_sm(true, 0);
            const Exchange held = romeo.send();
            verona.wire.settle();
            held->client_is_gone();
            advance(verona.wire, 28);
            CHECK(session_of(verona.wire, "romeo@example.org/r")->is_live());
            advance(verona.wire, 4);
            core::Session* const after = session_of(verona.wire, "romeo@example.org/r");
            if (resumable) {
                REQUIRE(after);
                CHECK(after->is_hibernating());
            } else {
                CHECK(!after);
            }
            CHECK(verona.wire.connections() == 0);
            CHECK(has(romeo.ask({}), "condition='item-not-found'"));
        }
    }

    TEST_CASE("what is said to a client whose connection broke waits until it asks again") {
        Verona verona;
        for (const unsigned shard : {0U, 1U}) {
            BoshClient romeo(verona.wire, shard);
            romeo.log_in("romeo");
            const Exchange lost = romeo.send();
            verona.wire.settle();
            lost->client_is_gone();
            WireClient juliet(verona.wire, verona.wire.listen("c2s"));
            juliet.log_in("juliet");
            juliet.ask(chat("romeo@example.org/r", "hello") +
                           "<iq type='get' id='q'><query xmlns='urn:none'/></iq>",
                       "id='q'");
            verona.wire.settle();
            CHECK(has(romeo.answer(romeo.post_again()), "<body>hello</body>"));
            CHECK(!lost->has_response());
        }
    }

    TEST_CASE("the client ends its session") {
        Verona verona;
        BoshClient romeo(verona.wire), other(verona.wire);
        romeo.log_in("romeo");
        other.log_in("romeo", "other");
        other.ask({}, "<presence/>");
        romeo.send({}, "<presence/>");
        other.expect("from='romeo@example.org/r'");
        const Exchange held = romeo.send({}, chat("romeo@example.org/other", "bye"));
        const Exchange last = romeo.send("type='terminate'", "<presence type='unavailable'/>");
        CHECK(has(romeo.answer(held), "type='terminate'"));
        CHECK(romeo.answer(last) == "<body xmlns='http://jabber.org/protocol/httpbind'/>");
        CHECK(has(other.expect("type='unavailable'"), "from='romeo@example.org/r'"));
        CHECK(!session_of(verona.wire, "romeo@example.org/r"));
        CHECK(has(romeo.ask({}), "condition='item-not-found'"));
        CHECK(verona.wire.connections() == 1);
    }

    TEST_CASE("without encryption there is no session where it is required") {
        Verona verona(
            "[host.\"example.org\".c2s]\nrequire_encryption = true\n"
            "allow_plain_without_encryption = false\n");
        BoshClient romeo(verona.wire);
        CHECK(has(romeo.ask("to='example.org' ver='1.6'"), "condition='policy-violation'"));
        CHECK(romeo.response(romeo.send("to='example.org'")).status == 403);
        romeo.peer.encrypted = true;
        const std::string created = romeo.begin();
        CHECK(has(created, "<mechanism>PLAIN</mechanism>"));
        CHECK(!has(created, "-PLUS"));
        CHECK(!has(created, "starttls"));

        // Somebody saw the id: the session goes on.
        romeo.peer.encrypted = false;
        CHECK(romeo.response(romeo.send()).status == 403);
        romeo.peer.encrypted = true;
        CHECK(has(romeo.answer(romeo.post_again({}, WireClient::plain("romeo", "secret"))),
                  "<success "));
    }

    TEST_CASE("STARTTLS is not offered, and not done") {
        Verona verona;
        BoshClient romeo(verona.wire);
        romeo.begin();
        const std::string got =
            romeo.ask({}, "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
        CHECK(has(got, "<failure xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"));
        CHECK(has(got, "type='terminate'"));
    }

    TEST_CASE("a stream restarts after a login only") {
        Verona verona;
        BoshClient romeo(verona.wire);
        romeo.begin();
        const std::string got = romeo.ask("xmpp:restart='true'");
        CHECK(has(got, "condition='remote-stream-error'"));
        CHECK(has(got, "<policy-violation "));
        BoshClient hasty(verona.wire);
        hasty.begin();
        hasty.ask({}, WireClient::plain("romeo", "secret"));
        CHECK(has(hasty.ask({}, "<presence/>"), "<not-authorized "));
        BoshClient bound(verona.wire);
        bound.log_in("romeo");
        CHECK(has(bound.ask("xmpp:restart='true'"), "<policy-violation "));
        verona.wire.settle();
        CHECK(!session_of(verona.wire, "romeo@example.org/r"));
    }

    TEST_CASE("errors of the stream are told within the answer") {
        Verona verona;
        BoshClient romeo(verona.wire);
        romeo.log_in("romeo");
        const std::string got = romeo.ask({}, "<nonsense xmlns='urn:example:none'/>");
        CHECK(has(got, "type='terminate' condition='remote-stream-error'"));
        CHECK(has(got,
                  "<stream:error xmlns:stream='http://etherx.jabber.org/streams'>"
                  "<unsupported-stanza-type "));
        verona.wire.run_until([&] { return verona.wire.connections() == 0; });

        BoshClient away(verona.wire);
        away.log_in("romeo");
        BoshClient newer(verona.wire, 1);
        newer.log_in("romeo");  // takes its resource
        CHECK(has(away.ask({}), "<conflict "));
    }

    TEST_CASE("what is no XML ends the session, also one that could be resumed") {
        Verona verona;
        BoshClient romeo(verona.wire);
        romeo.log_in("romeo");
        session_of(verona.wire, "romeo@example.org/r")->enable_sm(true, 0);
        CHECK(has(romeo.ask({}, "<message>"), "condition='bad-request'"));
        verona.wire.settle();
        CHECK(!session_of(verona.wire, "romeo@example.org/r"));
    }

    TEST_CASE("a stanza may be large only after the login, and not too large then") {
        Verona verona;
        BoshClient early(verona.wire);
        early.begin();
        const std::string large =
            "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' "
            "mechanism='PLAIN'>" +
            std::string(20000, 'A') + "</auth>";
        CHECK(has(early.ask({}, large), "<policy-violation "));
        BoshClient flood(verona.wire);
        flood.begin();
        std::string got;
        for (int i = 0; i < 10 && got.empty(); ++i) {
            const Exchange sent = flood.send({}, "<iq type='get' id='1'><q xmlns='urn:q'>" +
                                                     std::string(9000, 'x') + "</q></iq>");
            verona.wire.settle();
            if (!sent->has_response()) continue;
            const std::string answer = flood.answer(sent);
            if (has(answer, "terminate")) got = answer;
        }
        CHECK(has(got, "<policy-violation "));

        BoshClient romeo(verona.wire);
        romeo.log_in("romeo");
        CHECK(has(romeo.ask({}, "<iq type='get' id='big'><query xmlns='urn:example:none'>" +
                                    std::string(100000, 'x') + "</query></iq>"),
                  "id='big'"));
        CHECK(has(romeo.ask({}, chat("romeo@example.org", std::string(300000, 'x'))),
                  "<policy-violation "));
    }

    TEST_CASE("who does not log in in time, or wants no session, is told so") {
        Verona verona;
        BoshClient silent(verona.wire), idle(verona.wire);
        silent.begin();
        idle.authenticate("romeo");
        const Exchange held = silent.send();
        advance(verona.wire, 32);
        const std::string got = silent.answer(held);
        CHECK(has(got, "<connection-timeout "));
        CHECK(has(got, "not logged in in time"));
        CHECK(has(idle.ask({}), "no session in time"));
        verona.wire.run_until([&] { return verona.wire.connections() == 0; });
    }

    TEST_CASE("sessions count among the connections of their address") {
        Verona verona("[limits]\nc2s_connections_per_address = 2\n");
        WireClient tcp(verona.wire, verona.wire.listen("c2s"), "127.0.0.5");
        tcp.ask(WireClient::header, "</stream:features>");
        BoshClient first(verona.wire), second(verona.wire, 1), other(verona.wire);
        first.peer.network = second.peer.network = "127.0.0.5";
        CHECK(has(first.begin(), " sid="));
        CHECK(has(second.begin(), "condition='policy-violation'"));
        CHECK(has(other.begin(), " sid="));
        first.ask("type='terminate'");
        CHECK(has(second.begin(), " sid="));
    }

    TEST_CASE("the session knows where its client is") {
        Verona verona;
        BoshClient romeo(verona.wire);
        romeo.peer.encrypted = true;
        romeo.log_in("romeo");
        romeo.peer.address = "192.0.2.9";
        romeo.ask({}, "<iq type='get' id='1'><q xmlns='urn:q'/></iq>");
        const core::ConnectionInfo info =
            session_of(verona.wire, "romeo@example.org/r")->port()->info();
        CHECK(info.address == "192.0.2.9");
        CHECK(info.encrypted);
        CHECK(info.network == "192.0.2.1");
    }

    TEST_CASE("an account that moves takes its logins along, and sessions are to be begun anew") {
        Verona verona;
        BoshClient bound(verona.wire), unbound(verona.wire), resumable(verona.wire);
        bound.log_in("romeo", "orchard");
        resumable.log_in("romeo", "street");
        session_of(verona.wire, "romeo@example.org/street")->enable_sm(true, 0);
        unbound.authenticate("romeo");
        const Exchange first = bound.send(), second = resumable.send();
        verona.wire.settle();
        REQUIRE(verona.wire.move("romeo@example.org"));
        CHECK(has(bound.answer(first), "<reset "));
        CHECK(has(resumable.answer(second), "condition='remote-connection-failed'"));
        CHECK(has(unbound.ask({},
                              "<iq type='set' id='b'>"
                              "<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>"
                              "<resource>garden</resource></bind></iq>"),
                  "<jid>romeo@example.org/garden</jid>"));
        CHECK(session_of(verona.wire, "romeo@example.org/garden"));
        REQUIRE(session_of(verona.wire, "romeo@example.org/street"));
        CHECK(session_of(verona.wire, "romeo@example.org/street")->is_hibernating());
        CHECK(has(unbound.ask({}, chat("romeo@example.org/garden", "here")), "here"));
    }

    TEST_CASE("a client that does not fetch what it is sent loses its connection") {
        Verona verona("[host.\"example.org\".c2s]\nmax_send_buffer = 65536\n");
        BoshClient romeo(verona.wire);
        romeo.log_in("romeo");
        session_of(verona.wire, "romeo@example.org/r")->enable_sm(true, 0);
        BoshClient juliet(verona.wire);
        juliet.log_in("juliet");
        for (int i = 0; i < 20; ++i) {
            juliet.send({}, chat("romeo@example.org/r", std::string(8000, 'x')));
            verona.wire.settle();
        }
        CHECK(has(romeo.ask({}), "condition='policy-violation'"));
        REQUIRE(session_of(verona.wire, "romeo@example.org/r"));
        CHECK(session_of(verona.wire, "romeo@example.org/r")->is_hibernating());
    }

    TEST_CASE("a long answer comes in parts, and is none too many") {
        Verona verona(
            "[bosh]\nmax_answer = 20000\n[host.\"example.org\".c2s]\nmax_send_buffer = 65536\n");
        BoshClient romeo(verona.wire);
        romeo.log_in("romeo");
        std::string many;
        for (int i = 0; i < 20; ++i)
            many += chat("romeo@example.org/r", std::to_string(i) + std::string(5000, 'x'));
        std::string all = romeo.ask({}, many);
        CHECK(all.size() < 26000);
        for (int i = 0; i < 10 && !has(all, "<body>19x"); ++i) {
            const std::string more = romeo.ask({}, "<iq type='result' id='x'/>");
            CHECK(more.size() < 26000);
            all += more;
        }
        for (int i = 0; i < 20; ++i) CHECK(has(all, "<body>" + std::to_string(i) + "x"));
    }

    TEST_CASE("who sends more than its share is read later") {
        Verona verona("[limits]\nc2s_bytes_per_second = 20000\n");
        BoshClient romeo(verona.wire);
        romeo.log_in("romeo");
        romeo.ask(
            {}, "<iq type='get' id='a'><q xmlns='urn:q'>" + std::string(90000, 'x') + "</q></iq>");
        const Exchange late = romeo.send({}, "<iq type='get' id='b'><q xmlns='urn:q'/></iq>");
        verona.wire.settle();
        CHECK(!late->has_response());
        advance(verona.wire, 3);
        CHECK(has(romeo.answer(late), "id='b'"));
    }

    TEST_CASE("the server stops: who can be resumed hears nothing, others that it stops") {
        Verona verona;
        BoshClient ends(verona.wire), sleeps(verona.wire), away(verona.wire);
        ends.log_in("romeo", "ends");
        sleeps.log_in("romeo", "sleeps");
        away.log_in("romeo", "away");
        core::Session& session = *session_of(verona.wire, "romeo@example.org/sleeps");
        session.enable_sm(true, 0);
        const Exchange first = ends.send(), second = sleeps.send();
        verona.wire.settle();
        verona.wire.world.at("romeo@example.org", [&session](core::Core&) {
            session.shut_down(core::SessionEnd::shutdown);
        });
        for (const auto& net : verona.wire.nets) net->stop_reading();
        CHECK(has(sleeps.answer(second), "<a xmlns='urn:xmpp:sm:3' "));
        const Exchange late = sleeps.send({}, chat("romeo@example.org/ends", "late"));
        verona.wire.settle();
        CHECK(!late->has_response());
        verona.wire.stop();
        CHECK(has(ends.answer(first), "condition='system-shutdown'"));
        const core::HttpResponse nothing = sleeps.response(late);
        CHECK(nothing.status == 503);
        CHECK(std::get<std::string>(nothing.body).empty());
        CHECK(session.is_hibernating());
        CHECK(ends.response(ends.send()).status == 503);
        CHECK(verona.wire.connections() == 0);
    }

    TEST_CASE("who waits for its session when that is on its way is not lost") {
        Verona verona;
        for (const unsigned shard : {0U, 1U}) {
            BoshClient romeo(verona.wire, shard);
            romeo.begin();
            const Exchange login = romeo.send({}, WireClient::plain("romeo", "secret"));
            romeo.use_shard(1 - shard);
            const Exchange restart = romeo.send("xmpp:restart='true'");
            std::string all = romeo.answer(login);
            if (!has(all, "<bind ")) all += romeo.answer(restart);
            CHECK(has(all, "<success "));
            CHECK(has(all, "<bind "));
        }
    }
}
