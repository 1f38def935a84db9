// The blacklist and the whitelist (XEP-0133, 4.11 and 4.12).
#include "modules/administration/address_lists.h"

#include <doctest/doctest.h>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include "modules/administration/standing_message.h"
#include "server/core/setup/admin_command.h"
#include "server/runtime/event_bus.h"
#include "server/runtime/scope.h"
#include "tests/unit/modules/administration/scene.h"

namespace clarion::administration {
namespace {

namespace json = boost::json;

TEST_CASE("address lists: the bytes that the format page shows") {
    CHECK(encode(AddressList({"b.lit", "a.lit"})) == std::string("\1\2\5a.lit\5b.lit"));
    CHECK(decode_address_list(encode(AddressList({"a.lit"})))->all() == Values{"a.lit"});
    CHECK_FALSE(decode_address_list("\2"));
    CHECK_FALSE(decode_address_list(encode(AddressList({"a.lit"})) + "x"));
    CHECK(check_entry(storage::DataKind::stored, "blacklist", encode(AddressList({"a.lit"}))));
    CHECK_FALSE(check_entry(storage::DataKind::resident, "whitelist", encode(AddressList())));
}

TEST_CASE("address lists: whom a listed address covers") {
    const AddressList list(
        {"tybalt@capulet.lit", "romeo@montague.lit/orchard", "denmark.lit", "rooms.lit/hamlet"});
    const struct {
        const char* who;
        bool covered;
    } cases[] = {
        {"tybalt@capulet.lit", true},
        {"tybalt@capulet.lit/street", true},
        {"juliet@capulet.lit", false},
        {"capulet.lit", false},
        {"romeo@montague.lit/orchard", true},
        {"romeo@montague.lit/x", false},
        {"denmark.lit", true},
        {"hamlet@denmark.lit/castle", true},
        {"hamlet@elsinore.denmark.lit", true},
        {"newdenmark.lit", false},
        {"lit", false},
        {"rooms.lit/hamlet", true},
        {"rooms.lit", false},
    };
    for (const auto& c : cases) {
        INFO(c.who);
        CHECK(list.covers(Jid::trusted(c.who)) == c.covered);
    }
    CHECK_FALSE(AddressList().covers(Jid::trusted("a.lit")));
}

TEST_CASE("address lists: the blacklist goes first, and components need no whitelist") {
    const AddressList none, black({"tybalt@capulet.lit"}), white({"capulet.lit"});
    const Jid tybalt = Jid::trusted("tybalt@capulet.lit"),
              nurse = Jid::trusted("nurse@capulet.lit");
    const Jid other = Jid::trusted("x@example.com");
    CHECK(may_talk(none, none, other, false));
    CHECK_FALSE(may_talk(black, none, tybalt, false));
    CHECK_FALSE(may_talk(black, none, tybalt, true));
    CHECK_FALSE(may_talk(black, white, tybalt, false));
    CHECK(may_talk(black, white, nurse, false));
    CHECK_FALSE(may_talk(black, white, other, false));
    CHECK(may_talk(black, white, other, true));
}

struct Border : Theatre {
    explicit Border(const std::string& config = {})
        : Theatre("[component.\"gate.example.org\"]\nsecret = \"x\"\n" + config) {
        world.add_account("nurse@example.net");
        world.log_in("nurse@example.net/x");
        forget();
    }
    void forget() {
        romeo->drop_all();
        world.remote().drop_all();
    }
    std::string edit(const std::string& which, const Values& addresses) {
        const std::string done = run(*bard, "edit-" + which, field(which + "jids", addresses));
        world.settle();
        forget();
        return done;
    }
    Values offered_of(const std::string& which) { return offered.field(which + "jids")->values; }
    /// What romeo's message comes to: what went out, or the error.
    std::string say_to(const std::string& to) {
        romeo->send("<message to='" + to + "' type='chat'><body>x</body></message>");
        if (const StanzaPtr gone = world.remote().pop()) return "gone";
        const auto answer = romeo->pop("message");
        if (answer.root().attr("type") != "error") return "nothing";
        return std::string(name(read_error(answer.root()).condition));
    }
    /// "came", or what is answered; with what else romeo gets.
    std::string said_by(const std::string& from, const std::string& to = "romeo@example.org") {
        world.arrive("<message from='" + from + "' to='" + to +
                     "' type='chat'><body>x</body></message>");
        if (romeo->pending() > 0) {
            romeo->drop_all();
            return "came";
        }
        const StanzaPtr answer = world.remote().pop();
        if (!answer) return "nothing";
        return std::string(name(read_error(answer->root()).condition));
    }
    void restart() {
        world.crash_and_restart();
        for (unsigned i = 0; i < 2; ++i)
            world.run_on(i, [](core::Core& core) -> Task<> {
                core.bus().fire(events::ServerStarted{core});
                co_return;
            });
        romeo = &world.log_in("romeo@example.org/orchard");
        bard = &world.log_in("bard@example.org/globe");
    }
    static Task<> edit_by(core::Core& core, std::string command, std::string address,
                          const core::AdminAsker& asker, std::string& done) {
        const json::object arguments{{"address", address}, {"host", "example.org"}};
        for (const auto& each : federation_area().commands) {
            if (each.name != "federation " + command) continue;
            const auto result = co_await each.run(core, arguments, asker);
            done += (result ? "ok" : result.error().code) + " ";
        }
    }
    std::string ctl(const std::string& command, json::object arguments) {
        std::string text;
        const core::AdminAsker asker;
        world.run_on(0, [&](core::Core& core) -> Task<> {
            for (const auto& each : federation_area().commands) {
                if (each.name != "federation " + command) continue;
                const auto done = co_await each.run(core, arguments, asker);
                if (!done)
                    text = done.error().code;
                else if (const json::object* const changed = done->if_object())
                    text = core::text(*changed, "address");
                else
                    text = json::serialize(*done);
            }
        });
        world.settle();
        return text;
    }
};

TEST_CASE_FIXTURE(Border, "who is on the blacklist is shut out, both ways") {
    CHECK(said_by("tybalt@capulet.lit/x") == "came");
    CHECK(edit("blacklist", {"Capulet.lit", "paris@verona.lit"}) == "completed");
    CHECK(said_by("tybalt@capulet.lit/x") == "not-allowed");
    CHECK(said_by("tybalt@rooms.capulet.lit/x") == "not-allowed");
    CHECK(said_by("paris@verona.lit/x") == "not-allowed");
    CHECK(said_by("page@verona.lit/x") == "came");
    CHECK(say_to("tybalt@capulet.lit") == "not-allowed");
    CHECK(say_to("page@verona.lit") == "gone");
    CHECK(edit("blacklist", {"paris@verona.lit"}) == "completed");
    CHECK(offered_of("blacklist") == Values{"capulet.lit", "paris@verona.lit"});
    CHECK(said_by("tybalt@capulet.lit/x") == "came");
}

TEST_CASE_FIXTURE(Border, "presence that comes is dropped, and requests are answered") {
    CHECK(edit("blacklist", {"capulet.lit"}) == "completed");
    world.arrive("<presence from='tybalt@capulet.lit' to='romeo@example.org' type='subscribe'/>");
    CHECK(romeo->pending() == 0);
    CHECK(world.remote().pending() == 0);
    world.arrive(
        "<iq from='tybalt@capulet.lit/x' to='example.org' type='get' id='1'>"
        "<ping xmlns='urn:xmpp:ping'/></iq>");
    const StanzaPtr answer = world.remote().pop();
    REQUIRE(answer);
    CHECK(read_error(answer->root()).condition == StanzaErrorCondition::not_allowed);
    romeo->send("<presence to='tybalt@capulet.lit' type='subscribe'/>");
    CHECK(world.remote().pending() == 0);
}

TEST_CASE_FIXTURE(Border, "with a whitelist only who is on it, and the components that are ours") {
    test::FakeLink& gate = world.attach_component("gate.example.org");
    CHECK(edit("whitelist", {"montague.lit"}) == "completed");
    CHECK(said_by("benvolio@montague.lit/x") == "came");
    CHECK(said_by("tybalt@capulet.lit/x") == "not-allowed");
    CHECK(say_to("tybalt@capulet.lit") == "not-allowed");
    CHECK(said_by("x@gate.example.org/x") == "came");
    romeo->send("<message to='x@gate.example.org' type='chat'><body>x</body></message>");
    CHECK(gate.pending() == 1);
    CHECK(edit("blacklist", {"gate.example.org"}) == "completed");
    romeo->send("<message to='x@gate.example.org' type='chat'><body>x</body></message>");
    CHECK(gate.pending() == 1);
    CHECK(edit("whitelist", {}) == "completed");
    CHECK(said_by("tybalt@capulet.lit/x") == "came");
}

TEST_CASE_FIXTURE(Border, "a list is one host's, and lasts") {
    CHECK(edit("blacklist", {"capulet.lit"}) == "completed");
    world.arrive(
        "<message from='tybalt@capulet.lit/x' to='nobody@example.net' type='chat'>"
        "<body>x</body></message>");
    const StanzaPtr answer = world.remote().pop();
    REQUIRE(answer);
    CHECK(read_error(answer->root()).condition == StanzaErrorCondition::service_unavailable);
    restart();
    CHECK(said_by("tybalt@capulet.lit/x") == "not-allowed");
}

TEST_CASE_FIXTURE(Border, "both lists of a host that had none may be begun in the same moment") {
    const core::AdminAsker asker;
    std::string done;
    const auto begin = [&](std::string command, std::string address) {
        world.post("example.org", [&, command, address](core::Core& core) {
            core.scope().spawn("edit", edit_by(core, command, address, asker, done));
        });
    };
    begin("block", "paris@verona.lit");
    begin("allow", "verona.lit");
    begin("allow", "mantua.lit");
    world.settle();
    CHECK(done == "ok ok ok ");
    restart();
    CHECK(said_by("paris@verona.lit/x") == "not-allowed");
    CHECK(said_by("page@verona.lit/x") == "came");
    CHECK(said_by("apothecary@mantua.lit/x") == "came");
    CHECK(said_by("tybalt@capulet.lit/x") == "not-allowed");
}

TEST_CASE_FIXTURE(Border, "what another administrator changes meanwhile stays") {
    const std::string which = "node='http://jabber.org/protocol/admin#edit-blacklist'";
    CHECK(step(*bard, which, "", "example.org") == "executing");
    const std::string session(command().attr("sessionid"));
    CHECK(ctl("block", {{"address", "paris@verona.lit"}, {"host", "example.org"}}) ==
          "paris@verona.lit");
    CHECK(step(*bard, which + " sessionid='" + session + "'",
               "<x xmlns='jabber:x:data' type='submit'>" +
                   field("FORM_TYPE", {std::string(ns::admin)}) +
                   field("blacklistjids", {"capulet.lit"}) + "</x>",
               "example.org") == "completed");
    CHECK(ctl("list", {}) ==
          R"([{"host":"example.org","list":"blacklist","address":"capulet.lit"},)"
          R"({"host":"example.org","list":"blacklist","address":"paris@verona.lit"}])");
}

TEST_CASE("lists have so many addresses, which must be some") {
    Border border("[administration]\nmax_listed = 2\n");
    CHECK(border.edit("blacklist", {"a.lit", "b.lit", "c.lit"}) == "not-acceptable");
    CHECK(border.edit("blacklist", {"a.lit", "@b.lit"}) == "bad-request bad-payload");
    CHECK(border.run(*border.bard, "edit-blacklist") == "bad-request bad-payload");
    CHECK(border.edit("blacklist", {"a.lit", "b.lit"}) == "completed");
    CHECK(border.ctl("block", {{"address", "c.lit"}}) == "not-acceptable");
    CHECK(border.ctl("unblock", {{"address", "a.lit"}}) == "a.lit");
    CHECK(border.said_by("x@a.lit/x") == "came");
    CHECK(border.said_by("x@b.lit/x") == "not-allowed");
}

TEST_CASE_FIXTURE(Border, "clarionctl: all hosts, or one") {
    CHECK(ctl("allow", {{"address", "montague.lit"}}) == "montague.lit");
    CHECK(said_by("tybalt@capulet.lit/x") == "not-allowed");
    CHECK(said_by("tybalt@capulet.lit/x", "nurse@example.net") == "not-allowed");
    CHECK(ctl("disallow", {{"address", "montague.lit"}, {"host", "example.org"}}) ==
          "montague.lit");
    CHECK(said_by("tybalt@capulet.lit/x") == "came");
    CHECK(ctl("block", {{"address", ""}}) == "usage");
    CHECK(ctl("block", {{"address", "a.lit"}, {"host", "example.com"}}) == "item-not-found");
}

}  // namespace
}  // namespace clarion::administration
