// `clarionctl room ...` as commands for clients (XEP-0050), at the service's own domain.
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <set>

#include "modules/commands/commands.h"
#include "modules/disco.h"
#include "modules/muc/admin_commands.h"
#include "modules/muc/muc.h"
#include "modules/muc/muc_options.h"
#include "server/core/setup/admin_command.h"
#include "server/runtime/scope.h"
#include "tests/unit/modules/muc/room_scene.h"

namespace clarion::muc {
namespace {

/// Bard administers example.org, Iago example.net; rooms.example.org belongs to the former.
struct Court {
    World world{{.modules = {{.name = "disco", .install = disco::install},
                             {.name = "commands",
                              .install = commands::install,
                              .declare_options = commands::declare_options},
                             Scene::row()},
                 .config = "[muc.\"rooms.example.org\"]\n[muc.\"rooms.example.net\"]\n"
                           "[host.\"example.org\".administration]\nadmins = "
                           "[\"bard@example.org\"]\n"
                           "[host.\"example.net\".administration]\nadmins = "
                           "[\"iago@example.net\"]\n",
                 .shards = 2}};
    Client* bard = nullptr;
    Client* iago = nullptr;
    xml::Document last;

    Court() {
        for (const char* jid : {"bard@example.org", "romeo@example.org", "juliet@example.org"})
            world.add_account(jid);
        world.add_account("iago@example.net");
        bard = &world.log_in("bard@example.org/globe");
        iago = &world.log_in("iago@example.net/tavern");
    }
    static std::string form(const std::vector<std::pair<std::string, std::string>>& fields) {
        std::string all = "<x xmlns='jabber:x:data' type='submit'>";
        for (const auto& [var, value] : fields)
            all += "<field var='" + var + "'><value>" + value + "</value></field>";
        return all + "</x>";
    }
    /// The status, or "condition specific".
    std::string step(Client& who, const std::string& attributes, const std::string& inside = {},
                     const std::string& to = "rooms.example.org") {
        last = who.ask("<iq type='set' id='c' to='" + to + "'><command xmlns='" +
                       std::string(ns::commands) + "' " + attributes + ">" + inside +
                       "</command></iq>");
        if (last.root().attr("type") != "error") return std::string(command().attr("status"));
        const StanzaError error = read_error(last.root());
        return std::string(name(error.condition)) +
               (error.app_name.empty() ? "" : " " + error.app_name);
    }
    const xml::Element& command() const { return *last.root().child(ns::commands, "command"); }
    std::string began(const std::string& node) const {
        return "node='" + node + "' sessionid='" + std::string(command().attr("sessionid")) + "'";
    }
    std::string run(Client& who, const std::string& node,
                    const std::vector<std::pair<std::string, std::string>>& fields) {
        if (std::string refused = step(who, "node='" + node + "'"); refused != "executing")
            return refused;
        return step(who, began(node), form(fields));
    }
    DataForm answered() const { return *DataForm::find_in(command()); }
    std::set<std::string> offered(Client& who, const std::string& to) {
        const auto answer = who.ask("<iq type='get' id='d' to='" + to + "'><query xmlns='" +
                                    std::string(ns::disco_items) + "' node='" +
                                    std::string(ns::commands) + "'/></iq>");
        std::set<std::string> nodes;
        if (answer.root().attr("type") == "error") return {"error"};
        for (const xml::Element& item : answer.root().first_child()->children())
            nodes.insert(std::string(item.attr("node")));
        return nodes;
    }
};

const std::set<std::string> all_nodes{"clarion#room-list",        "clarion#room-show",
                                      "clarion#room-history",     "clarion#room-create",
                                      "clarion#room-destroy",     "clarion#room-config",
                                      "clarion#room-affiliation", "clarion#room-kick"};

TEST_CASE_FIXTURE(Court, "who administers a service's host finds its commands, at the service") {
    using Nodes = std::set<std::string>;
    CHECK(offered(*bard, "rooms.example.org") == all_nodes);
    CHECK(offered(*iago, "rooms.example.net") == all_nodes);
    CHECK(offered(*bard, "rooms.example.net") == Nodes{});
    CHECK(offered(*iago, "rooms.example.org") == Nodes{});
    CHECK(offered(*bard, "example.org") == Nodes{});
    CHECK(offered(*bard, "bard@example.org") == Nodes{});
}

TEST_CASE_FIXTURE(Court, "others are told that there is no such command, at each step") {
    CHECK(step(*iago, "node='clarion#room-list'") == "item-not-found");
    CHECK(step(*bard, "node='clarion#room-list'", "", "rooms.example.net") == "item-not-found");
    CHECK(step(*bard, "node='clarion#room-list'", "", "example.org") == "item-not-found");
    CHECK(step(*bard, "node='clarion#room-list'") == "executing");
    const std::string session = began("clarion#room-list");
    CHECK(step(*iago, session, form({})) == "item-not-found");
    Client& other = world.log_in("bard@example.org/tavern");
    CHECK(step(other, session, form({})) == "bad-request bad-sessionid");
    CHECK(step(*bard, session, form({})) == "completed");
}

TEST_CASE_FIXTURE(Court, "a room is made, looked at, configured and destroyed") {
    CHECK(run(*bard, "clarion#room-list", {}) == "completed");
    CHECK(command().child_text(ns::commands, "note") == "No rooms");
    CHECK(run(*bard, "clarion#room-create",
              {{"room", "verona@rooms.example.org"}, {"owner", "romeo@example.org"}}) ==
          "completed");
    CHECK(answered().value("created") == "verona@rooms.example.org");
    CHECK(run(*bard, "clarion#room-create",
              {{"room", "verona@rooms.example.org"}, {"owner", "romeo@example.org"}}) ==
          "conflict");
    CHECK(
        run(*bard, "clarion#room-config",
            {{"room", "verona@rooms.example.org"}, {"option", "roomname"}, {"value", "Verona"}}) ==
        "completed");
    CHECK(answered().value("roomname") == "Verona");
    CHECK(run(*bard, "clarion#room-list", {{"limit", "10"}}) == "completed");
    const DataForm list = answered();
    REQUIRE(list.items.size() == 1);
    CHECK(list.reported.front().var == "room");
    CHECK(list.items.front()[0].value() == "verona@rooms.example.org");
    CHECK(list.items.front()[1].value() == "Verona");
    CHECK(run(*bard, "clarion#room-show", {{"room", "verona@rooms.example.org"}}) == "completed");
    CHECK(answered().value("affiliations") == "romeo@example.org owner");
}

Task<> make_room(core::Core& core, std::string owner, std::string& done) {
    const boost::json::object arguments{{"room", "verona@rooms.example.org"}, {"owner", owner}};
    const core::AdminAsker asker;
    for (const auto& each : admin_area().commands) {
        if (each.name != "room create") continue;
        const auto made = co_await each.run(core, arguments, asker);
        done += (made ? "created" : made.error().code) + " ";
    }
}

TEST_CASE_FIXTURE(Court, "of two who make a room of one name in the same moment one does") {
    std::string done;
    world.post("verona@rooms.example.org", [&](core::Core& core) {
        core.scope().spawn("one", make_room(core, "romeo@example.org", done));
        core.scope().spawn("two", make_room(core, "juliet@example.org", done));
    });
    world.settle();
    CHECK(done == "conflict created ");
    CHECK(run(*bard, "clarion#room-show", {{"room", "verona@rooms.example.org"}}) == "completed");
    CHECK(answered().value("affiliations") == "romeo@example.org owner");
}

TEST_CASE_FIXTURE(Court, "who enters a room while an administrator makes it enters that one") {
    std::string done;
    world.storage().hold_commits();
    world.post("verona@rooms.example.org", [&](core::Core& core) {
        core.scope().spawn("one", make_room(core, "romeo@example.org", done));
    });
    world.run_shards();
    bard->send_soon(
        "<presence to='verona@rooms.example.org/Bard'>"
        "<x xmlns='http://jabber.org/protocol/muc'/></presence>");
    world.run_shards();
    world.storage().release_commits();
    world.settle();
    CHECK(done == "created ");
    CHECK(run(*bard, "clarion#room-show", {{"room", "verona@rooms.example.org"}}) == "completed");
    CHECK(answered().value("affiliations") == "romeo@example.org owner");
    CHECK(answered().value("occupants").find("Bard") != std::string::npos);
}

TEST_CASE_FIXTURE(Court, "what is destroyed is asked about first") {
    REQUIRE(run(*bard, "clarion#room-create",
                {{"room", "verona@rooms.example.org"}, {"owner", "romeo@example.org"}}) ==
            "completed");
    const std::string destroy = "clarion#room-destroy";
    CHECK(step(*bard, "node='" + destroy + "'") == "executing");
    const std::string session = began(destroy);
    CHECK(step(*bard, session + " action='next'", form({{"room", "verona@rooms.example.org"}})) ==
          "executing");
    CHECK(answered().instructions ==
          "Destroy verona@rooms.example.org with its archive, for good?");
    CHECK(step(*bard, session + " action='complete'", form({{"confirm", "0"}})) ==
          "bad-request bad-payload");
    CHECK(step(*bard, session + " action='complete'", form({{"confirm", "1"}})) == "completed");
    CHECK(answered().value("destroyed") == "verona@rooms.example.org");
    CHECK(run(*bard, "clarion#room-show", {{"room", "verona@rooms.example.org"}}) ==
          "item-not-found");
}

TEST_CASE_FIXTURE(Court, "forms say what is needed, and rooms of other services are not reached") {
    CHECK(step(*bard, "node='clarion#room-create'") == "executing");
    const DataForm form = answered();
    REQUIRE(form.fields.size() == 2);
    CHECK(form.fields[0].var == "room");
    CHECK(form.fields[0].type == "jid-single");
    CHECK(form.fields[0].required);
    CHECK(run(*bard, "clarion#room-create", {{"room", "verona@rooms.example.org"}}) ==
          "bad-request bad-payload");
    CHECK(run(*bard, "clarion#room-create",
              {{"room", "verona@rooms.example.net"}, {"owner", "romeo@example.org"}}) ==
          "bad-request bad-payload");
    CHECK(run(*bard, "clarion#room-list", {{"limit", "0"}}) == "bad-request bad-payload");
    CHECK(run(*bard, "clarion#room-show", {{"room", "@"}}) == "bad-request bad-payload");
}

}  // namespace
}  // namespace clarion::muc
