#include "proto/negotiation_c2s.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "base/text.h"
#include "proto/crypto.h"
#include "proto/ns.h"

using namespace clarion;
using namespace clarion::c2s;

namespace {

struct FakeServer final : Server {
    Policy rules{};
    const Framing* framed = &tcp_framing();

    bool is_host(std::string_view domain) const override {
        return domain == "example.org" || domain == "example.net";
    }
    std::string_view usual_host() const override { return "example.org"; }
    Policy policy(std::string_view) const override { return rules; }
    const Framing& framing() const override { return *framed; }
    std::string_view decoy_secret() const override { return "decoy"; }
    std::string make_stream_id() const override { return "id"; }
    std::string make_nonce() const override { return "nonce"; }
    void add_features(const StreamFacts& stream, Offer offer,
                      xml::Element& features) const override {
        features.add(offer == Offer::login ? "at-login" : "for-session", "urn:test")
            .set_attr("host", stream.host)
            .set_attr("encrypted", stream.encryption == Encryption::none ? "no" : "yes")
            .set_attr("bindings", stream.bindings ? "yes" : "no");
    }
};

/// What a Step is, for comparing.
std::string name_of(const Step& step) {
    struct Namer {
        std::string operator()(const Read&) { return "read"; }
        std::string operator()(const StartTls&) { return "start-tls"; }
        std::string operator()(const FindCredentials&) { return "find-credentials"; }
        std::string operator()(const LoginFailed& failed) {
            return "failed " + std::string(name(failed.condition));
        }
        std::string operator()(const Restart& restart) {
            return "restart " + std::string(sasl::name(restart.mechanism));
        }
        std::string operator()(const BindResource& bind) {
            return "bind " + bind.id + " " + bind.resource;
        }
        std::string operator()(const Other&) { return "other"; }
        std::string operator()(const Close& close) {
            return "close" + (close.error ? " " + std::string(name(*close.error)) : "");
        }
    };
    return std::visit(Namer{}, step);
}

const sasl::Credentials& juliets() {
    static const sasl::Credentials made{
        *sasl::derive_scram(sasl::Hash::sha1, "secret", "salt", 1),
        *sasl::derive_scram(sasl::Hash::sha256, "secret", "salt", 1)};
    return made;
}

const std::string good_header = "example.org 1.0 jabber:client";
const std::string starttls = "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>";

std::string auth(std::string_view mechanism, std::string_view text) {
    return "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='" + std::string(mechanism) +
           "'>" + std::string(text) + "</auth>";
}
std::string plain(std::string_view user = "juliet", std::string_view password = "secret",
                  std::string_view authzid = "") {
    return auth("PLAIN", base64_encode(std::string(authzid) + '\0' + std::string(user) + '\0' +
                                       std::string(password)));
}
std::string response(std::string_view text) {
    return "<response xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>" + std::string(text) +
           "</response>";
}
std::string bind(std::string_view type = "set") {
    return "<iq type='" + std::string(type) +
           "' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>"
           "<resource>phone</resource></bind></iq>";
}

/// One stream: what is said to it, what it says, and what it wants done.
struct Stream {
    explicit Stream(Encryption encryption = Encryption::direct, Policy rules = {})
        : negotiation(encryption) {
        server.rules = rules;
    }

    std::string open(std::string_view to = "example.org", std::string_view version = "1.0",
                     std::string_view content_ns = ns::client) {
        xml::StreamHeader header;
        header.to = to;
        header.version = version;
        header.content_ns = content_ns;
        return note([&](Output& out) { return negotiation.on_open(server, header, out); });
    }
    std::string say(const std::string& xml) {
        const auto element = xml::parse_element(xml, ns::client);
        return note(
            [&](Output& out) { return negotiation.on_element(server, element.root(), out); });
    }
    std::string check(const std::optional<sasl::Credentials>& stored, bool disabled = false) {
        return note([&](Output& out) {
            return negotiation.on_checked(negotiation.check(stored), disabled, out);
        });
    }
    std::string paused(sasl::Condition condition = sasl::Condition::not_authorized) {
        return note([&](Output& out) { return negotiation.on_paused(server, condition, out); });
    }
    std::string refuse(const std::string& xml) {
        const auto element = xml::parse_element(xml, ns::client);
        return note([&](Output& out) { return negotiation.refuse(server, element.root(), out); });
    }
    void log_in() {
        open();
        REQUIRE(say(plain()) == "find-credentials");
        REQUIRE(check(juliets()) == "restart PLAIN");
        open();
    }
    template <class F>
    std::string note(F call) {
        output = {};
        const Step step = call(output);
        said.clear();
        for (const std::string& message : output.messages) said += message;
        return name_of(step);
    }
    bool says(std::string_view text) const { return said.find(text) != std::string::npos; }

    FakeServer server;
    Negotiation negotiation;
    Output output;
    std::string said;
};

sasl::ChannelBindings all_bindings() { return {"exported", "certificate", "finished"}; }

}  // namespace

// ---- Headers and features ----------------------------------------------------------------------

TEST_CASE("client negotiation: headers") {
    struct Row {
        const char* to;
        const char* version;
        std::string_view content_ns;
        const char* step;
    };
    for (const Row& row : {
             Row{"example.org", "1.0", ns::client, "read"},
             Row{"EXAMPLE.org.", "1.9", ns::client, "read"},
             Row{"example.org", "2.0", ns::client, "read"},
             Row{"example.org", "1.0", ns::server, "close invalid-namespace"},
             Row{"elsewhere.example", "1.0", ns::client, "close host-unknown"},
             Row{"", "1.0", ns::client, "close host-unknown"},
             Row{"example.org", "", ns::client, "close unsupported-version"},
             Row{"example.org", "0.9", ns::client, "close unsupported-version"},
             Row{"example.org", "x", ns::client, "close unsupported-version"},
         }) {
        CAPTURE(row.to);
        CAPTURE(row.version);
        Stream stream;
        CHECK(stream.open(row.to, row.version, row.content_ns) == row.step);
        CHECK(stream.says("<stream:stream xmlns='jabber:client'"));  // also before an error
        CHECK(stream.says("from='example.org'"));
    }
}

TEST_CASE("client negotiation: features depend on the stream") {
    struct Row {
        const char* what;
        Encryption encryption;
        bool bindings;
        Policy policy;
        const char* has;
        const char* has_not;
    };
    const Policy lax{.require_encryption = false};
    const Policy bare{.can_encrypt = false, .require_encryption = false};
    const Policy laxest{.require_encryption = false, .allow_plain_without_encryption = true};
    for (const Row& row : {
             Row{"TLS is required", Encryption::none, false, {}, "<required/>", "mechanisms"},
             Row{"no module may offer anything yet",
                 Encryption::none,
                 false,
                 {},
                 "starttls",
                 "at-login"},
             Row{"TLS is possible", Encryption::none, false, lax, "<starttls", "required"},
             Row{"no passwords in the clear", Encryption::none, false, lax, "SCRAM-SHA-256<",
                 "PLAIN"},
             Row{"unless allowed", Encryption::none, false, laxest, "PLAIN", "PLUS"},
             Row{"no certificate", Encryption::none, false, bare, "SCRAM", "starttls"},
             Row{"encrypted", Encryption::direct, false, {}, "PLAIN", "starttls"},
             Row{"modules see that",
                 Encryption::direct,
                 false,
                 {},
                 "encrypted='yes'",
                 "bindings='yes'"},
             Row{"nothing to bind to", Encryption::direct, false, {}, "PLAIN", "PLUS"},
             Row{"bindings", Encryption::starttls, true, {}, "SCRAM-SHA-256-PLUS", "starttls"},
             Row{"bindings are announced",
                 Encryption::starttls,
                 true,
                 {},
                 "<channel-binding type='tls-exporter'/>",
                 "for-session"},
             Row{"modules see them", Encryption::starttls, true, {}, "bindings='yes'", "<bind"},
         }) {
        CAPTURE(row.what);
        Stream stream(row.encryption, row.policy);
        if (row.bindings) stream.negotiation.on_encrypted(all_bindings());
        CHECK(stream.open() == "read");
        CHECK(stream.says(row.has));
        CHECK_FALSE(stream.says(row.has_not));
    }
}

TEST_CASE("client negotiation: no TLS where the stream's carrier cannot start it") {
    Stream stream;
    stream.negotiation = Negotiation(Encryption::none, false);
    stream.server.rules.require_encryption = false;
    CHECK(stream.open() == "read");
    CHECK_FALSE(stream.says("starttls"));
    CHECK(stream.says("SCRAM"));
    CHECK(stream.say(starttls) == "close");
    CHECK(stream.says("<failure xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"));

    Stream refused;
    refused.negotiation = Negotiation(Encryption::none, false);
    CHECK(refused.open() == "close policy-violation");  // it could only fail
    CHECK_FALSE(refused.says("features"));
}

TEST_CASE("client negotiation: features for a session") {
    Stream stream;
    stream.negotiation.on_encrypted(all_bindings());
    stream.log_in();
    CHECK(stream.says("<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>"));
    CHECK(stream.says("<for-session"));
    CHECK_FALSE(stream.says("mechanisms"));
    CHECK(stream.says("bindings='no'"));  // there is no login any more
}

TEST_CASE("client negotiation: over WebSocket each message stands alone") {
    Stream stream;
    stream.server.framed = &websocket_framing();
    CHECK(stream.open() == "read");
    REQUIRE(stream.output.messages.size() == 2);
    CHECK(stream.output.messages[0].starts_with("<open xmlns="));
    CHECK(stream.output.messages[1].starts_with("<features xmlns="));
    stream.log_in();
    CHECK(stream.say(bind()) == "bind b phone");
    stream.note([&](Output& out) {
        return stream.negotiation.on_bound(stream.server, "b",
                                           Jid::trusted("juliet@example.org/phone"), out);
    });
    CHECK(stream.said.starts_with("<iq xmlns='jabber:client'"));
}

TEST_CASE("client negotiation: the domain may not change") {
    Stream stream;
    CHECK(stream.open() == "read");
    CHECK(stream.open("example.net") == "close host-unknown");
    CHECK(stream.open() == "close");  // once is enough
}

// ---- What is said when -------------------------------------------------------------------------

/// The stages of a stream at which a row says something.
enum class At { clear, tls, exchange, authenticated };

std::unique_ptr<Stream> stream_at(At stage) {
    const bool clear = stage == At::clear;
    auto stream = std::make_unique<Stream>(clear ? Encryption::none : Encryption::direct);
    if (stage == At::authenticated)
        stream->log_in();
    else
        stream->open();
    if (stage == At::exchange) REQUIRE(stream->say(auth("PLAIN", "")) == "read");
    return stream;
}

TEST_CASE("client negotiation: elements, by stage") {
    struct Row {
        At stage;
        std::string element;
        const char* step;
        const char* says;
    };
    const std::string abort = "<abort xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>";
    const std::string iq = "<iq type='get' id='1'><query xmlns='urn:x'/></iq>";
    const Row rows[] = {
        {At::clear, starttls, "start-tls", "<proceed"},
        {At::clear, plain(), "failed encryption-required", ""},
        {At::clear, response(""), "failed malformed-request", ""},
        {At::clear, bind(), "other", ""},
        {At::clear, iq, "other", ""},
        {At::tls, starttls, "close", "<failure xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"},
        {At::tls, auth("X-NONE", ""), "failed invalid-mechanism", ""},
        {At::tls, auth("SCRAM-SHA-1-PLUS", ""), "failed invalid-mechanism", ""},
        {At::tls, auth("PLAIN", "&lt;"), "failed incorrect-encoding", ""},
        {At::tls, auth("PLAIN", "="), "failed malformed-request", ""},
        {At::tls, auth("PLAIN", ""), "read", "<challenge"},
        {At::tls, plain(""), "failed malformed-request", ""},
        {At::tls, plain("a@b"), "failed not-authorized", ""},
        {At::tls, plain("nobody"), "find-credentials", ""},
        {At::tls, response(""), "failed malformed-request", ""},
        {At::tls, abort, "failed aborted", ""},
        {At::tls, "<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>", "failed malformed-request",
         ""},
        {At::tls, bind(), "other", ""},
        {At::exchange, starttls, "close", "<failure"},
        {At::exchange, abort, "failed aborted", ""},
        {At::exchange, response("!"), "failed incorrect-encoding", ""},
        {At::exchange, response("="), "failed malformed-request", ""},
        {At::exchange, plain(), "find-credentials", ""},
        {At::exchange, bind(), "other", ""},
        {At::authenticated, starttls, "close", "<failure"},
        {At::authenticated, plain(), "close policy-violation", ""},
        {At::authenticated, abort, "close policy-violation", ""},
        {At::authenticated, bind(), "bind b phone", ""},
        {At::authenticated, bind("get"), "read", "<bad-request"},
        {At::authenticated, iq, "other", ""},
        {At::authenticated, "<resume xmlns='urn:xmpp:sm:3'/>", "other", ""},
    };
    for (const Row& row : rows) {
        CAPTURE(static_cast<int>(row.stage));
        CAPTURE(row.element);
        const auto stream = stream_at(row.stage);
        CHECK(stream->say(row.element) == row.step);
        CHECK(stream->says(row.says));
        CHECK(stream->negotiation.authenticated() ==
              (row.stage == At::authenticated && !std::string_view(row.step).starts_with("close")));
    }
}

TEST_CASE("client negotiation: nothing before a header, and nothing while a step is being done") {
    Stream stream;
    CHECK(stream.say(plain()) == "close not-authorized");
    Stream checking;
    checking.open();
    CHECK(checking.say(plain()) == "find-credentials");
    CHECK(checking.say(plain()) == "close not-authorized");
    CHECK_FALSE(checking.negotiation.authenticated());
    Stream restarted;
    restarted.open();
    restarted.say(plain());
    restarted.check(juliets());
    CHECK(restarted.say(bind()) == "close not-authorized");  // a new header comes first
}

TEST_CASE("client negotiation: what nobody serves is refused, and only so often") {
    Stream stream(Encryption::direct, {.max_failures = 3});
    stream.open();
    CHECK(stream.refuse("<presence/>") == "read");
    CHECK(stream.says("<not-authorized"));
    CHECK(stream.refuse("<message to='example.org' id='1'/>") == "read");
    CHECK(stream.refuse("<presence/>") == "close policy-violation");
    for (const char* other : {"<message to='x@example.org'/>", "<iq type='result' id='1'/>",
                              "<presence to='example.org/x'/>", "<presence type='error'/>",
                              "<r xmlns='urn:xmpp:sm:3'/>"}) {
        CAPTURE(other);
        Stream fresh;
        fresh.open();
        CHECK(fresh.refuse(other) == "close not-authorized");
    }
    Stream own;
    own.log_in();
    CHECK(own.refuse("<message to='juliet@example.org'/>") == "read");
    CHECK(own.says("bind a resource first"));
}

// ---- Login -------------------------------------------------------------------------------------

TEST_CASE("client negotiation: outcomes of a login") {
    struct Row {
        const char* what;
        std::string auth;
        bool known;
        bool disabled;
        const char* step;
    };
    for (const Row& row : {
             Row{"right", plain(), true, false, "restart PLAIN"},
             Row{"for oneself", plain("juliet", "secret", "juliet@example.org"), true, false,
                 "restart PLAIN"},
             Row{"prepared", plain("JULIET"), true, false, "restart PLAIN"},
             Row{"wrong password", plain("juliet", "wrong"), true, false, "failed not-authorized"},
             Row{"no such account", plain(), false, false, "failed not-authorized"},
             Row{"for another", plain("juliet", "secret", "romeo@example.org"), true, false,
                 "failed invalid-authzid"},
             Row{"disabled", plain(), true, true, "failed account-disabled"},
             Row{"disabled, and a stranger asks", plain("juliet", "wrong"), true, true,
                 "failed not-authorized"},
         }) {
        CAPTURE(row.what);
        Stream stream;
        stream.open();
        REQUIRE(stream.say(row.auth) == "find-credentials");
        CHECK(stream.negotiation.account().full() == "juliet@example.org");
        CHECK(stream.negotiation.holds_credentials());
        const auto stored = row.known ? std::optional(juliets()) : std::nullopt;
        CHECK(stream.check(stored, row.disabled) == row.step);
        const bool succeeded = std::string_view(row.step).starts_with("restart");
        CHECK(stream.says("<success") == succeeded);
        CHECK(stream.negotiation.authenticated() == succeeded);
        CHECK(stream.negotiation.holds_credentials() == succeeded);
    }
}

TEST_CASE("client negotiation: a challenge has the hash of what was offered (XEP-0474)") {
    for (const bool bound : {false, true}) {
        for (const char* mechanism : {"SCRAM-SHA-1", "SCRAM-SHA-256"}) {
            CAPTURE(bound);
            CAPTURE(mechanism);
            Stream stream;
            if (bound) stream.negotiation.on_encrypted(all_bindings());
            stream.open();
            // From what the client reads, as it would.
            const auto values = [&](const std::string& begin, char end) {
                std::vector<std::string> all;
                for (auto at = stream.said.find(begin); at != std::string::npos;
                     at = stream.said.find(begin, at + 1)) {
                    const auto from = at + begin.size();
                    all.push_back(stream.said.substr(from, stream.said.find(end, from) - from));
                }
                std::sort(all.begin(), all.end());
                return all;
            };
            const auto joined = [](const std::vector<std::string>& all) {
                std::string list;
                for (const auto& each : all) list += (list.empty() ? "" : "\x1e") + each;
                return list;
            };
            std::string offered = joined(values("<mechanism>", '<'));
            REQUIRE(offered.find(mechanism) != std::string::npos);
            if (bound) offered += "\x1f" + joined(values("type='", '\''));
            REQUIRE(stream.say(auth(mechanism, base64_encode("n,,n=juliet,r=abc"))) ==
                    "find-credentials");
            REQUIRE(stream.check(juliets()) == "read");
            const auto challenges = values("xmpp-sasl'>", '<');
            REQUIRE(challenges.size() == 1);
            const auto hash = std::string_view(mechanism) == "SCRAM-SHA-1" ? sasl::Hash::sha1
                                                                           : sasl::Hash::sha256;
            CHECK(base64_decode(challenges[0])
                      ->ends_with(",h=" + base64_encode(crypto::digest(hash, offered))));
        }
    }
}

TEST_CASE("client negotiation: a failure is said after its pause, and counted") {
    Stream stream(Encryption::direct, {.max_failures = 2});
    stream.open();
    stream.say(plain());
    CHECK(stream.check(std::nullopt) == "failed not-authorized");
    CHECK(stream.said.empty());
    CHECK(stream.paused() == "read");
    CHECK(stream.said ==
          "<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><not-authorized/></failure>");
    CHECK(stream.negotiation.awaits_login(stream.server));
    CHECK(stream.say(auth("X", "")) == "failed invalid-mechanism");
    CHECK(stream.paused(sasl::Condition::invalid_mechanism) == "close policy-violation");
    CHECK(stream.says("<invalid-mechanism/>"));
}

TEST_CASE("client negotiation: what could not be read is a temporary failure") {
    Stream stream;
    stream.open();
    stream.say(plain());
    CHECK(name_of(stream.negotiation.on_unreadable("storage")) == "failed temporary-auth-failure");
    CHECK(stream.paused(sasl::Condition::temporary_auth_failure) == "read");
    CHECK(stream.say(plain()) == "find-credentials");
    CHECK(stream.check(juliets()) == "restart PLAIN");
}

TEST_CASE("client negotiation: a login that is revoked ends, whatever it was waiting for") {
    Stream checking;
    checking.open();
    checking.say(plain());
    checking.negotiation.revoke();
    CHECK(checking.check(juliets()) == "close");
    CHECK_FALSE(checking.says("success"));
    Stream failing;
    failing.open();
    failing.say(auth("X", ""));
    failing.negotiation.revoke();
    CHECK(failing.paused() == "close");
    Stream binding;
    binding.log_in();
    binding.say(bind());
    binding.negotiation.revoke();
    CHECK(binding.note([&](Output& out) {
        return binding.negotiation.on_bound(binding.server, "b",
                                            Jid::trusted("juliet@example.org/phone"), out);
    }) == "close");
    CHECK(binding.said.empty());
    CHECK_FALSE(binding.negotiation.authenticated());
}

// ---- Binding -----------------------------------------------------------------------------------

TEST_CASE("client negotiation: binding") {
    Stream stream;
    stream.log_in();
    CHECK(stream.say(bind()) == "bind b phone");
    CHECK(stream.note([&](Output& out) {
        return stream.negotiation.on_bind_refused(
            stream.server, "b", StanzaError(StanzaErrorCondition::resource_constraint, "many"),
            out);
    }) == "read");
    CHECK(stream.says("<resource-constraint"));
    REQUIRE(stream.output.refusal);
    CHECK(stream.output.refusal->condition == "resource-constraint");
    CHECK(stream.say(bind()) == "bind b phone");
    CHECK(stream.note([&](Output& out) {
        return stream.negotiation.on_bound(stream.server, "b",
                                           Jid::trusted("juliet@example.org/phone"), out);
    }) == "read");
    CHECK(stream.said ==
          "<iq id='b' type='result'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>"
          "<jid>juliet@example.org/phone</jid></bind></iq>");
    CHECK_FALSE(stream.negotiation.holds_credentials());
    CHECK(stream.negotiation.account().empty());
}

TEST_CASE("client negotiation: a session that was resumed ends it like one that was bound") {
    Stream stream;
    stream.log_in();
    CHECK(stream.say("<resume xmlns='urn:xmpp:sm:3'/>") == "other");
    stream.negotiation.on_session();
    CHECK(stream.negotiation.authenticated());
    CHECK_FALSE(stream.negotiation.holds_credentials());
}
