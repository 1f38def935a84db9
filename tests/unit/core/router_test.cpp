// RFC 6121, section 8.5, row by row; requests and their order; what this server asks others.
#include "server/core/routing/router.h"

#include <doctest/doctest.h>

#include <boost/asio/awaitable.hpp>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "proto/ns.h"
#include "server/core/accounts/session.h"
#include "server/core/events/undelivered_events.h"
#include "server/core/routing/pending_iq.h"
#include "tests/support/world.h"

using namespace clarion;
using namespace clarion::core;
using namespace clarion::test;
using namespace std::chrono_literals;

namespace {

constexpr std::string_view juliet = "juliet@example.org";
constexpr std::string_view stranger = "mercutio@example.com/m";

struct Scene {
    Scene() : Scene(std::string()) {}
    explicit Scene(std::string config) : world({.config = std::move(config)}) {
        world.add_account(juliet);
        world.at(juliet, [this](Core& core) {
            core.bus().on<events::Undelivered>(
                events::Undelivered::Stage::store, "test", [this](events::Undelivered& event) {
                    if (store && event.envelope.stanza->type() != StanzaType::groupchat) {
                        event.stored = true;
                        ++stored;
                    }
                    return Flow::next;
                });
        });
    }

    /// What becomes of a message of this type: 'O' offline, 'E' error, 'S' silence, or the
    /// resources that have it.
    std::string fate(std::string_view to, std::string_view type) {
        for (Client* client : clients) client->drop_all();
        world.remote().drop_all();
        stored = 0;
        world.arrive("<message from='" + std::string(stranger) + "' to='" + std::string(to) +
                     "' type='" + std::string(type) + "' id='x'><body>x</body></message>");
        std::string result;
        for (Client* client : clients)
            if (client->pop("message").root().name() == "message")
                result += client->jid().resource();
        if (stored > 0) result += 'O';
        while (const auto answer = world.remote().pop()) {
            CHECK(answer->is_error());
            CHECK(read_error(answer->root()).condition ==
                  StanzaErrorCondition::service_unavailable);
            result += 'E';
        }
        return result.empty() ? "S" : result;
    }
    Client& there(std::string_view resource, int priority) {
        Client& client = world.connect(std::string(juliet) + "/" + std::string(resource));
        client.send("<presence><priority>" + std::to_string(priority) + "</priority></presence>");
        return *clients.emplace_back(&client);
    }
    Client& connected(std::string_view resource) {
        return *clients.emplace_back(
            &world.connect(std::string(juliet) + "/" + std::string(resource)));
    }

    World world;
    std::vector<Client*> clients;
    bool store = true;
    int stored = 0;
};

struct Row {
    std::string_view to, normal, chat, groupchat, headline;
};

void check(Scene& scene, const std::vector<Row>& rows) {
    for (const Row& row : rows) {
        CAPTURE(row.to);
        CHECK(scene.fate(row.to, "normal") == row.normal);
        CHECK(scene.fate(row.to, "chat") == row.chat);
        CHECK(scene.fate(row.to, "groupchat") == row.groupchat);
        CHECK(scene.fate(row.to, "headline") == row.headline);
        const std::string error = scene.fate(row.to, "error");
        CHECK((error == "S" ||
               error == row.chat));  // never answered; delivered to a resource that is there
        CHECK(error.find_first_of("EO") == std::string::npos);
    }
}

constexpr std::string_view match = "juliet@example.org/a";
constexpr std::string_view no_match = "juliet@example.org/gone";

}  // namespace

// ---- Messages (8.5.4, table 1) -----------------------------------------------------------------

TEST_CASE("messages: the account does not exist") {
    Scene scene;
    check(scene, {{"nobody@example.org", "E", "E", "E", "S"},
                  {"nobody@example.org/x", "E", "E", "E", "S"}});
}

TEST_CASE("messages: another server that tries many names is not told any more which exist") {
    Scene scene("[limits]\nunknown_names_per_minute = 2\n");
    const std::string nobody = "nobody@example.org";  // all at one home
    CHECK(scene.fate(nobody, "chat") == "E");
    CHECK(scene.fate(nobody, "headline") == "S");  // never answered, so not counted
    CHECK(scene.fate(nobody, "normal") == "E");
    CHECK(scene.fate(nobody, "chat") == "S");
    CHECK(scene.fate(nobody, "normal") == "S");
    CHECK(scene.fate(juliet, "chat") == "O");
    Client& romeo = scene.there("a", 0);
    romeo.send("<message to='nobody@example.org' type='chat' id='m'><body>x</body></message>");
    CHECK(romeo.pop("message").root().attr("type") == "error");
    scene.world.advance(1min);
    CHECK(scene.fate(nobody, "chat") == "E");
}

TEST_CASE_FIXTURE(Scene, "messages: no resource") {
    check(*this, {{juliet, "O", "O", "E", "S"}, {no_match, "E", "O", "E", "S"}});
}

TEST_CASE_FIXTURE(Scene, "messages: a resource that is connected, not available") {
    connected("a");
    check(*this, {{juliet, "O", "O", "E", "S"},
                  {match, "a", "a", "a", "a"},
                  {no_match, "E", "O", "E", "S"}});
}

TEST_CASE_FIXTURE(Scene, "messages: only negative priorities") {
    there("a", -1);
    check(*this, {{juliet, "O", "O", "E", "S"},
                  {match, "a", "a", "a", "a"},
                  {no_match, "E", "O", "E", "S"}});
}

TEST_CASE_FIXTURE(Scene, "messages: one resource that is not negative") {
    there("a", 0);
    there("b", -5);
    check(*this, {{juliet, "a", "a", "E", "a"},
                  {match, "a", "a", "a", "a"},
                  {no_match, "E", "a", "E", "S"}});
}

TEST_CASE_FIXTURE(Scene, "messages: several") {
    there("a", 1);
    there("b", 10);
    there("c", -1);
    check(*this, {{juliet, "ab", "ab", "E", "ab"},
                  {match, "a", "a", "a", "a"},
                  {no_match, "E", "ab", "E", "S"}});
}

TEST_CASE_FIXTURE(Scene, "messages: what nobody keeps is answered") {
    store = false;
    check(*this, {{juliet, "E", "E", "E", "S"}, {no_match, "E", "E", "E", "S"}});
}

TEST_CASE_FIXTURE(Scene, "messages: an error shows what it is about; what nobody misses has none") {
    store = false;
    for (const std::string_view to : {juliet, std::string_view("nobody@example.org"), no_match}) {
        CAPTURE(to);
        const std::string start = "<message from='" + std::string(stranger) + "' to='" +
                                  std::string(to) + "' type='chat' id='x'>";
        const std::string state = "<composing xmlns='http://jabber.org/protocol/chatstates'/>";
        world.arrive(start + state + "</message>");
        CHECK(world.remote().pending() == 0);
        world.arrive(start + "<body>Hi</body>" + state + "</message>");
        const auto answer = world.remote().pop();
        REQUIRE(answer);
        CHECK(answer->is_error());
        CHECK(answer->body() == "Hi");
    }
}

TEST_CASE_FIXTURE(Scene, "messages to the server itself") {
    CHECK(fate("example.org", "chat") == "E");
    CHECK(fate("example.org", "error") == "S");
}

// ---- Requests ----------------------------------------------------------------------------------

namespace {

std::string iq(std::string_view to, std::string_view id, std::string_view type = "get",
               std::string_view ns = "urn:test") {
    return "<iq from='" + std::string(stranger) + "' to='" + std::string(to) + "' id='" +
           std::string(id) + "' type='" + std::string(type) + "'><query xmlns='" + std::string(ns) +
           "'/></iq>";
}

std::optional<StanzaErrorCondition> error_of(World& world) {
    const auto answer = world.remote().pop();
    if (!answer || !answer->is_error()) return std::nullopt;
    return read_error(answer->root()).condition;
}

}  // namespace

TEST_CASE_FIXTURE(Scene, "requests nobody serves") {
    for (const std::string_view to :
         {std::string_view("nobody@example.org"), juliet, no_match, std::string_view("example.org"),
          std::string_view("nobody@example.org/x")}) {
        CAPTURE(to);
        world.arrive(iq(to, "1"));
        CHECK(error_of(world) == StanzaErrorCondition::service_unavailable);
        world.arrive(iq(to, "2", "result"));
        world.arrive(iq(to, "3", "error"));
        CHECK(world.remote().pending() == 0);
    }
}

TEST_CASE_FIXTURE(Scene, "requests and answers to a resource that is there") {
    Client& a = connected("a");
    world.arrive(iq(match, "1"));
    CHECK(a.pop("iq").root().attr("id") == "1");
    world.arrive(iq(match, "2", "result"));
    CHECK(a.pop("iq").root().attr("id") == "2");
    CHECK(world.remote().pending() == 0);
}

TEST_CASE("who waits for many answers asks nobody else, and is told that none came") {
    Scene scene("[limits]\nmax_requests_of_asker = 2\n");
    std::string seen;
    const auto ask = [&](std::string_view asker) {
        scene.world.at(juliet, [&](Core& core) {
            auto request = Stanza::make(StanzaKind::iq, StanzaType::get, Jid::trusted(juliet),
                                        Jid::trusted(stranger));
            request->root().add("query", "urn:test");
            core.pending().send(asker, std::move(request), 60s,
                                [&](const Stanza* answer, bool) { seen += answer ? "+" : "-"; });
        });
        scene.world.advance(1ms);
    };
    for (int i = 0; i < 2; ++i) ask(juliet);
    CHECK(scene.world.remote().pending() == 2);
    ask(juliet);
    CHECK(scene.world.remote().pending() == 2);
    CHECK(seen == "-");
    ask("romeo@example.org");
    CHECK(scene.world.remote().pending() == 3);
    const StanzaPtr asked = scene.world.remote().pop();
    scene.world.arrive("<iq type='result' from='" + std::string(stranger) + "' to='" +
                       std::string(juliet) + "' id='" + std::string(asked->id()) + "'/>");
    CHECK(seen == "-+");
    ask(juliet);
    CHECK(scene.world.remote().pending() == 3);
}

namespace {

/// Requests that wait until the test lets them go.
struct Slow : Scene {
    explicit Slow(std::string config = {}) : Scene(std::move(config)) {
        world.at(juliet, [this](Core& core) {
            add(core, "urn:slow", {}, [this, &core](IqRequest request) {
                return answer(*this, core, std::move(request));
            });
            add(core, "urn:quick",
                [](IqRequest& request) -> IqAnswer { return make_result(*request.stanza); });
            add(core, "urn:broken", {}, [](IqRequest) { return broken(); });
        });
    }
    static void add(Core& core, std::string ns, IqHandler handler, AsyncIqHandler async = {}) {
        core.iqs().add({.target = IqTarget::account,
                        .type = StanzaType::get,
                        .ns = std::move(ns),
                        .name = "query",
                        .handler = std::move(handler),
                        .async = std::move(async)});
    }
    static Task<IqAnswer> answer(Slow& self, Core& core, IqRequest request) {
        ++self.started;
        const auto stanza = request.stanza;
        co_await core.shard().sleep(1s);
        co_return make_result(*stanza);
    }
    static Task<IqAnswer> broken() {
        throw std::runtime_error("broken");
        co_return StanzaError(StanzaErrorCondition::bad_request);
    }
    static std::string ask(std::string_view kind, std::string_view id) {
        return "<iq type='get' id='" + std::string(id) +
               "'><query xmlns='urn:" + std::string(kind) + "'/></iq>";
    }
    static std::string ids(Client& client) {
        std::string result;
        for (auto iq = client.pop("iq"); iq.root().name() == "iq"; iq = client.pop("iq"))
            result.append(iq.root().attr("id"))
                .append(iq.root().attr("type") == "error" ? "! " : " ");
        return result;
    }
    int started = 0;
};

}  // namespace

TEST_CASE_FIXTURE(Slow, "answers keep the order of the requests") {
    Client& a = connected("a");
    for (const auto& [kind, id] : {std::pair("quick", "1"),
                                   {"slow", "2"},
                                   {"quick", "3"},
                                   {"unknown", "4"},
                                   {"slow", "5"},
                                   {"quick", "6"}})
        a.send(ask(kind, id));
    CHECK(ids(a) == "1 ");
    CHECK(started == 1);
    world.advance(1s);
    CHECK(ids(a) == "2 3 4! ");
    CHECK(started == 2);
    world.advance(1s);
    CHECK(ids(a) == "5 6 ");
    a.send(ask("quick", "7"));
    CHECK(ids(a) == "7 ");
}

TEST_CASE("requests behind a slow one are never refused; with too many slow ones reading stops") {
    Slow slow("[c2s]\nmax_pending_requests = 2\n");
    Client& a = slow.connected("a");
    a.send(Slow::ask("slow", "1"));
    std::string quick;
    for (int id = 100; id < 130; ++id) {
        a.send(Slow::ask("quick", std::to_string(id)));
        quick += std::to_string(id) + ' ';
    }
    CHECK(a.session().may_read());
    a.send(Slow::ask("slow", "2"));
    CHECK_FALSE(a.session().may_read());
    CHECK_FALSE(a.port().reading_resumed());
    CHECK(a.pending() == 0);
    slow.world.advance(1s);
    CHECK(a.port().reading_resumed());
    CHECK(a.session().may_read());
    CHECK(Slow::ids(a) == "1 " + quick);
    slow.world.advance(1s);
    CHECK(Slow::ids(a) == "2 ");
}

TEST_CASE("of another server so many slow requests run at a time, and all are answered") {
    Slow slow("[c2s]\nmax_pending_requests = 2\n");
    for (unsigned i = 0; i < 2; ++i) {
        Core& core = slow.world.core(i);
        core.iqs().add({.target = IqTarget::host,
                        .type = StanzaType::get,
                        .ns = "urn:slow",
                        .name = "query",
                        .async = [&slow, &core](IqRequest request) {
                            return Slow::answer(slow, core, std::move(request));
                        }});
    }
    const auto ask = [&](const std::string& id, const std::string& server) {
        slow.world.arrive("<iq xmlns='jabber:client' type='get' id='" + id + "' from='nurse@" +
                          server +
                          "/r' to='example.org'>"
                          "<query xmlns='urn:slow'/></iq>");
    };
    for (int id = 1; id <= 5; ++id) ask(std::to_string(id), "capulet.example");
    CHECK(slow.started == 2);
    ask("other", "montague.example");
    CHECK(slow.started == 3);
    CHECK(slow.world.remote().pending() == 0);
    slow.world.advance(1s);
    CHECK(slow.world.remote().pending() == 3);
    CHECK(slow.started == 5);
    slow.world.advance(1s);
    slow.world.advance(1s);
    CHECK(slow.started == 6);
    std::set<std::string> answered;
    while (const StanzaPtr answer = slow.world.remote().pop())
        answered.insert(std::string(answer->id()) + ' ' + std::string(answer->root().attr("type")));
    CHECK(answered == std::set<std::string>{"1 result", "2 result", "3 result", "4 result",
                                            "5 result", "other result"});
}

TEST_CASE_FIXTURE(Slow, "a handler that throws is answered for, and those behind it are served") {
    Client& a = connected("a");
    a.send(ask("broken", "1"));
    a.send(ask("quick", "2"));
    CHECK(ids(a) == "1! 2 ");
}

TEST_CASE_FIXTURE(Slow, "a session that ends while its requests wait") {
    Client& a = connected("a");
    a.send(ask("slow", "1"));
    a.send(ask("slow", "2"));
    a.close();
    world.advance(1s);
    CHECK(started == 1);
    Client& b = connected("b");
    b.send(ask("quick", "3"));
    CHECK(ids(b) == "3 ");
}

// ---- What this server asks ---------------------------------------------------------------------

namespace {

struct Asking : Scene {
    Asking() : Scene("[component.\"push.example.org\"]\nsecret = \"0123456789abcdef\"\n") {}
    void ask(std::string_view to) {
        world.at(juliet, [this, to = std::string(to)](Core& core) {
            auto request = Stanza::make(StanzaKind::iq, StanzaType::set,
                                        Jid::trusted("example.org"), Jid::trusted(to));
            request->root().add("query", "urn:test");
            core.pending().send(juliet, std::move(request), 30s,
                                [this](const Stanza* answer, bool is_local) {
                                    ++answers;
                                    type = answer ? std::optional(answer->type()) : std::nullopt;
                                    local = is_local;
                                });
        });
    }
    std::string answer(std::string_view from, std::string_view id,
                       std::string_view kind = "result") {
        return "<iq from='" + std::string(from) + "' to='example.org' id='" + std::string(id) +
               "' type='" + std::string(kind) + "'/>";
    }
    int answers = 0;
    std::optional<StanzaType> type;
    bool local = false;
};

}  // namespace

TEST_CASE_FIXTURE(Asking, "an answer counts from who was asked, and once") {
    ask("push.example.com");
    const auto asked = world.remote().pop();
    REQUIRE(asked);
    world.arrive(answer("evil.example.com", asked->id()));
    world.arrive(answer("push.example.com/x", asked->id()));
    world.arrive(answer("push.example.com", "guess-0"));
    world.arrive(answer("push.example.com", "guess"));
    world.arrive(answer("push.example.com", "guess-99"));
    CHECK(answers == 0);
    world.arrive(answer("push.example.com", asked->id()));
    CHECK(answers == 1);
    CHECK(type == StanzaType::result);
    CHECK_FALSE(local);
    world.arrive(answer("push.example.com", asked->id()));
    world.advance(60s);
    CHECK(answers == 1);
}

TEST_CASE_FIXTURE(Asking, "an answer that does not come") {
    ask("push.example.com");
    world.advance(29s);
    CHECK(answers == 0);
    world.advance(1s);
    CHECK(answers == 1);
    CHECK(type == std::nullopt);
}

TEST_CASE_FIXTURE(Asking, "a component that is not attached: an error of our own making") {
    ask("push.example.org");
    CHECK(answers == 1);
    CHECK(type == StanzaType::error);
    CHECK(local);
    FakeLink& component = world.attach_component("push.example.org");
    ask("push.example.org");
    CHECK(answers == 1);
    const auto asked = component.pop();
    REQUIRE(asked);
    auto error = make_error(*asked, StanzaError(StanzaErrorCondition::service_unavailable));
    world.at("push.example.org", [&](Core& core) { core.router().route(error); });
    CHECK(answers == 2);
    CHECK_FALSE(local);  // the component said so
}

// ---- Errors ------------------------------------------------------------------------------------

TEST_CASE_FIXTURE(Scene, "errors, results and presence are never answered with an error") {
    for (const char* stanza :
         {"<message from='m@example.com/x' to='nobody@example.org' type='error' id='1'/>",
          "<iq from='m@example.com/x' to='nobody@example.org' type='result' id='1'/>",
          "<presence from='m@example.com/x' to='nobody@example.org'/>",
          "<presence from='m@example.com/x' to='nobody@example.org' type='unavailable'/>",
          "<presence from='m@example.com' to='nobody@example.org' type='subscribe'/>",
          "<presence from='m@example.com' to='nobody@example.org' type='unsubscribed'/>"}) {
        CAPTURE(stanza);
        world.arrive(stanza);
        CHECK(world.remote().pending() == 0);
    }
}
