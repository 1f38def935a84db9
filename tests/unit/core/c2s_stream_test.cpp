#include "server/core/streams/c2s_stream.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/text.h"
#include "proto/ns.h"
#include "server/core/accounts/session.h"
#include "server/core/setup/core.h"
#include "tests/script/runner/scram_client.h"
#include "tests/support/world.h"

using namespace clarion;
using namespace clarion::core;
using namespace clarion::test;
using namespace std::chrono_literals;
using Next = C2sStream::Next;

namespace {

constexpr std::string_view juliet = "juliet@example.org";

struct Scene {
    explicit Scene(std::string config = {})
        : world({.config = "[auth]\nscram_iterations = 4096\n" + std::move(config)}) {
        world.add_account(juliet, "secret");
    }
    World world;
};

/// A connection as net has it: it goes on where the stream says.
struct Connection {
    explicit Connection(Scene& scene, bool encrypted = true)
        : world(scene.world),
          stream(port, encrypted ? c2s::Encryption::direct : c2s::Encryption::none, true),
          shard(1 - world.home_of(juliet).shard().index()) {}

    /// Runs on the shard where the connection is now.
    void on_shard(std::function<void(Core&)> fn) {
        Core& core = world.core(shard);
        core.shards().post(shard, [fn = std::move(fn), &core] { fn(core); });
        world.settle();
    }
    Next open(xml::StreamHeader header = {
                  .to = "example.org", .version = "1.0", .content_ns = std::string(ns::client)}) {
        Next after = Next::read;
        on_shard([&](Core& core) { after = stream.on_open(core, header); });
        return after;
    }
    static Task<> run(Connection& self, Core& core, xml::Document element, bool arrived) {
        if (arrived)
            self.next = co_await self.stream.on_arrived(core);
        else
            self.next = co_await self.stream.on_element(core, std::move(element));
        self.done = true;
    }
    /// Hands it over and does not wait.
    void begin(xml::Document element, bool arrived = false) {
        done = false;
        auto shared = std::make_shared<xml::Document>(std::move(element));
        on_shard([this, shared, arrived](Core& core) {
            core.scope().spawn("connection", run(*this, core, std::move(*shared), arrived));
        });
    }
    Next finish() {
        world.settle_until([this] { return done; });
        if (next != Next::move) return next;
        ++moves;
        shard = stream.home();
        begin({}, true);
        return finish();
    }
    Next send(const std::string& xml) {
        begin(xml::parse_element(xml, ns::client));
        return finish();
    }
    static std::string auth(std::string_view mechanism, std::string_view bytes) {
        return "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='" +
               std::string(mechanism) + "'>" + base64_encode(bytes) + "</auth>";
    }
    static std::string response(std::string_view bytes) {
        return "<response xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>" + base64_encode(bytes) +
               "</response>";
    }
    static std::string plain(std::string_view user, std::string_view password) {
        std::string bytes(1, '\0');
        bytes.append(user).append(1, '\0').append(password);
        return auth("PLAIN", bytes);
    }
    /// The first half of SCRAM; the server's challenge.
    std::string challenge(script::ScramClient& client) {
        CHECK(send(auth("SCRAM-SHA-256", client.first())) == Next::read);
        const auto element = pop("challenge");
        auto bytes = base64_decode(element.root().text());
        return bytes ? *bytes : std::string();
    }
    /// Logged in, stream restarted.
    void log_in(std::string_view user = "juliet", std::string_view password = "secret") {
        open();
        script::ScramClient client(user, password);
        const auto server_first = challenge(client);
        auto last = client.final_message(server_first);
        REQUIRE(last.ok());
        REQUIRE(send(response(*last)) == Next::restart);
        const auto success = pop("success");
        REQUIRE(success.root().name() == "success");
        const auto proof = base64_decode(success.root().text());
        REQUIRE(proof.ok());
        CHECK(client.verify(*proof));
        open();
    }
    /// The oldest element with that name; drops those before it.
    xml::Document pop(std::string_view name) {
        while (port.pending() > 0) {
            auto element = port.pop();
            if (element.root().name() == name) return element;
        }
        return xml::Document("nothing", "");
    }

    World& world;
    FakePort port{false};
    C2sStream stream;
    unsigned shard;
    Next next = Next::read;
    bool done = true;
    int moves = 0;
};

std::string bind_iq(std::string_view resource = {}, std::string_view type = "set") {
    std::string wanted =
        resource.empty() ? "" : "<resource>" + std::string(resource) + "</resource>";
    return "<iq type='" + std::string(type) +
           "' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>" + wanted + "</bind></iq>";
}

std::string mechanisms(const xml::Element& features) {
    std::string result;
    const auto* list = features.child(ns::sasl, "mechanisms");
    if (!list) return result;
    for (const auto& each : list->children()) result.append(each.text()).append(" ");
    return result;
}

std::string condition(const xml::Document& failure) {
    if (failure.root().name() != "failure") return "no failure";
    for (const auto& child : failure.root().children()) return std::string(child.name());
    return "";
}

}  // namespace

// ---- Headers and features ----------------------------------------------------------------------

TEST_CASE("headers that are refused") {
    struct Row {
        xml::StreamHeader header;
        StreamErrorCondition error;
    };
    const std::string client(ns::client);
    const Row rows[] = {
        {{.to = "example.org", .version = "1.0", .content_ns = "jabber:server"},
         StreamErrorCondition::invalid_namespace},
        {{.to = "elsewhere.example", .version = "1.0", .content_ns = client},
         StreamErrorCondition::host_unknown},
        {{.to = "", .version = "1.0", .content_ns = client}, StreamErrorCondition::host_unknown},
        {{.to = "example.org", .version = "", .content_ns = client},
         StreamErrorCondition::unsupported_version},
        {{.to = "example.org", .version = "0.9", .content_ns = client},
         StreamErrorCondition::unsupported_version},
    };
    Scene scene;
    for (const Row& row : rows) {
        Connection connection(scene);
        CHECK(connection.open(row.header) == Next::close);
        CHECK(connection.port.closed());
        CHECK(connection.port.error() == row.error);
        CHECK_FALSE(connection.port.header().id.empty());  // our header comes first
        CHECK(connection.port.header().from == "example.org");
        CHECK(connection.port.header().lang == "en");
    }
}

TEST_CASE("our header is addressed to the bare JID that the client's came from") {
    const auto to_for = [](std::string from) {
        Scene scene;
        Connection connection(scene);
        connection.open({.from = std::move(from),
                         .to = "example.org",
                         .version = "1.0",
                         .content_ns = std::string(ns::client)});
        return connection.port.header().to;
    };
    CHECK(to_for("Romeo@example.org") == "romeo@example.org");
    CHECK(to_for("romeo@example.org/orchard") == "romeo@example.org");
    CHECK(to_for("a@b@c").empty());
    CHECK(to_for("").empty());
}

TEST_CASE("the domain may not change within a connection") {
    Scene scene;
    Connection connection(scene);
    CHECK(connection.open() == Next::read);
    CHECK(connection.port.header().from == "example.org");
    CHECK(connection.open(
              {.to = "example.net", .version = "1.0", .content_ns = std::string(ns::client)}) ==
          Next::close);
}

TEST_CASE("features: encryption first") {
    Scene scene("[tls]\ncertificate = \"c.pem\"\nprivate_key = \"k.pem\"\n");
    Connection connection(scene, false);
    connection.open();
    auto features = connection.pop("features");
    const auto* starttls = features.root().child(ns::tls, "starttls");
    REQUIRE(starttls);
    CHECK(starttls->child(ns::tls, "required"));
    CHECK(mechanisms(features.root()).empty());
    CHECK(connection.send(Connection::plain("juliet", "secret")) == Next::read);
    CHECK(condition(connection.pop("failure")) == "encryption-required");
    CHECK(connection.send("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>") ==
          Next::start_tls);
    CHECK(connection.pop("proceed").root().name() == "proceed");
    connection.stream.on_encrypted({});
    connection.open();
    features = connection.pop("features");
    CHECK_FALSE(features.root().child(ns::tls, "starttls"));
    CHECK(mechanisms(features.root()).find("PLAIN") != std::string::npos);
    CHECK(mechanisms(features.root()).find("PLUS") == std::string::npos);
    CHECK(connection.send("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>") == Next::close);
}

TEST_CASE("features: PLAIN is offered under TLS only") {
    Scene scene("[c2s]\nrequire_encryption = false\n");
    Connection connection(scene, false);
    connection.open();
    CHECK(mechanisms(connection.pop("features").root()) == "SCRAM-SHA-256 SCRAM-SHA-1 ");
    CHECK(connection.send(Connection::plain("juliet", "secret")) == Next::read);
    CHECK(condition(connection.pop("failure")) == "invalid-mechanism");
}

TEST_CASE("nothing else before login") {
    Scene scene;
    for (const std::string& xml : {
             std::string("<message to='x@example.org'/>"),
             std::string("<iq type='get' id='1' to='juliet@example.org'><q xmlns='q'/></iq>"),
             std::string("<iq type='get' id='1' to='example.net'><q xmlns='q'/></iq>"),
             std::string("<iq type='get' id='1' to='example.org/x'><q xmlns='q'/></iq>"),
             std::string("<iq type='get' id='1' to='@@'><q xmlns='q'/></iq>"),
             std::string("<iq type='result' id='1'/>"),
             std::string("<presence type='error'/>"),
             std::string("<r xmlns='urn:xmpp:sm:3'/>"),
         }) {
        CAPTURE(xml);
        Connection connection(scene);
        connection.open();
        CHECK(connection.send(xml) == Next::close);
        CHECK(connection.port.error() == StreamErrorCondition::not_authorized);
    }
}

TEST_CASE("a stanza for the server before login is refused and the stream stays") {
    Scene scene;
    for (const std::string& xml :
         {bind_iq(), std::string("<iq type='get' id='1' to='EXAMPLE.org'><q xmlns='q'/></iq>"),
          std::string("<message to='example.org' id='1'/>"), std::string("<presence id='1'/>")}) {
        CAPTURE(xml);
        Connection connection(scene);
        connection.open();
        connection.pop("features");
        CHECK(connection.send(xml) == Next::read);
        const auto answer = connection.port.pop();
        CHECK(answer.root().attr("type") == "error");
        CHECK_FALSE(answer.root().attr("id").empty());
        CHECK(read_error(answer.root()).condition == StanzaErrorCondition::not_authorized);
        CHECK_FALSE(connection.port.closed());
        connection.log_in();
        CHECK(connection.send(bind_iq("phone")) == Next::read);
        CHECK(connection.stream.session());
        connection.on_shard([&](Core&) { connection.stream.session()->on_stream_closed(); });
    }
}

TEST_CASE("stanzas before login are refused only so often, and count as failures") {
    Scene scene("max_failures = 3\n");
    Connection connection(scene);
    connection.open();
    CHECK(connection.send("<presence/>") == Next::read);
    CHECK(connection.send("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='X'/>") ==
          Next::read);
    CHECK(connection.send("<presence/>") == Next::close);
    CHECK(connection.port.error() == StreamErrorCondition::policy_violation);
}

// ---- Login -------------------------------------------------------------------------------------

TEST_CASE("SCRAM, on the account's own shard") {
    Scene scene;
    Connection connection(scene);
    connection.log_in();
    CHECK(connection.moves == 1);
    CHECK(connection.shard == scene.world.home_of(juliet).shard().index());
    CHECK(connection.stream.account().full() == juliet);
    const auto features = connection.pop("features");
    CHECK(features.root().child(ns::bind, "bind"));
    CHECK(mechanisms(features.root()).empty());
    CHECK(connection.send(Connection::plain("juliet", "secret")) == Next::close);  // once is enough
}

TEST_CASE("PLAIN") {
    Scene scene;
    Connection connection(scene);
    connection.open();
    CHECK(connection.send(Connection::plain("juliet", "secret")) == Next::restart);
    CHECK(connection.stream.authenticated());
}

TEST_CASE("a wrong password and an account that does not exist look alike") {
    Scene scene;
    std::string said[2];
    int i = 0;
    for (const char* user : {"juliet", "nobody"}) {
        Connection connection(scene);
        connection.open();
        script::ScramClient client(user, "wrong");
        const auto first = connection.challenge(client);
        CHECK(first.find(",i=4096,h=") != std::string::npos);
        const auto last = client.final_message(first);
        REQUIRE(last.ok());
        connection.begin(xml::parse_element(Connection::response(*last)));
        CHECK_FALSE(connection.done);
        scene.world.advance(10s);
        CHECK(connection.finish() == Next::read);
        said[i] = condition(connection.pop("failure"));
        CHECK_FALSE(connection.stream.authenticated());
        ++i;

        Connection again(scene);  // the salt of an account that does not exist stays the same, too
        again.open();
        script::ScramClient other(user, "wrong");
        const auto second = again.challenge(other);
        const auto salt = [](const std::string& text) {
            const auto from = text.find(",s=");
            return text.substr(from, text.find(",i=") - from);
        };
        CHECK(salt(first) == salt(second));
    }
    CHECK(said[0] == "not-authorized");
    CHECK(said[0] == said[1]);
}

TEST_CASE("names that do not exist have the iterations that others have") {
    Scene scene;  // juliet was made with 4096
    scene.world.at("viola@example.org", [&](Core& core) {
        storage::AccountRecord record;
        record.id = core.storage().owners().next_id("viola@example.org");
        record.jid = "viola@example.org";
        auto credentials = sasl::make_credentials("secret", 5000);
        REQUIRE(credentials.ok());
        record.credentials = *std::move(credentials);
        core.storage().accounts().put(core.shard().batch(), record);
    });
    const auto iterations = [&](const char* user) {
        Connection connection(scene);
        connection.open();
        script::ScramClient client(user, "wrong");
        const std::string first = connection.challenge(client);
        const std::string rest = first.substr(first.find(",i=") + 3);
        return rest.substr(0, rest.find(','));
    };
    CHECK(iterations("juliet") == "4096");
    CHECK(iterations("viola") == "5000");
    std::map<std::string, std::string> pretended;
    int few = 0, many = 0;
    for (int i = 0; i < 30; ++i) {
        const std::string name = "nobody" + std::to_string(i);
        pretended[name] = iterations(name.c_str());
        few += pretended[name] == "4096";
        many += pretended[name] == "5000";
    }
    CHECK(few > 0);
    CHECK(many > 0);
    CHECK(few + many == 30);
    scene.world.advance(2h);  // they are looked up again
    for (const auto& [name, count] : pretended) CHECK(iterations(name.c_str()) == count);
}

TEST_CASE("failures are answered later and later, and only so many") {
    Scene scene("max_failures = 3\n");
    Connection connection(scene);
    connection.open();
    const auto fail_once = [&](Duration delay) {
        script::ScramClient client("juliet", "wrong");
        const auto last = client.final_message(connection.challenge(client));
        connection.begin(xml::parse_element(Connection::response(*last)));
        scene.world.advance(delay - 1ms);
        CHECK_FALSE(connection.done);
        scene.world.advance(1ms);
        const Next next = connection.finish();
        CHECK(condition(connection.pop("failure")) == "not-authorized");
        return next;
    };
    CHECK(fail_once(500ms) == Next::read);
    CHECK(fail_once(1s) == Next::read);
    CHECK(fail_once(2s) == Next::close);
    CHECK(connection.port.error() == StreamErrorCondition::policy_violation);

    Connection right(
        scene);  // the owner's success clears the account's count, not that of the address
    right.log_in();
}

TEST_CASE("however many connections guess, few passwords are tried, and the owner gets in") {
    Scene scene;
    std::vector<std::unique_ptr<Connection>> guesses;
    const auto count = [&] {
        return std::count_if(guesses.begin(), guesses.end(),
                             [](const auto& guess) { return guess->done; });
    };
    const auto guess = [](Connection& one) {
        one.begin(xml::parse_element(Connection::plain("juliet", "wrong")));
        REQUIRE(one.next == Next::move);
        one.shard = one.stream.home();
        one.begin({}, true);
    };
    for (int i = 0; i < 20; ++i) {
        guesses.push_back(std::make_unique<Connection>(scene));
        guesses.back()->open();
        guess(*guesses.back());
    }
    const auto refused = count();
    CHECK(refused >= 10);
    CHECK(condition(guesses.back()->pop("failure")) == "temporary-auth-failure");
    // Each is looked at on a worker thread, which has its own time.
    const auto pass = [&](int steps, long until) {
        for (int i = 0; i < steps && count() < until; ++i) {
            scene.world.advance(100ms);
            std::this_thread::sleep_for(2ms);
        }
    };
    pass(30, 20);
    CHECK(count() - refused <= 6);

    Connection owner(scene);
    owner.port.set_info({"192.0.2.2", 40000, true, "", "", "192.0.2.2"});
    owner.log_in();
    pass(5000, 20);
    CHECK(count() == 20);
}

TEST_CASE("only its owner hears that an account is disabled") {
    Scene scene;
    scene.world.run(juliet, [](Core& core) -> Task<> {
        auto record = co_await core.storage().accounts().find(std::string(juliet));
        (*record)->disabled = true;
        core.storage().accounts().put(core.shard().batch(), **record);
        CHECK((co_await core.shard().committed()).ok());
    });
    for (const auto& [password, expected] :
         {std::pair("secret", "account-disabled"), {"wrong", "not-authorized"}}) {
        Connection connection(scene);
        connection.open();
        script::ScramClient client("juliet", password);
        const auto last = client.final_message(connection.challenge(client));
        connection.begin(xml::parse_element(Connection::response(*last)));
        scene.world.advance(10s);
        CHECK(connection.finish() == Next::read);
        CHECK(condition(connection.pop("failure")) == expected);
    }
}

TEST_CASE("what is not SASL as it should be") {
    Scene scene;
    Connection connection(scene);
    connection.open();
    const std::string sasl = "xmlns='urn:ietf:params:xml:ns:xmpp-sasl'";
    for (const auto& [xml, expected] :
         {std::pair("<auth " + sasl + " mechanism='X-UNKNOWN'/>", "invalid-mechanism"),
          {"<auth " + sasl + " mechanism='PLAIN'>***</auth>", "incorrect-encoding"},
          {"<abort " + sasl + "/>", "aborted"},
          {"<response " + sasl + ">AA==</response>", "malformed-request"}}) {
        CHECK(connection.send(xml) == Next::read);
        CHECK(condition(connection.pop("failure")) == expected);
    }
}

// ---- Binding -----------------------------------------------------------------------------------

TEST_CASE("binding a resource") {
    Scene scene;
    Connection connection(scene);
    connection.log_in();
    std::string full = "juliet@example.org/phone";
    SUBCASE("of the client's choice") { CHECK(connection.send(bind_iq("phone")) == Next::read); }
    SUBCASE("of ours") {
        CHECK(connection.send(bind_iq()) == Next::read);
        REQUIRE(connection.stream.session());
        full = connection.stream.session()->jid().full();
    }
    const auto result = connection.pop("iq");
    CHECK(result.root().attr("type") == "result");
    CHECK(result.root().child(ns::bind, "bind")->child_text(ns::bind, "jid") == full);
    REQUIRE(connection.stream.session());
    CHECK(connection.stream.session()->is_live());
    CHECK(scene.world.account(juliet).sessions().size() == 1);
    connection.on_shard([&](Core&) { connection.stream.session()->on_stream_closed(); });
}

TEST_CASE("binding: not like this") {
    Scene scene;
    Connection connection(scene);
    connection.log_in();
    SUBCASE("a resource that is none") {
        CHECK(connection.send(bind_iq(std::string(1024, 'x'))) == Next::read);
        CHECK(read_error(connection.pop("iq").root()).condition ==
              StanzaErrorCondition::bad_request);
    }
    SUBCASE("not a set") {
        CHECK(connection.send(bind_iq("x", "get")) == Next::read);
        CHECK(read_error(connection.pop("iq").root()).condition ==
              StanzaErrorCondition::bad_request);
    }
    SUBCASE("stanzas before it, to others") {
        CHECK(connection.send("<message to='x@example.org'/>") == Next::close);
        CHECK(connection.port.error() == StreamErrorCondition::not_authorized);
    }
    SUBCASE("stanzas before it, to the server and to one's own account") {
        for (const char* const to : {"", " to='example.org'", " to='juliet@example.org'"}) {
            connection.port.drop_all();
            CHECK(connection.send("<iq type='get' id='1'" + std::string(to) +
                                  "><q xmlns='q'/></iq>") == Next::read);
            CHECK(read_error(connection.pop("iq").root()).condition ==
                  StanzaErrorCondition::not_authorized);
        }
    }
    CHECK_FALSE(connection.stream.session());
}

TEST_CASE("binding a resource that is there replaces it") {
    Scene scene;
    Connection first(scene), second(scene);
    first.log_in();
    first.send(bind_iq("phone"));
    second.log_in();
    second.send(bind_iq("phone"));
    CHECK(first.port.error() == StreamErrorCondition::conflict);
    CHECK(first.stream.session()->state() == SessionState::ended);
    CHECK(scene.world.account(juliet).sessions().size() == 1);
    second.on_shard([&](Core&) { second.stream.session()->on_stream_closed(); });
}

TEST_CASE("only so many sessions") {
    Scene scene("[c2s]\nmax_sessions = 2\n");
    scene.world.connect("juliet@example.org/a");
    scene.world.connect("juliet@example.org/b");
    Connection connection(scene);
    connection.log_in();
    CHECK(connection.send(bind_iq("c")) == Next::read);
    CHECK(read_error(connection.pop("iq").root()).condition ==
          StanzaErrorCondition::resource_constraint);
    CHECK(connection.send(bind_iq("a")) == Next::read);  // in place of another
    CHECK(connection.stream.session());
    connection.on_shard([&](Core&) { connection.stream.session()->on_stream_closed(); });
}

// ---- Credentials that change meanwhile ---------------------------------------------------------

namespace {

constexpr auto changed_password = [](Core& core) -> Task<> {
    const auto done =
        co_await core.account_registry().set_password(Jid::trusted(std::string(juliet)), "new");
    CHECK(done.ok());
};

}  // namespace

TEST_CASE("who logged in with the old password and has no session yet gets none") {
    Scene scene;
    Connection connection(scene);
    SUBCASE("authenticated, not bound") {
        connection.log_in();
        scene.world.run(juliet, changed_password);
    }
    SUBCASE("in the middle of the exchange") {
        connection.open();
        script::ScramClient client("juliet", "secret");
        const auto last = client.final_message(connection.challenge(client));
        scene.world.run(juliet, changed_password);
        CHECK(connection.send(Connection::response(*last)) == Next::close);
        CHECK(connection.pop("success").root().name() != "success");
    }
    SUBCASE("binding") {
        connection.log_in();
        // The account is in memory, so that its answer waits for the next turn.
        Account& account = scene.world.account(juliet);
        account.pin();
        scene.world.run(juliet, changed_password);
        CHECK(connection.send(bind_iq("phone")) == Next::close);
        account.unpin();
    }
    CHECK(connection.port.closed());
    CHECK(connection.port.error() == StreamErrorCondition::reset);
    CHECK_FALSE(connection.stream.session());
    CHECK(scene.world.account(juliet).sessions().empty());

    Connection again(scene);
    again.log_in("juliet", "new");
    again.send(bind_iq("phone"));
    REQUIRE(again.stream.session());
    scene.world.run(juliet, changed_password);  // by an administrator: this one too
    CHECK(again.port.error() == StreamErrorCondition::reset);
}

TEST_CASE("others' logins are not touched") {
    Scene scene;
    scene.world.add_account("romeo@example.org", "secret");
    Connection connection(scene);
    connection.log_in("romeo");
    scene.world.run(juliet, changed_password);
    CHECK_FALSE(connection.port.closed());
    CHECK(connection.send(bind_iq("orchard")) == Next::read);
    REQUIRE(connection.stream.session());
    connection.on_shard([&](Core&) { connection.stream.session()->on_stream_closed(); });
}

TEST_CASE("who logged in before the account moved binds at its new home") {
    Scene scene;
    Connection connection(scene);
    connection.log_in();
    const unsigned before = scene.world.home_of(juliet).shard().index();
    PartitionSet hers;
    hers.add(partition_of(juliet));
    REQUIRE(scene.world.move(hers, 1 - before));
    const int moves = connection.moves;
    CHECK(connection.send(bind_iq("orchard")) == Next::read);
    CHECK(connection.moves == moves + 1);
    CHECK(connection.shard == 1 - before);
    REQUIRE(connection.stream.session());
    CHECK(connection.stream.session()->context().shard().index() == 1 - before);
    CHECK(connection.pop("iq").root().attr("type") == "result");
}

TEST_CASE("who logged in before the account moved, and its password was changed there, gets none") {
    Scene scene;
    Connection connection(scene);
    connection.log_in();
    PartitionSet hers;
    hers.add(partition_of(juliet));
    REQUIRE(scene.world.move(hers, 1 - scene.world.home_of(juliet).shard().index()));
    scene.world.run(juliet, changed_password);
    CHECK(connection.send(bind_iq("orchard")) == Next::close);
    CHECK(!connection.stream.session());
    CHECK(connection.port.error() == StreamErrorCondition::reset);
}

TEST_CASE("who wants a session while the account moves waits, and gets it at its new home") {
    Scene scene;
    Connection connection(scene);
    connection.log_in();
    const unsigned before = scene.world.home_of(juliet).shard().index();
    PartitionSet hers;
    hers.add(partition_of(juliet));
    scene.world.at(juliet, [&](Core& core) { core.partition_table().drain(hers); });
    connection.begin(xml::parse_element(bind_iq("orchard"), ns::client));
    scene.world.settle();
    CHECK(!connection.done);
    scene.world.at(juliet, [&](Core& core) { core.partition_table().reopen(hers); });
    REQUIRE(scene.world.move(hers, 1 - before));
    CHECK(connection.finish() == Next::read);
    REQUIRE(connection.stream.session());
    CHECK(connection.shard == 1 - before);
}
