#include "proto/negotiation_s2s_in.h"
#include "proto/negotiation_s2s_out.h"

#include <doctest/doctest.h>

#include <map>

#include "proto/dialback.h"

using namespace clarion;
using namespace clarion::s2s;
using Out = OutgoingNegotiation::Next;
using In = IncomingNegotiation::Next;

namespace {

constexpr std::string_view secret = "s3cr3tf0rd14lb4ck";

/// One direction of a connection: what was written, as events.
class Reader {
public:
    using Event = xml::XmlStream::Event;
    Event read(const std::string& bytes) {
        fed_ = bytes;
        stream_.feed(fed_);
        return stream_.next();
    }
    Event next() { return stream_.next(); }
    void restart() { stream_.restart(); }
    xml::XmlStream& stream() { return stream_; }

private:
    xml::ParserPool pool_;
    xml::XmlStream stream_{pool_, {}};
    std::string fed_;
};

OutgoingPolicy capulet_to_montague() {
    return {.local = "capulet.example",
            .remote = "montague.example",
            .dialback_secret = std::string(secret)};
}

/// The server of montague.example.
struct Montague {
    bool tls = true, required = true, certificate_required = false;
    std::string certified;  // the domain in the peer's certificate
    std::size_t max_pairs = 3;

    IncomingPolicy policy() {
        IncomingPolicy result;
        result.dialback_secret = "d14lb4ck43v3r";
        result.max_pairs = max_pairs;
        result.default_host = "montague.example";
        result.limits = {524288, 1800};
        result.is_ours = [](std::string_view d) {
            return d == "montague.example" || d == "rooms.montague.example";
        };
        result.can_encrypt = [this](std::string_view) { return tls; };
        result.require_encryption = [this](std::string_view) { return required; };
        result.require_certificate = [this](std::string_view) { return certificate_required; };
        result.certificate_covers = [this](std::string_view d) {
            return !certified.empty() && d == certified;
        };
        return result;
    }
};

/// Both ends, and the wire between them.
struct Wire {
    explicit Wire(Montague& server, OutgoingPolicy policy = capulet_to_montague(),
                  bool peer_certificate_valid = false)
        : out(std::move(policy)), in(server.policy()), certificate_valid(peer_certificate_valid) {}

    OutgoingNegotiation out;
    IncomingNegotiation in;
    Reader at_server, at_client;
    bool certificate_valid;
    std::string to_server, to_client, seen_by_client;
    Out last_out = Out::read;
    In last_in = In::read;
    int ids = 0;

    void open() {
        out.start(to_server);
        run();
    }
    /// Carries everything to and fro until both are silent.
    void run() {
        while (!to_server.empty() || !to_client.empty()) {
            if (!to_server.empty()) serve(std::exchange(to_server, {}));
            if (!to_client.empty()) receive(std::exchange(to_client, {}));
        }
    }
    void serve(const std::string& bytes) {
        for (auto event = at_server.read(bytes); event != Reader::Event::need_more;
             event = at_server.next()) {
            if (event == Reader::Event::open) {
                last_in = in.on_open(at_server.stream().header(), "id" + std::to_string(++ids),
                                     to_client);
            } else if (event == Reader::Event::element) {
                last_in = in.on_element(at_server.stream().take().root(), to_client);
                if (last_in == In::start_tls || last_in == In::restart) at_server.restart();
                if (last_in == In::start_tls) in.on_encrypted();
            } else {
                return;
            }
        }
    }
    void receive(const std::string& bytes) {
        seen_by_client += bytes;
        for (auto event = at_client.read(bytes); event != Reader::Event::need_more;
             event = at_client.next()) {
            if (event == Reader::Event::open) {
                last_out = out.on_open(at_client.stream().header(), to_server);
            } else if (event == Reader::Event::element) {
                last_out = out.on_element(at_client.stream().take().root(), to_server);
                if (last_out == Out::start_tls || last_out == Out::restart) at_client.restart();
                if (last_out == Out::start_tls)
                    last_out = out.on_encrypted(certificate_valid, to_server);
            } else {
                return;
            }
        }
    }
    void authenticate() {
        last_out = out.authenticate(to_server);
        run();
    }
    void answer(Verdict verdict) {
        const VerifyRequest request = in.take_request();
        last_in =
            in.on_verdict({request.local, request.remote, request.stream_id, verdict}, to_client);
        run();
    }
    std::string say(const std::string& xml) {
        seen_by_client.clear();
        to_server = xml;
        run();
        return seen_by_client;
    }
};

Jid jid(std::string_view text) { return Jid::parse(text).value(); }

bool contains(std::string_view text, std::string_view part) { return text.find(part) != text.npos; }

}  // namespace

TEST_CASE("STARTTLS, then dialback: pair by pair") {
    Montague server;
    Wire wire(server);
    wire.open();
    CHECK(wire.last_out == Out::secured);
    CHECK(wire.out.encrypted());
    CHECK(wire.out.stage() == Stage::authenticate);
    CHECK(wire.out.stream_id() == "id2");  // that of the stream over TLS

    wire.authenticate();
    REQUIRE(wire.last_in == In::verify);
    CHECK(!wire.out.is_up());
    CHECK(wire.in.check_stanza(jid("juliet@capulet.example"), jid("romeo@montague.example")) ==
          StreamErrorCondition::not_authorized);

    const VerifyRequest request = wire.in.take_request();
    CHECK(request.local == "montague.example");
    CHECK(request.remote == "capulet.example");
    CHECK(request.stream_id == "id2");
    CHECK(dialback::verify_dialback_key(request.key, secret, "montague.example", "capulet.example",
                                        "id2"));

    CHECK(wire.in.on_verdict({"montague.example", "capulet.example", "id2", Verdict::valid},
                             wire.to_client) == In::pair);
    wire.run();
    CHECK(wire.last_out == Out::up);
    CHECK(wire.out.proof() == Proof::dialback);
    CHECK(wire.in.proof() == Proof::dialback);
    CHECK(!wire.in.check_stanza(jid("juliet@capulet.example"), jid("romeo@montague.example")));
}

TEST_CASE("a stanza needs both addresses, and an authenticated pair") {
    Montague server;
    Wire wire(server);
    wire.open();
    wire.authenticate();
    wire.answer(Verdict::valid);
    REQUIRE(wire.out.is_up());
    CHECK(wire.in.check_stanza(jid("juliet@capulet.example"), Jid{}) ==
          StreamErrorCondition::improper_addressing);
    CHECK(wire.in.check_stanza(jid("juliet@other.example"), jid("romeo@montague.example")) ==
          StreamErrorCondition::invalid_from);
    CHECK(wire.in.check_stanza(jid("juliet@capulet.example"), jid("a@rooms.montague.example")) ==
          StreamErrorCondition::invalid_from);
    CHECK(wire.in.check_stanza(jid("juliet@capulet.example"), jid("romeo@elsewhere.example")) ==
          StreamErrorCondition::host_unknown);
}

TEST_CASE("SASL EXTERNAL when the certificate names the domain") {
    Montague server{.certified = "capulet.example"};
    OutgoingPolicy policy = capulet_to_montague();
    policy.have_certificate = true;
    policy.require_valid_certificate = true;
    Wire wire(server, policy, true);
    wire.open();
    REQUIRE(wire.last_out == Out::secured);
    wire.authenticate();
    CHECK(wire.last_out == Out::up);
    CHECK(wire.out.proof() == Proof::certificate);
    CHECK(wire.in.proof() == Proof::certificate);
    CHECK(!wire.in.check_stanza(jid("capulet.example"), jid("romeo@montague.example")));
    CHECK(!contains(wire.seen_by_client, "<db:"));
}

TEST_CASE("EXTERNAL is refused for another name; dialback may follow") {
    Montague server{.certified = "capulet.example"};
    Wire wire(server);
    wire.open();
    const std::string other = "b3RoZXIuZXhhbXBsZQ==";  // other.example
    CHECK(contains(wire.say("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='EXTERNAL'>" +
                            other + "</auth>"),
                   "<invalid-authzid/>"));
    CHECK(wire.in.pairs().empty());
    CHECK(contains(
        wire.say("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>AA==</auth>"),
        "<invalid-mechanism/>"));
    CHECK(contains(
        wire.say("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='EXTERNAL'>%</auth>"),
        "policy-violation"));  // the third failure
    CHECK(wire.last_in == In::close);
}

TEST_CASE("EXTERNAL is neither offered nor accepted without a certificate for the domain") {
    Montague server{.certified = "somebody.example"};
    Wire wire(server);
    wire.open();
    CHECK(!contains(wire.seen_by_client, "EXTERNAL"));
    CHECK(contains(
        wire.say("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='EXTERNAL'>=</auth>"),
        "<not-authorized/>"));
}

TEST_CASE("a certificate spares asking about further domains") {
    Montague server{.certified = "rooms.capulet.example"};
    Wire wire(server);
    wire.open();
    CHECK(contains(
        wire.say("<db:result from='rooms.capulet.example' to='montague.example'>k</db:result>"),
        "type='valid'"));
    CHECK(wire.last_in == In::pair);
    CHECK(wire.in.newest_pair() ==
          IncomingNegotiation::Pair{"rooms.capulet.example", "montague.example"});
}

TEST_CASE("dialback errors, which leave the stream alone (XEP-0220, 2.4.2)") {
    Montague server;
    Wire wire(server);
    wire.open();
    const auto result = [](std::string_view from, std::string_view to) {
        return "<db:result from='" + std::string(from) + "' to='" + std::string(to) +
               "'>key</db:result>";
    };
    SUBCASE("a domain that is not ours") {
        const std::string said = wire.say(result("capulet.example", "verona.example"));
        CHECK(contains(said, "from='verona.example' to='capulet.example' type='error'"));
        CHECK(contains(said, "<item-not-found"));
    }
    SUBCASE("a domain that is ours asks") {
        CHECK(contains(wire.say(result("rooms.montague.example", "montague.example")),
                       "<not-acceptable"));
    }
    SUBCASE("a certificate is required") {
        server.certificate_required = true;
        CHECK(contains(wire.say(result("capulet.example", "montague.example")), "<not-authorized"));
    }
    SUBCASE("too many pairs") {
        for (const char* name : {"a.example", "b.example", "c.example"}) {
            wire.say(result(name, "montague.example"));
            CHECK(wire.last_in == In::verify);
        }
        CHECK(contains(wire.say(result("d.example", "montague.example")), "<resource-constraint"));
    }
    SUBCASE("the domain's server cannot be asked") {
        wire.say(result("capulet.example", "montague.example"));
        wire.answer(Verdict::timeout);
        CHECK(contains(wire.seen_by_client, "<remote-server-timeout"));
        wire.say(result("capulet.example", "montague.example"));
        wire.answer(Verdict::not_found);
        CHECK(contains(wire.seen_by_client, "<remote-server-not-found"));
    }
    CHECK(wire.last_in != In::close);
    CHECK(wire.in.pairs().empty());
}

TEST_CASE("a false key ends the stream, unless others use it rightly") {
    Montague server;
    Wire wire(server);
    wire.open();
    SUBCASE("first") {
        wire.authenticate();
        wire.answer(Verdict::invalid);
        CHECK(wire.last_in == In::close);
        CHECK(wire.last_out == Out::failed);
        CHECK(wire.out.failure().condition == StanzaErrorCondition::internal_server_error);
    }
    SUBCASE("second") {
        wire.authenticate();
        wire.answer(Verdict::valid);
        wire.say("<db:result from='tybalt.example' to='montague.example'>key</db:result>");
        wire.answer(Verdict::invalid);
        CHECK(wire.last_in == In::read);
        CHECK(contains(wire.seen_by_client, "<forbidden"));
        CHECK(wire.in.pairs().size() == 1);
    }
}

TEST_CASE("verdicts count only for what was asked on this very stream") {
    Montague server;
    Wire wire(server);
    wire.open();
    wire.authenticate();
    std::string out;
    CHECK(wire.in.on_verdict({"montague.example", "capulet.example", "id1", Verdict::valid}, out) ==
          In::read);
    CHECK(wire.in.on_verdict({"montague.example", "other.example", "id2", Verdict::valid}, out) ==
          In::read);
    CHECK(out.empty());
    CHECK(wire.in.pairs().empty());
}

TEST_CASE("unsolicited answers are ignored at both ends (XEP-0220, 3.1)") {
    Montague server;
    Wire wire(server);
    wire.open();
    CHECK(wire.say("<db:result from='evil.example' to='montague.example' type='valid'/>"
                   "<db:verify from='evil.example' to='montague.example' id='id2' type='valid'/>")
              .empty());
    CHECK(wire.in.pairs().empty());
    wire.receive(
        "<db:result from='montague.example' to='capulet.example' type='valid'/>");  // nothing was
                                                                                    // asked
    CHECK(!wire.out.is_up());
    wire.authenticate();
    wire.receive("<db:result from='other.example' to='capulet.example' type='valid'/>");
    CHECK(!wire.out.is_up());
}

TEST_CASE("the authoritative server knows its own keys") {
    Montague server;
    Wire wire(server);
    wire.open();
    const std::string key =
        dialback::dialback_key("d14lb4ck43v3r", "capulet.example", "montague.example", "417GAF25");
    const auto verify = [](const std::string& to, const std::string& text) {
        return "<db:verify from='capulet.example' id='417GAF25' to='" + to + "'>" + text +
               "</db:verify>";
    };
    CHECK(contains(
        wire.say(verify("montague.example", key)),
        "<db:verify from='montague.example' to='capulet.example' id='417GAF25' type='valid'>"));
    CHECK(contains(wire.say(verify("montague.example", "0" + key)), "type='invalid'"));
    CHECK(contains(wire.say(verify("rooms.montague.example", key)), "type='invalid'"));
    CHECK(contains(wire.say(verify("verona.example", key)), "<item-not-found"));
}

TEST_CASE("asking about keys works before we are authenticated, and answers are told apart") {
    Montague server;
    Wire wire(server);
    wire.open();
    REQUIRE(wire.out.may_ask());
    wire.out.ask({"capulet.example", "montague.example", "X1", "key"}, wire.to_server);
    wire.run();
    const auto answer = wire.out.take_answer();
    REQUIRE(answer);
    CHECK(answer->local == "capulet.example");
    CHECK(answer->remote == "montague.example");
    CHECK(answer->stream_id == "X1");
    CHECK(answer->verdict == Verdict::invalid);
    CHECK(!wire.out.take_answer());
}

TEST_CASE("who requires TLS insists on it") {
    SUBCASE("the server: no dialback, no keys in the clear") {
        Montague server;
        OutgoingPolicy policy = capulet_to_montague();
        policy.can_encrypt = false;
        policy.require_encryption = false;
        Wire wire(server, policy);
        wire.open();
        CHECK(contains(wire.seen_by_client, "<required/>"));
        CHECK(!contains(wire.seen_by_client, "<dialback"));
        wire.authenticate();
        CHECK(contains(wire.seen_by_client, "<policy-violation"));
        CHECK(wire.last_out == Out::failed);
        CHECK(wire.out.failure().condition == StanzaErrorCondition::remote_server_timeout);
    }
    SUBCASE("we: also if it is not offered (RFC 7590, 3.1)") {
        Montague server{.tls = false, .required = false};
        Wire wire(server);
        wire.open();
        CHECK(wire.last_out == Out::failed);
        CHECK(wire.out.failure().stage == Stage::secure);
    }
    SUBCASE("nobody: dialback in the clear") {
        Montague server{.tls = false, .required = false};
        OutgoingPolicy policy = capulet_to_montague();
        policy.require_encryption = false;
        Wire wire(server, policy);
        wire.open();
        CHECK(wire.last_out == Out::secured);
        CHECK(!wire.out.encrypted());
        wire.authenticate();
        wire.answer(Verdict::valid);
        CHECK(wire.out.is_up());
    }
    SUBCASE("and on a valid certificate") {
        Montague server;
        OutgoingPolicy policy = capulet_to_montague();
        policy.require_valid_certificate = true;
        Wire wire(server, policy, false);
        wire.open();
        CHECK(wire.last_out == Out::failed);
        CHECK(wire.out.failure().stage == Stage::secure);
    }
}

TEST_CASE("what the stream takes is said once it is encrypted (XEP-0478)") {
    const std::string limits =
        "<limits xmlns='urn:xmpp:stream-limits:0'><max-bytes>524288</max-bytes>"
        "<idle-seconds>1800</idle-seconds></limits>";
    Montague server;
    Wire wire(server);
    wire.open();
    CHECK(wire.out.encrypted());
    const auto at = wire.seen_by_client.find(limits);
    REQUIRE(at != std::string::npos);
    CHECK(at > wire.seen_by_client.find("<proceed"));
    CHECK(wire.seen_by_client.find(limits, at + 1) == std::string::npos);
}

TEST_CASE("headers that are refused") {
    const std::map<std::string, std::string> wrong{
        {"to='verona.example' version='1.0' xmlns='jabber:server'", "host-unknown"},
        {"to='montague.example' version='1.0' xmlns='jabber:client'", "invalid-namespace"},
        {"to='montague.example' version='0.9' xmlns='jabber:server'", "unsupported-version"},
        {"to='montague.example' xmlns='jabber:server'", "unsupported-version"},
        {"to='montague.example' from='montague.example' version='1.0' xmlns='jabber:server'",
         "invalid-from"},
        {"to='montague.example' from='a@b@c' version='1.0' xmlns='jabber:server'",
         "improper-addressing"},
    };
    for (const auto& [attributes, condition] : wrong) {
        CAPTURE(attributes);
        Montague server;
        Wire wire(server);
        wire.serve("<stream:stream xmlns:stream='http://etherx.jabber.org/streams' " + attributes +
                   ">");
        CHECK(wire.last_in == In::close);
        CHECK(contains(wire.to_client, "<" + condition));
        CHECK(contains(wire.to_client, "from='montague.example'"));
        CHECK(contains(wire.to_client, " id='id1'"));
        CHECK(contains(wire.to_client, " xml:lang='en'>"));
        CHECK(wire.to_client.ends_with("</stream:stream>"));
    }
}

TEST_CASE("what fails before a header gets one of ours, once for each stream") {
    Montague server;
    IncomingNegotiation in(server.policy());
    std::string out;
    in.ensure_header("a", out);
    CHECK(contains(out, "from='montague.example' id='a' version='1.0' xml:lang='en'>"));
    out.clear();
    in.ensure_header("b", out);
    CHECK(out.empty());
    in.on_encrypted();
    in.ensure_header("c", out);
    CHECK(contains(out, " id='c'"));
}

TEST_CASE("our header says no language: what we pass on may have another") {
    std::string out;
    OutgoingNegotiation(capulet_to_montague()).start(out);
    CHECK(contains(out, "xmlns='jabber:server'"));
    CHECK(contains(out, "xmlns:db='jabber:server:dialback'"));
    CHECK_FALSE(contains(out, "xml:lang"));
}

TEST_CASE("the failure says what to tell the senders") {
    Montague server;
    Wire wire(server);
    wire.out.start(wire.to_server);
    wire.receive(
        "<stream:stream xmlns:stream='http://etherx.jabber.org/streams' xmlns='jabber:server' "
        "id='1' version='1.0'>"
        "<stream:error><host-unknown xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>");
    REQUIRE(wire.last_out == Out::failed);
    CHECK(wire.out.failure().condition == StanzaErrorCondition::remote_server_not_found);
    CHECK(contains(wire.out.failure().text, "host-unknown"));
}

TEST_CASE("a server that accepts no proof we can give") {
    Montague server{.certificate_required = true};
    OutgoingPolicy policy = capulet_to_montague();
    Wire wire(server, policy);
    wire.open();
    REQUIRE(wire.last_out == Out::secured);
    wire.authenticate();
    CHECK(wire.last_out == Out::failed);
    CHECK(wire.out.failure().stage == Stage::authenticate);
}

TEST_CASE("STARTTLS is not accepted twice") {
    Montague server;
    Wire wire(server);
    wire.open();
    CHECK(contains(wire.say("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"), "<failure"));
    CHECK(wire.last_in == In::close);
}
