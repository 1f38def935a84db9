#include "modules/registration/registration.h"

#include <doctest/doctest.h>

#include "modules/registration/tombstone_codec.h"
#include "proto/ns.h"
#include "server/core/accounts/account_registry.h"
#include "server/core/events/server_events.h"
#include "server/core/options.h"
#include "server/core/streams/c2s_stream.h"
#include "tests/support/world.h"

namespace clarion::registration {
namespace {

using namespace std::chrono_literals;
using test::Client;
using test::World;

xml::Document query(const std::string& inside) {
    return xml::parse_element("<query xmlns='jabber:iq:register'>" + inside + "</query>");
}

std::string fields(const std::string& username, const std::string& password) {
    return "<username>" + username + "</username><password>" + password + "</password>";
}

// ---- Decisions ---------------------------------------------------------------------------------

std::string applied(const std::string& inside) {
    const auto jid = read_application(query(inside).root(), "example.org");
    return jid ? jid->full() : jid.error().code;
}

TEST_CASE("an application needs a username that is possible, and a password") {
    CHECK(applied(fields("Bill", "Calliope")) == "bill@example.org");
    CHECK(applied(fields("bill", "")) == "not-acceptable");
    CHECK(applied("<username>bill</username>") == "not-acceptable");
    CHECK(applied("<password>Calliope</password>") == "not-acceptable");
    CHECK(applied(fields("bill@example.org", "Calliope")) == "not-acceptable");
    CHECK(applied(fields("b ill", "Calliope")) == "not-acceptable");
    CHECK(applied(fields(std::string(2000, 'b'), "Calliope")) == "not-acceptable");
    CHECK(applied(fields("bill", "a&#x9;b")) == "not-acceptable");
    CHECK(applied("<remove/>") == "unexpected-request");
}

std::string wished(const std::string& inside) {
    const auto wish = read_wish(query(inside).root(), Jid::trusted("bill@example.org"));
    if (!wish) return wish.error().code;
    return *wish == Wish::remove ? "remove" : "change";
}

TEST_CASE("an owner changes the password, or removes the account") {
    CHECK(wished(fields("bill", "new")) == "change");
    CHECK(wished(fields("BILL", "new")) == "change");
    CHECK(wished(fields("romeo", "new")) == "not-allowed");
    CHECK(wished(fields("bill", "")) == "bad-request");
    CHECK(wished("<password>new</password>") == "bad-request");
    CHECK(wished("") == "bad-request");
    CHECK(wished("<remove/>") == "remove");
    CHECK(wished("<remove/><username>bill</username>") == "bad-request");
    CHECK(wished("<username>bill</username><remove/>") == "bad-request");
}

TEST_CASE("a network makes so many accounts an hour") {
    RegistrationLimit limit(2);
    const SteadyTime start{};
    CHECK(limit.take(start, "a", 2));
    CHECK(limit.take(start + 59min, "a", 2));
    CHECK_FALSE(limit.take(start + 59min, "a", 2));
    CHECK(limit.take(start + 60min, "a", 2));

    SUBCASE("0 is no limit, and not counted") {
        for (int i = 0; i < 100; ++i) CHECK(limit.take(start, "b", 0));
        CHECK(limit.size() == 1);
    }
    SUBCASE("the table stays small: new networks wait until one has had its hour") {
        CHECK(limit.take(start + 70min, "b", 2));
        CHECK_FALSE(limit.take(start + 80min, "c", 2));
        CHECK(limit.take(start + 120min, "c", 2));
        CHECK(limit.size() == 2);
    }
}

// ---- Before logging in -------------------------------------------------------------------------

constexpr auto usual =
    "[auth]\nregistration = true\nscram_iterations = 4096\nfailure_delay = 0\n"
    "[limits]\nregistrations_per_address = 2\n";

World::Setup verona(const std::string& config = usual) {
    return {.modules = {{"registration", install, declare_options, "", ""}}, .config = config};
}

/// Somebody without an account, on a stream whose header was exchanged. On the shard of `where`.
struct Stranger {
    World& world;
    std::string where;
    test::FakePort port{false};
    core::C2sStream stream;
    core::C2sStream::Next next = core::C2sStream::Next::start_tls;
    xml::Document features;

    explicit Stranger(World& w, std::string shard_of = "example.org", bool encrypted = true)
        : world(w),
          where(std::move(shard_of)),
          stream(port, encrypted ? c2s::Encryption::direct : c2s::Encryption::none, true) {
        xml::StreamHeader header;
        header.to = "example.org";
        header.version = "1.0";
        header.content_ns = ns::client;
        world.at(where, [&](core::Context& core) { stream.on_open(core, header); });
        features = port.pop();
    }
    bool may_register() { return features.root().child(ns::register_feature, "register"); }
    xml::Document send(const std::string& xml) {
        world.run(where, [&](core::Context& core) -> Task<> {
            next = co_await stream.on_element(core, xml::parse_element(xml, ns::client));
        });
        return port.pop();
    }
    std::string ask(const std::string& type, const std::string& inside) {
        const auto answer = send("<iq type='" + type + "' id='r' to='example.org'>" +
                                 "<query xmlns='jabber:iq:register'>" + inside + "</query></iq>");
        CHECK(next == core::C2sStream::Next::read);
        CHECK(answer.root().attr("id") == "r");
        CHECK(answer.root().attr("from") == "example.org");
        if (answer.root().attr("type") == "result") return "result";
        const auto error = read_error(answer.root());
        return std::string(name(error.condition)) + " " + std::string(name(error.type));
    }
    std::string apply(const std::string& username, const std::string& password = "secret") {
        return ask("set", fields(username, password));
    }
};

bool exists(World& world, const std::string& jid) {
    bool found = false;
    world.run(jid, [&](core::Context& core) -> Task<> {
        const auto record = co_await core.storage().accounts().find(jid);
        found = record.ok() && record->has_value();
    });
    return found;
}

/// What is stored for an account that exists.
sasl::Credentials credentials(World& world, const std::string& jid) {
    sasl::Credentials found;
    world.run(jid, [&](core::Context& core) -> Task<> {
        found = (*co_await core.storage().accounts().find(jid))->credentials;
    });
    return found;
}

TEST_CASE("an account is made") {
    World world(verona());
    Stranger bill(world);
    CHECK(bill.may_register());
    const auto form = bill.send("<iq type='get' id='f'><query xmlns='jabber:iq:register'/></iq>");
    CHECK(form.root().attr("type") == "result");
    CHECK_FALSE(form.root().has_attr("from"));
    const xml::Element* asked = form.root().child(ns::register_, "query");
    REQUIRE(asked);
    CHECK(asked->child(ns::register_, "username"));
    CHECK(asked->child(ns::register_, "password"));
    CHECK_FALSE(asked->child(ns::register_, "registered"));

    CHECK(bill.apply("Bill") == "result");
    CHECK(exists(world, "bill@example.org"));
    Client& client = world.connect("bill@example.org/globe");
    CHECK(client.account().id() != storage::AccountId::none);
    CHECK(credentials(world, "bill@example.org").sha256->iterations == 4096);
}

TEST_CASE("a username that is taken, or a form that is not complete") {
    World world(verona());
    world.add_account("bill@example.org");
    Stranger stranger(world);
    CHECK(stranger.apply("bill") == "conflict cancel");
    CHECK(stranger.apply("", "secret") == "not-acceptable modify");
    CHECK(stranger.apply("will", "") == "not-acceptable modify");
    CHECK_FALSE(exists(world, "will@example.org"));
    CHECK(stranger.apply("will") == "result");
}

TEST_CASE("a taken username is answered as slowly as a wrong password") {
    World world(verona("[auth]\nregistration = true\nfailure_delay = 2\n"));
    world.add_account("bill@example.org");
    Stranger stranger(world);
    bool answered = false;
    world.post("example.org", [&](core::Context& core) {
        core.scope().spawn("apply", [](Stranger& s, core::Context& c, bool& done) -> Task<> {
            s.next = co_await s.stream.on_element(
                c, xml::parse_element("<iq type='set' id='r'><query xmlns='jabber:iq:register'>" +
                                          fields("bill", "x") + "</query></iq>",
                                      ns::client));
            done = true;
        }(stranger, core, answered));
    });
    world.settle();
    CHECK_FALSE(answered);
    world.advance(1900ms);
    CHECK_FALSE(answered);
    world.advance(200ms);
    CHECK(answered);
    CHECK(read_error(stranger.port.pop().root()).condition == StanzaErrorCondition::conflict);
}

TEST_CASE("so many accounts from one address, whichever shard it talks to") {
    World world(verona());
    world.add_account("taken@example.org");
    std::string other = "a";  // a key of the other shard
    while (&world.home_of(other) == &world.home_of("example.org")) other += "a";
    Stranger here(world);
    Stranger there(world, other);
    CHECK(here.apply("one") == "result");
    CHECK(here.apply("taken") == "conflict cancel");  // does not count
    CHECK(there.apply("two") == "result");
    CHECK(here.apply("three") == "resource-constraint wait");
    CHECK(there.apply("three") == "resource-constraint wait");
    CHECK_FALSE(exists(world, "three@example.org"));

    Stranger elsewhere(world);
    elsewhere.port.set_info({"192.0.2.2", 40000, true, "", "", "192.0.2.2"});
    CHECK(elsewhere.apply("four") == "result");
    world.advance(1h);
    CHECK(there.apply("three") == "result");
}

TEST_CASE("registration is off unless switched on, per domain") {
    World world(verona("[host.\"example.net\".auth]\nregistration = true\n"));
    Stranger stranger(world);
    CHECK_FALSE(stranger.may_register());
    CHECK(stranger.ask("get", "") == "service-unavailable cancel");
    CHECK(stranger.apply("bill") == "not-allowed cancel");
    CHECK_FALSE(exists(world, "bill@example.org"));
}

TEST_CASE("in the clear, where encryption is required, nobody registers") {
    World world(verona());
    Stranger stranger(world, "example.org", false);
    CHECK_FALSE(stranger.may_register());
    const auto answer =
        stranger.send("<iq type='get' id='r'><query xmlns='jabber:iq:register'/></iq>");
    CHECK(stranger.next == core::C2sStream::Next::read);
    CHECK(read_error(answer.root()).condition == StanzaErrorCondition::not_authorized);
}

TEST_CASE("other requests still need a login") {
    World world(verona());
    SUBCASE("another payload is refused") {
        Stranger stranger(world);
        const auto answer =
            stranger.send("<iq type='get' id='r'><query xmlns='jabber:iq:roster'/></iq>");
        CHECK(read_error(answer.root()).condition == StanzaErrorCondition::not_authorized);
    }
    SUBCASE("another address is refused") {
        Stranger stranger(world);
        const auto answer = stranger.send(
            "<iq type='get' id='r' to='example.net'><query xmlns='jabber:iq:register'/></iq>");
        CHECK(read_error(answer.root()).condition == StanzaErrorCondition::not_allowed);
    }
    SUBCASE("what is no request is passed over") {
        Stranger stranger(world);
        const auto answer =
            stranger.send("<iq type='result' id='r'><query xmlns='jabber:iq:register'/></iq>");
        CHECK(answer.root().name() == "nothing");
        CHECK(stranger.next == core::C2sStream::Next::read);
    }
    SUBCASE("the module is off") {
        World off(verona(std::string(usual) + "[modules]\ndisabled = [\"registration\"]\n"));
        Stranger stranger(off);
        CHECK_FALSE(stranger.may_register());
        const auto answer =
            stranger.send("<iq type='get' id='r'><query xmlns='jabber:iq:register'/></iq>");
        CHECK(read_error(answer.root()).condition == StanzaErrorCondition::not_authorized);
    }
}

// ---- After logging in --------------------------------------------------------------------------

struct Registered {
    World world{verona("[auth]\nscram_iterations = 4096\n")};
    Client* bill;
    Registered() {
        world.add_account("bill@example.org", "old");
        world.add_account("romeo@example.net");
        bill = &world.connect("bill@example.org/globe");
    }
    static std::string iq(const std::string& type, const std::string& to,
                          const std::string& inside) {
        return "<iq type='" + type + "' id='r'" + (to.empty() ? "" : " to='" + to + "'") +
               "><query xmlns='jabber:iq:register'>" + inside + "</query></iq>";
    }
    std::string set(Client& client, const std::string& to, const std::string& inside) {
        const auto answer = client.ask(iq("set", to, inside));
        if (answer.root().attr("type") == "result") return "result";
        return std::string(name(read_error(answer.root()).condition));
    }
    std::string salt() { return credentials(world, "bill@example.org").sha256->salt; }
};

TEST_CASE_FIXTURE(Registered, "the owner is told of the registration") {
    for (const auto* to : {"", "example.org", "bill@example.org"}) {
        const auto answer = bill->ask(iq("get", to, ""));
        const xml::Element* told = answer.root().child(ns::register_, "query");
        REQUIRE(told);
        CHECK(told->child(ns::register_, "registered"));
        CHECK(told->child_text(ns::register_, "username") == "bill");
    }
}

TEST_CASE_FIXTURE(Registered, "the owner changes the password") {
    for (const auto* to : {"", "example.org", "bill@example.org"}) {
        const auto before = salt();
        CHECK(set(*bill, to, fields("bill", "new")) == "result");
        CHECK(salt() != before);
    }
}

TEST_CASE_FIXTURE(Registered, "a change that is not complete changes nothing") {
    const auto before = salt();
    CHECK(set(*bill, "", fields("bill", "")) == "bad-request");
    CHECK(set(*bill, "", fields("romeo", "new")) == "not-allowed");
    CHECK(set(*bill, "", fields("bill", "a&#x9;b")) == "not-acceptable");
    CHECK(salt() == before);
}

TEST_CASE_FIXTURE(Registered, "nobody else changes or removes an account") {
    Client& romeo = world.connect("romeo@example.net/orchard");
    const auto before = salt();
    CHECK(set(romeo, "bill@example.org", fields("bill", "new")) == "service-unavailable");
    CHECK(set(romeo, "bill@example.org", "<remove/>") == "service-unavailable");
    CHECK(set(romeo, "example.org", fields("romeo", "new")) == "registration-required");
    CHECK(set(romeo, "example.org", "<remove/>") == "registration-required");
    CHECK(salt() == before);
    CHECK(exists(world, "romeo@example.net"));
}

TEST_CASE_FIXTURE(Registered, "the owner removes the account: the answer, then the end") {
    Client& phone = world.connect("bill@example.org/phone");
    std::string to;
    SUBCASE("without 'to'") {}
    SUBCASE("from the host") { to = "example.org"; }
    CHECK(set(*bill, to, "<remove/>") == "result");
    world.settle();
    CHECK(bill->ended());
    CHECK(bill->port().error() == StreamErrorCondition::not_authorized);
    CHECK(phone.ended());
    CHECK(phone.port().error() == StreamErrorCondition::not_authorized);
    CHECK_FALSE(exists(world, "bill@example.org"));
}

TEST_CASE_FIXTURE(Registered, "the last administrator of a host does not go") {
    const auto make_administrator = [&](const std::string& who) {
        world.run(who, [&](core::Context& core) -> Task<> {
            const auto done =
                co_await core.account_registry().set_administrator(Jid::trusted(who), true);
            CHECK(done.ok());
        });
    };
    make_administrator("bill@example.org");
    CHECK(set(*bill, "", "<remove/>") == "not-allowed");
    CHECK(exists(world, "bill@example.org"));
    CHECK(bill->session().is_live());
    world.add_account("will@example.org");
    make_administrator("will@example.org");
    CHECK(set(*bill, "", "<remove/>") == "result");
    CHECK_FALSE(exists(world, "bill@example.org"));
}

TEST_CASE_FIXTURE(Registered, "two devices may remove the account at the same time") {
    Client& phone = world.connect("bill@example.org/phone");
    bill->send_soon(iq("set", "", "<remove/>"));
    phone.send_soon(iq("set", "", "<remove/>"));
    world.settle();
    CHECK(bill->pop().root().attr("type") == "result");
    CHECK(phone.pop().root().attr("type") == "result");
    CHECK_FALSE(exists(world, "bill@example.org"));
    world.add_account("bill@example.org");
    CHECK(world.connect("bill@example.org/new").session().is_live());
}

// ---- Names of deleted accounts -----------------------------------------------------------------

void remove(World& world, const std::string& jid) {
    world.run(jid, [&](core::Context& core) -> Task<> {
        const auto removed = co_await core.account_registry().remove(Jid::trusted(jid));
        CHECK(removed.ok());
    });
}

std::uint64_t tombstones(World& world) {
    std::uint64_t count = 0;
    world.run("example.org", [&](core::Context& core) -> Task<> {
        count = (co_await core.storage().owners().count(storage::OwnerKind::actor)).value();
    });
    return count;
}

TEST_CASE("the name of a deleted account is given to nobody for a time") {
    World world(verona());
    world.add_account("bill@example.org");
    remove(world, "bill@example.org");
    CHECK(Stranger(world).apply("bill") == "conflict cancel");
    CHECK(Stranger(world).apply("will") == "result");
    world.crash_and_restart();
    world.advance(24h * 60 - 1min);
    CHECK(Stranger(world).apply("bill") == "conflict cancel");
    world.advance(1min);
    CHECK(Stranger(world).apply("bill") == "result");
    remove(world, "bill@example.org");
    CHECK(Stranger(world).apply("bill") == "conflict cancel");
    CHECK(tombstones(world) == 1);
}

TEST_CASE("the administrator may make the account again") {
    World world(verona());
    for (int i = 0; i < 2; ++i) {
        world.add_account("bill@example.org");
        CHECK(exists(world, "bill@example.org"));
        remove(world, "bill@example.org");
        CHECK(Stranger(world).apply("bill") == "conflict cancel");
    }
}

TEST_CASE("or reserves no names") {
    World world(
        verona(std::string(usual) + "[host.\"example.org\".auth]\nreserve_deleted_names = 0\n"));
    world.add_account("bill@example.org");
    remove(world, "bill@example.org");
    CHECK(tombstones(world) == 0);
    CHECK(Stranger(world).apply("bill") == "result");
}

TEST_CASE("names that are free again are forgotten") {
    World world(verona());
    for (unsigned shard = 0; shard < 2; ++shard)
        world.run_on(shard, [](core::Context& core) -> Task<> {
            core.bus().fire(events::ServerStarted{core});
            co_return;
        });
    const std::vector<std::string> early{"bill@example.org", "will@example.net", "ben@example.org"};
    for (const std::string& jid : early) world.add_account(jid);
    for (const std::string& jid : early) remove(world, jid);
    world.advance(24h * 40);
    world.add_account("kit@example.org");
    remove(world, "kit@example.org");
    CHECK(tombstones(world) == 4);
    world.advance(24h * 21);
    CHECK(tombstones(world) == 1);
    CHECK(Stranger(world).apply("kit") == "conflict cancel");
    CHECK(Stranger(world).apply("ben") == "result");
    world.advance(24h * 40);
    CHECK(tombstones(world) == 0);
}

TEST_CASE("a tombstone's bytes") {
    const std::string value = encode_tombstone(LastingTime(1us));
    CHECK(value == std::string("\x01\0\0\0\0\0\0\0\x01", 9));
    CHECK(decode_tombstone(value).value() == LastingTime(1us));
    CHECK_FALSE(decode_tombstone(value + "x").ok());
    CHECK_FALSE(decode_tombstone("").ok());
}

}  // namespace
}  // namespace clarion::registration
