#include "modules/registration/invitations/invitations.h"

#include <doctest/doctest.h>

#include "modules/blocking/blocking.h"
#include "modules/commands/commands.h"
#include "modules/registration/account_maker.h"
#include "modules/registration/invitations/commands.h"
#include "modules/registration/invitations/install.h"
#include "modules/registration/registration.h"
#include "modules/roster.h"
#include "proto/ns.h"
#include "server/core/accounts/account_registry.h"
#include "server/core/accounts/subscription.h"
#include "server/core/events/server_events.h"
#include "server/core/options.h"
#include "server/core/streams/c2s_stream.h"
#include "tests/support/world.h"

namespace clarion::registration::invitations {
namespace {

using namespace std::chrono_literals;
using test::Client;
using test::World;

/// `config`: of [auth], and more. Wrong guesses cost no time, unless it says so.
World::Setup verona(const std::string& config = "failure_delay = 0\n") {
    return {
        .modules = {{"roster", roster::install, roster::declare_options, "", ""},
                    {"blocking", blocking::install, blocking::declare_options, "", ""},
                    {"registration", registration::install, registration::declare_options, "", ""},
                    {"invitations", install, declare_options, "", ""},
                    {"commands", commands::install, commands::declare_options, "", ""}},
        .config = "admins = [\"bard@example.org\"]\n[auth]\nscram_iterations = 4096\n" + config};
}

template <class T>
std::string code(const Result<T>& result) {
    return result ? "ok" : result.error().code;
}

/// What the interface answers on the shard of example.org.
template <class T>
Result<T> asked(World& world, std::function<Task<Result<T>>(core::Context&)> question) {
    Result<T> answer = fail("nothing");
    world.run("example.org", [&](core::Core& core) -> Task<> { answer = co_await question(core); });
    return answer;
}

Result<Created> make(World& world, Wish wish) {
    wish.host = "example.org";
    return asked<Created>(
        world, [&](core::Context& here) { return invitations::create(here, wish, "test"); });
}

Wish contact_of_romeo(bool registers = true) {
    return {.kind = Kind::contact,
            .inviter = "romeo@example.org",
            .befriends = true,
            .registers = registers};
}

Presented with(const std::string& token) { return {"example.org", token, "192.0.2.1"}; }

std::string registered(World& world, const std::string& token, const std::string& name) {
    return code(asked<Jid>(world, [&](core::Context& here) {
        return register_account(here, with(token), name, "secret");
    }));
}

std::size_t open_ones(World& world) {
    return asked<std::vector<Listed>>(
               world, [](core::Context& here) { return invitations::list(here, "example.org"); })
        .value()
        .size();
}

core::SubscriptionState between(World& world, const std::string& account,
                                const std::string& contact) {
    return core::state_of(world.account(account).roster().find(contact));
}

constexpr auto both = core::Subscription::both;

// ---- The interface -----------------------------------------------------------------------------

TEST_CASE("an account is made with an invitation, once") {
    World world(verona());
    const auto created = make(world, {});
    REQUIRE(created.ok());
    CHECK(created->uri == "xmpp:example.org?register;preauth=" + created->token);
    CHECK(created->url.empty());
    CHECK(open_ones(world) == 1);

    const auto shown = asked<Shown>(
        world, [&](core::Context& here) { return look_up(here, with(created->token)); });
    REQUIRE(shown.ok());
    CHECK(shown->kind == Kind::account);
    CHECK(shown->inviter.empty());
    const auto free = [&](const std::string& name) {
        return asked<bool>(world, [&](core::Context& here) {
            return is_name_free(here, with(created->token), name);
        });
    };
    world.add_account("romeo@example.org");
    CHECK(free("juliet").value());
    CHECK_FALSE(free("Romeo").value());
    CHECK(code(free("a b")) == "not-acceptable");

    CHECK(registered(world, created->token, "romeo") == "conflict");
    CHECK(registered(world, created->token, "juliet") == "ok");
    CHECK(open_ones(world) == 0);
    CHECK(registered(world, created->token, "nurse") == "item-not-found");
    CHECK(registered(world, "x", "nurse") == "item-not-found");
}

TEST_CASE("what was used, and what is left, outlives a crash") {
    World world(verona());
    Wish wish;
    wish.most_uses = 3;
    const auto created = make(world, wish);
    REQUIRE(created.ok());
    CHECK(registered(world, created->token, "one") == "ok");
    world.crash_and_restart();
    CHECK(registered(world, created->token, "two") == "ok");
    world.crash_and_restart();
    CHECK(registered(world, created->token, "three") == "ok");
    CHECK(registered(world, created->token, "four") == "item-not-found");
    world.crash_and_restart();
    CHECK(registered(world, created->token, "four") == "item-not-found");
}

TEST_CASE("or a move of the host to another shard") {
    World world(verona());
    const auto created = make(world, {});
    REQUIRE(created.ok());
    PartitionSet all;
    all.add(PartitionSet::all());
    CHECK(world.move(all, 1));
    CHECK(registered(world, created->token, "one") == "ok");
    CHECK(world.move(all, 0));
    CHECK(registered(world, created->token, "two") == "item-not-found");
}

TEST_CASE("of two at once with the last use one gets it") {
    World world(verona());
    const auto created = make(world, {});
    REQUIRE(created.ok());
    std::vector<std::string> codes;
    for (unsigned i = 0; i < 10; ++i)
        world.post("example.org", [&, i](core::Core& core) {
            core.scope().spawn("race",
                               [](core::Context& here, Presented presented, std::string name,
                                  std::vector<std::string>& out) -> Task<> {
                                   const auto done = co_await register_account(
                                       here, std::move(presented), std::move(name), "secret");
                                   out.push_back(code(done));
                               }(core, with(created->token), "a" + std::to_string(i), codes));
        });
    world.settle_until([&] {
        world.advance(10s);
        return codes.size() == 10;
    });
    CHECK(std::count(codes.begin(), codes.end(), "ok") == 1);
    CHECK(std::count(codes.begin(), codes.end(), "conflict") +
              std::count(codes.begin(), codes.end(), "item-not-found") ==
          9);
}

TEST_CASE("who invited and who came become contacts, and the inviter's clients see it") {
    World world(verona());
    world.add_account("romeo@example.org");
    Client& romeo = world.log_in("romeo@example.org/orchard");
    const auto created = make(world, contact_of_romeo());
    REQUIRE(created.ok());
    CHECK(registered(world, created->token, "juliet") == "ok");
    CHECK(between(world, "romeo@example.org", "juliet@example.org").subscription == both);
    CHECK(between(world, "juliet@example.org", "romeo@example.org").subscription == both);
    const auto push = romeo.pop("iq");
    const xml::Element& item = *push.root().child(ns::roster, "query")->first_child();
    CHECK(item.attr("jid") == "juliet@example.org");
    CHECK(item.attr("subscription") == "both");

    Client& juliet = world.log_in("juliet@example.org/balcony");
    CHECK(romeo.pop("presence").root().attr("from") == juliet.jid().full());
}

TEST_CASE("no contacts, where an invitation does not say so") {
    World world(verona());
    world.add_account("bard@example.org");
    Wish wish;
    wish.inviter = "bard@example.org";
    const auto created = make(world, wish);
    REQUIRE(created.ok());
    CHECK(registered(world, created->token, "juliet") == "ok");
    CHECK(between(world, "bard@example.org", "juliet@example.org") == core::SubscriptionState{});
}

TEST_CASE("a contact invitation makes an account only if it says so") {
    World world(verona());
    world.add_account("romeo@example.org");
    const auto created = make(world, contact_of_romeo(false));
    REQUIRE(created.ok());
    CHECK(registered(world, created->token, "juliet") == "item-not-found");
    CHECK(open_ones(world) == 1);
}

TEST_CASE("a name is kept for who has its invitation") {
    World world(verona("failure_delay = 0\nregistration = true\n"));
    Wish wish;
    wish.account = "juliet";
    const auto created = make(world, wish);
    REQUIRE(created.ok());
    CHECK(created->uri == "xmpp:juliet@example.org?register;preauth=" + created->token);
    CHECK(code(make(world, wish)) == "conflict");
    const auto other = make(world, {});
    CHECK(registered(world, other->token, "juliet") == "conflict");
    const auto plainly = [&] {
        return code(asked<void>(world, [](core::Context& here) {
            Newcomer newcomer{Jid::trusted("juliet@example.org"), "secret", "192.0.2.9"};
            return make_account(here, std::move(newcomer));
        }));
    };
    CHECK(plainly() == "conflict");
    CHECK(registered(world, created->token, "nurse") == "not-acceptable");
    CHECK(registered(world, created->token, "juliet") == "ok");
    CHECK(code(make(world, wish)) == "conflict");
}

TEST_CASE("the name is free again when the invitation is over, and a tombstone does not keep it") {
    World world(verona("failure_delay = 0\nregistration = true\n"));
    Wish wish;
    wish.account = "juliet";
    world.add_account("juliet@example.org");
    world.run("juliet@example.org", [](core::Core& core) -> Task<> {
        CHECK((co_await core.account_registry().remove(Jid::trusted("juliet@example.org"))).ok());
    });
    auto created = make(world, wish);
    REQUIRE(created.ok());
    world.advance(24h * 7);
    CHECK(registered(world, created->token, "juliet") == "item-not-found");
    created = make(world, wish);
    REQUIRE(created.ok());
    CHECK(registered(world, created->token, "juliet") == "ok");
}

TEST_CASE("an invitation dies with the account of who made it, and rests while that is disabled") {
    World world(verona());
    world.add_account("romeo@example.org");
    const auto created = make(world, contact_of_romeo());
    REQUIRE(created.ok());
    const auto disable = [&](bool disabled) {
        world.run("romeo@example.org", [disabled](core::Core& core) -> Task<> {
            CHECK((co_await core.account_registry().set_disabled(Jid::trusted("romeo@example.org"),
                                                                 disabled))
                      .ok());
        });
    };
    disable(true);
    CHECK(registered(world, created->token, "juliet") == "item-not-found");
    disable(false);
    CHECK(open_ones(world) == 1);
    world.run("romeo@example.org", [](core::Core& core) -> Task<> {
        CHECK((co_await core.account_registry().remove(Jid::trusted("romeo@example.org"))).ok());
    });
    CHECK(open_ones(world) == 0);
    CHECK(registered(world, created->token, "juliet") == "item-not-found");
}

TEST_CASE("a password is set anew") {
    World world(verona());
    world.add_account("romeo@example.org", "montague");
    Client& romeo = world.connect("romeo@example.org/orchard");
    Wish wish{.kind = Kind::reset};
    wish.account = "nobody";
    CHECK(code(make(world, wish)) == "item-not-found");
    wish.account = "romeo";
    const auto created = make(world, wish);
    REQUIRE(created.ok());
    CHECK(created->expires - world.clock().wall() == 1h);
    CHECK(registered(world, created->token, "romeo") == "item-not-found");
    const auto reset = [&] {
        return asked<Jid>(world, [&](core::Context& here) {
            return reset_password(here, with(created->token), "new");
        });
    };
    const auto done = reset();
    REQUIRE(done.ok());
    CHECK(done->full() == "romeo@example.org");
    CHECK(romeo.ended());
    CHECK(code(reset()) == "item-not-found");
}

TEST_CASE("an invitation is revoked by its id") {
    World world(verona());
    const auto created = make(world, {});
    REQUIRE(created.ok());
    const auto revoke_it = [&](const std::string& id) {
        return code(asked<Listed>(world, [&](core::Context& here) {
            return invitations::revoke(here, "example.org", id, "test");
        }));
    };
    CHECK(revoke_it("ffffffffffff") == "item-not-found");
    CHECK(revoke_it(created->id) == "ok");
    CHECK(revoke_it(created->id) == "item-not-found");
    CHECK(registered(world, created->token, "juliet") == "item-not-found");
}

TEST_CASE("those that are over are removed") {
    World world(verona());
    for (int i = 0; i < 250; ++i) REQUIRE(make(world, {}).ok());
    const auto stored = [&] {
        std::uint64_t entries = 0;
        world.run("example.org", [&](core::Core& core) -> Task<> {
            const auto owner =
                co_await core.storage().owners().find(storage::OwnerKind::actor, "example.org");
            const storage::DataSpace space{**owner, "invitations", storage::DataKind::stored};
            entries = (co_await core.storage().module_data().usage(space))->entries;
        });
        return entries;
    };
    CHECK(stored() == 250);
    world.crash_and_restart();
    for (unsigned shard = 0; shard < 2; ++shard)
        world.run_on(shard, [](core::Core& core) -> Task<> {
            core.bus().fire(events::ServerStarted{core});
            co_return;
        });
    world.advance(24h * 7);
    for (int i = 0; i < 4; ++i) world.advance(1h);
    CHECK(stored() == 0);
}

TEST_CASE("guesses are slow") {
    World world(verona("failure_delay = \"2s\"\n"));
    bool answered = false;
    world.post("example.org", [&](core::Core& core) {
        core.scope().spawn("guess", [](core::Context& here, bool& done) -> Task<> {
            CHECK(code(co_await look_up(here, with("wrong"))) == "item-not-found");
            done = true;
        }(core, answered));
    });
    world.settle();
    CHECK_FALSE(answered);
    world.advance(2100ms);
    CHECK(answered);
}

TEST_CASE("invited people count for no limit of their network") {
    World world(verona("failure_delay = 0\n[limits]\nregistrations_per_address = 1\n"));
    Wish wish;
    wish.most_uses = 5;
    const auto created = make(world, wish);
    for (const char* name : {"a", "b", "c", "d", "e"})
        CHECK(registered(world, created->token, name) == "ok");
}

TEST_CASE(
    "but with users' invitations so many accounts are made in a day, for each and from one "
    "network") {
    World world(
        verona("failure_delay = 0\n[limits]\ninvited_per_address = 3\n"
               "[invitations]\nmax_accounts_per_user = 2\n"));
    world.add_account("romeo@example.org");
    world.add_account("juliet@example.org");
    const auto come = [&](const std::string& inviter, const std::string& name) {
        Wish wish = contact_of_romeo();
        wish.inviter = inviter + "@example.org";
        const auto created = make(world, wish);
        return registered(world, created->token, name);
    };
    CHECK(come("romeo", "a") == "ok");
    CHECK(come("romeo", "a") == "conflict");  // does not count
    CHECK(come("romeo", "b") == "ok");
    CHECK(come("romeo", "c") == "resource-constraint");
    CHECK(come("juliet", "c") == "ok");
    CHECK(come("juliet", "d") == "resource-constraint");  // of the network
    CHECK(registered(world, make(world, {})->token, "d") == "ok");
    world.advance(24h);
    CHECK(come("romeo", "e") == "ok");
}

TEST_CASE("on a host without the module no token is valid, and names are as free as ever") {
    World world(
        verona("failure_delay = 0\nregistration = true\n[host.\"example.net\".modules]\ndisabled = "
               "[\"invitations\"]\n"));
    const auto refused = asked<Created>(world, [](core::Context& here) {
        Wish wish{.host = "example.net"};
        return invitations::create(here, std::move(wish), "test");
    });
    CHECK(code(refused) == "item-not-found");
    CHECK(code(asked<void>(world, [](core::Context& here) {
              Newcomer newcomer{Jid::trusted("juliet@example.net"), "secret", "192.0.2.9"};
              return make_account(here, std::move(newcomer));
          })) == "ok");
}

// ---- On a stream (XEP-0445) --------------------------------------------------------------------

struct Stranger {
    World& world;
    test::FakePort port{false};
    core::C2sStream stream{port, c2s::Encryption::direct, true};
    xml::Document features;

    explicit Stranger(World& w) : world(w) {
        xml::StreamHeader header;
        header.to = "example.org";
        header.version = "1.0";
        header.content_ns = ns::client;
        world.at("example.org", [&](core::Context& core) { stream.on_open(core, header); });
        features = port.pop();
    }
    std::string ask(const std::string& type, const std::string& payload) {
        world.run("example.org", [&](core::Context& core) -> Task<> {
            (void)co_await stream.on_element(
                core, xml::parse_element("<iq type='" + type + "' id='r'>" + payload + "</iq>",
                                         ns::client));
        });
        const auto answer = port.pop();
        if (answer.root().attr("type") == "result") return "result";
        return std::string(name(read_error(answer.root()).condition));
    }
    std::string present(const std::string& token) {
        return ask("set", "<preauth xmlns='urn:xmpp:pars:0' token='" + token + "'/>");
    }
    std::string apply(const std::string& username, const std::string& password = "secret") {
        return ask("set", "<query xmlns='jabber:iq:register'><username>" + username +
                              "</username><password>" + password + "</password></query>");
    }
    std::string form() { return ask("get", "<query xmlns='jabber:iq:register'/>"); }
};

TEST_CASE("a stream presents a token, and registers where nobody may otherwise") {
    World world(verona());
    const auto created = make(world, {});
    Stranger juliet(world);
    CHECK(juliet.features.root().child(ns::ibr_token, "register"));
    CHECK(juliet.features.root().child(ns::register_feature, "register"));
    CHECK(juliet.form() == "service-unavailable");
    CHECK(juliet.apply("juliet") == "not-allowed");
    CHECK(juliet.present("wrong") == "item-not-found");
    CHECK(juliet.apply("juliet") == "not-allowed");
    CHECK(juliet.present(created->token) == "result");
    CHECK(juliet.form() == "result");
    CHECK(juliet.apply("juliet", "") == "not-acceptable");
    CHECK(juliet.apply("juliet") == "result");
    CHECK(juliet.apply("nurse") == "not-allowed");
    CHECK(juliet.present(created->token) == "item-not-found");
}

TEST_CASE("presented in time, a token works when it has expired") {
    World world(verona());
    const auto created = make(world, {});
    Stranger juliet(world), nurse(world);
    CHECK(juliet.present(created->token) == "result");
    world.advance(24h * 7);
    CHECK(nurse.present(created->token) == "item-not-found");
    CHECK(juliet.apply("juliet") == "result");
}

TEST_CASE("two streams present the same token, and one registers") {
    World world(verona());
    const auto created = make(world, {});
    Stranger juliet(world), nurse(world);
    CHECK(juliet.present(created->token) == "result");
    CHECK(nurse.present(created->token) == "result");
    CHECK(nurse.apply("nurse") == "result");
    CHECK(juliet.apply("juliet") == "item-not-found");
    CHECK(juliet.apply("juliet") == "not-allowed");
}

TEST_CASE("a token to set a password does that by registering") {
    World world(verona());
    world.add_account("romeo@example.org", "montague");
    Wish wish{.kind = Kind::reset};
    wish.account = "romeo";
    const auto created = make(world, wish);
    Stranger romeo(world);
    CHECK(romeo.present(created->token) == "result");
    CHECK(romeo.apply("juliet") == "not-acceptable");
    CHECK(romeo.apply("romeo", "new") == "result");
    CHECK(romeo.apply("romeo", "newer") == "not-allowed");
}

// ---- Requests to subscribe (XEP-0379) ----------------------------------------------------------

struct Lovers {
    World world;
    Client* romeo = nullptr;
    Client* juliet = nullptr;

    explicit Lovers(const std::string& config = {})
        : world(verona("failure_delay = 0\n" + config)) {
        for (const char* jid : {"romeo@example.org", "juliet@example.net", "nurse@example.org"})
            world.add_account(jid);
        romeo = &world.log_in("romeo@example.org/orchard");
        juliet = &world.log_in("juliet@example.net/balcony");
    }
    static std::string request(const std::string& token, const std::string& from = {}) {
        return "<presence type='subscribe' id='s'" + (from.empty() ? "" : " from='" + from + "'") +
               " to='romeo@example.org'><preauth xmlns='urn:xmpp:pars:0' token='" + token +
               "'/><status>Hello</status></presence>";
    }
    core::SubscriptionState romeos(const std::string& contact) {
        return between(world, "romeo@example.org", contact);
    }
};

TEST_CASE("a request with a token is granted, and who was asked asks in turn") {
    Lovers verona;
    const auto created = make(verona.world, contact_of_romeo(false));
    SUBCASE("whether the account that is asked was loaded or not") {}
    SUBCASE("after a crash") {
        verona.world.crash_and_restart();
        verona.romeo = nullptr;
        verona.juliet = &verona.world.log_in("juliet@example.net/balcony");
    }
    // She said yes in advance (RFC 6121, 3.4).
    verona.juliet->send("<presence type='subscribed' to='romeo@example.org'/>");
    verona.juliet->send(Lovers::request(created->token));
    CHECK(verona.romeos("juliet@example.net").subscription == both);
    CHECK(between(verona.world, "juliet@example.net", "romeo@example.org").subscription == both);
    CHECK(open_ones(verona.world) == 0);
    if (!verona.romeo) return;
    while (verona.romeo->pending() > 0) {
        const auto seen = verona.romeo->pop();
        CHECK(seen.root().attr("type") != "subscribe");
        CHECK_FALSE(seen.root().child(ns::pars, "preauth"));
    }
}

TEST_CASE("without an approval in advance the other side is asked") {
    Lovers verona;
    const auto created = make(verona.world, contact_of_romeo(false));
    verona.juliet->send(Lovers::request(created->token));
    CHECK(verona.romeos("juliet@example.net") ==
          core::SubscriptionState{.subscription = core::Subscription::from, .pending_out = true});
    bool asked_back = false;
    while (verona.juliet->pending() > 0)
        asked_back = verona.juliet->pop().root().attr("type") == "subscribe" || asked_back;
    CHECK(asked_back);
}

TEST_CASE("a contact on another server") {
    Lovers verona;
    const auto created = make(verona.world, contact_of_romeo(false));
    verona.world.remote().drop_all();
    verona.world.arrive(Lovers::request(created->token, "paris@example.com"));
    REQUIRE(verona.world.remote().pending() == 3);
    const StanzaPtr answer = verona.world.remote().pop();
    CHECK(answer->type() == StanzaType::subscribed);
    CHECK(answer->id() == "s");
    CHECK(verona.world.remote().pop()->type() == StanzaType::available);
    CHECK(verona.world.remote().pop()->type() == StanzaType::subscribe);
    CHECK(verona.romeos("paris@example.com").shown());
}

TEST_CASE("any other token is nothing, and nobody sees it") {
    Lovers verona;
    const auto created = make(verona.world, contact_of_romeo(false));
    const auto account = make(verona.world, {});
    Wish nurses = contact_of_romeo(false);
    nurses.inviter = "nurse@example.org";
    const auto others = make(verona.world, nurses);
    std::string token;
    SUBCASE("a wrong one") { token = "wrong"; }
    SUBCASE("one to make an account") { token = account->token; }
    SUBCASE("somebody else's") { token = others->token; }
    SUBCASE("one that has expired") {
        token = created->token;
        verona.world.advance(24h * 7);
        verona.romeo->drop_all();
    }
    const std::size_t before = open_ones(verona.world);
    verona.juliet->send(Lovers::request(token));
    const auto request = verona.romeo->pop("presence");
    CHECK(request.root().attr("type") == "subscribe");
    CHECK(request.root().child_text(ns::client, "status") == "Hello");
    CHECK_FALSE(request.root().child(ns::pars, "preauth"));
    CHECK(verona.romeos("juliet@example.net") == core::SubscriptionState{.pending_in = true});
    const auto* item =
        verona.world.account("romeo@example.org").roster().find("juliet@example.net");
    REQUIRE(item);
    CHECK(item->pending_in.find("preauth") == std::string::npos);
    CHECK(open_ones(verona.world) == before);
}

TEST_CASE("a token is good for one contact") {
    Lovers verona;
    const auto created = make(verona.world, contact_of_romeo(false));
    verona.juliet->send(Lovers::request(created->token));
    verona.world.arrive(Lovers::request(created->token, "paris@example.com"));
    CHECK(verona.romeos("juliet@example.net").shown());
    CHECK_FALSE(verona.romeos("paris@example.com").shown());
    // Again by who is a contact already: nothing is used.
    const auto another = make(verona.world, contact_of_romeo(false));
    verona.juliet->send("<presence type='subscribed' to='romeo@example.org'/>");
    verona.juliet->send(Lovers::request(another->token));
    CHECK(open_ones(verona.world) == 1);
}

TEST_CASE("who is blocked stays so") {
    Lovers verona;
    const auto created = make(verona.world, contact_of_romeo(false));
    const auto blocked = verona.romeo->ask(
        "<iq type='set' id='b'><block xmlns='urn:xmpp:blocking'><item jid='juliet@example.net'/>"
        "</block></iq>");
    CHECK(blocked.root().attr("type") == "result");
    verona.juliet->send(Lovers::request(created->token));
    CHECK(verona.romeos("juliet@example.net") == core::SubscriptionState{});
    CHECK(open_ones(verona.world) == 1);
}

// ---- Commands (XEP-0401) -----------------------------------------------------------------------

struct Form {
    std::string status, uri, expire;
    bool has_url = false;
};

Form run(Client& client, const std::string& node, const std::string& to = "example.org",
         const std::string& inside = {}, const std::string& session = {}) {
    const auto answer = client.ask(
        "<iq type='set' id='c' to='" + to +
        "'><command xmlns='http://jabber.org/protocol/commands' node='" + node + "'" +
        (session.empty() ? "" : " sessionid='" + session + "'") + ">" + inside + "</command></iq>");
    if (answer.root().attr("type") == "error")
        return {std::string(name(read_error(answer.root()).condition))};
    const xml::Element& command = *answer.root().child(ns::commands, "command");
    Form form{std::string(command.attr("status"))};
    if (form.status == "executing") return {std::string(command.attr("sessionid"))};
    const auto result = DataForm::find_in(command, "urn:xmpp:invite#invitation");
    if (!result) return form;
    CHECK(result->type == "result");
    form.uri = result->value("uri");
    form.expire = result->value("expire");
    form.has_url = result->field("landing-url") != nullptr;
    return form;
}

std::string submitted(const std::string& var, const std::string& value) {
    return "<x xmlns='jabber:x:data' type='submit'><field var='" + var + "'><value>" + value +
           "</value></field></x>";
}

TEST_CASE("every user invites contacts, where the host lets them") {
    Lovers verona(
        "[host.\"example.net\".invitations]\nusers = false\n"
        "[invitations]\nmax_per_user = 2\n");
    const Form made_one = run(*verona.romeo, std::string(invite_node));
    CHECK(made_one.status == "completed");
    CHECK(made_one.uri.starts_with("xmpp:romeo@example.org?roster;preauth="));
    CHECK(made_one.uri.find(";ibr=y") == std::string::npos);
    CHECK(made_one.expire.ends_with("Z"));
    CHECK_FALSE(made_one.has_url);
    CHECK(run(*verona.romeo, std::string(invite_node), "romeo@example.org").status == "completed");
    CHECK(run(*verona.romeo, std::string(invite_node)).status == "resource-constraint");

    CHECK(run(*verona.juliet, std::string(invite_node), "example.net").status == "item-not-found");
    CHECK(run(*verona.juliet, std::string(invite_node)).status == "item-not-found");
    CHECK(run(*verona.romeo, std::string(create_account_node)).status == "item-not-found");
    CHECK(run(*verona.romeo, std::string(reset_node)).status == "item-not-found");
}

TEST_CASE(
    "users may be let invite people who have no account, when they have been there for a day") {
    Lovers verona("[invitations]\nusers_may_invite_accounts = true\nnewcomers_wait = 1\n");
    CHECK_FALSE(run(*verona.romeo, std::string(invite_node)).uri.ends_with(";ibr=y"));
    verona.world.advance(24h);
    CHECK(run(*verona.romeo, std::string(invite_node)).uri.ends_with(";ibr=y"));
}

TEST_CASE("administrators give accounts away, and reset passwords") {
    Lovers verona;
    verona.world.add_account("bard@example.org");
    Client& bard = verona.world.log_in("bard@example.org/globe");
    const auto step = [&](std::string_view node, const std::string& var, const std::string& value) {
        const std::string session = run(bard, std::string(node)).status;
        return run(bard, std::string(node), "example.org", submitted(var, value), session);
    };
    CHECK(step(create_account_node, "username", "Benvolio")
              .uri.starts_with("xmpp:benvolio@example.org?register;preauth="));
    CHECK(step(create_account_node, "username", "")
              .uri.starts_with("xmpp:example.org?register;preauth="));
    CHECK(step(create_account_node, "username", "a b").status == "bad-request");
    CHECK(step(create_account_node, "username", "romeo").status == "conflict");
    const std::string uri = step(create_account_node, "roster-subscription", "true").uri;
    const std::string token = uri.substr(uri.find("preauth=") + 8);
    CHECK(registered(verona.world, token, "mercutio") == "ok");
    CHECK(between(verona.world, "bard@example.org", "mercutio@example.org").subscription == both);

    CHECK(step(reset_node, "accountjid", "romeo@example.org")
              .uri.starts_with("xmpp:romeo@example.org?register;preauth="));
    CHECK(step(reset_node, "accountjid", "nobody@example.org").status == "item-not-found");
    CHECK(step(reset_node, "accountjid", "example.org").status == "bad-request");
}

}  // namespace
}  // namespace clarion::registration::invitations
