#include "server/core/setup/admin_rights.h"

#include <doctest/doctest.h>

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <string>

#include "modules/all.h"
#include "server/app/app.h"
#include "server/core/address/domains.h"

using namespace clarion;
using namespace clarion::app;
using namespace clarion::core;
namespace json = boost::json;

namespace {

core::AdminHandler nothing() {
    return [](core::Context&, const json::object&) -> Task<Result<json::value>> {
        co_return json::value();
    };
}

std::shared_ptr<const Config> configured() {
    auto parsed = parse_config(
        all_options(),
        "[server]\ndomains = [\"a.example\", \"b.example\"]\nadmins = [\"root@a.example\"]\n"
        "[host.\"b.example\".administration]\nadmins = [\"both@a.example\", \"b@b.example\"]\n",
        "clarion.toml");
    if (!parsed) FAIL(parsed.error().text);
    return std::move(*parsed);
}

struct Scene {
    core::Domains domains;
    std::shared_ptr<const Config> config = configured();
    AdminRights server{.whole_server = true, .hosts = {"a.example", "b.example"}};
    AdminRights host{.whole_server = false, .hosts = {"a.example"}};
    core::AdminCommand show{.name = "user show",
                            .arguments = {{.name = "jid",
                                           .kind = core::ArgumentKind::jid,
                                           .use = core::ArgumentUse::required}},
                            .run = nothing()};

    Scene() {
        domains.add_host("a.example");
        domains.add_host("b.example");
        domains.add_service({.domain = "rooms.a.example"}, "muc");
        domains.add_service({.domain = "rooms.b.example"}, "muc");
    }
    std::string outcome(const AdminRights& rights, const core::AdminCommand& command,
                        const std::string& about) const {
        json::object arguments;
        const std::string_view argument = about_argument(command);
        if (!about.empty()) arguments[argument.empty() ? "" : argument] = about;
        const Result<> allowed = check_rights(rights, *config, domains, command, arguments);
        return allowed ? "ok" : allowed.error().code;
    }
};

}  // namespace

TEST_CASE("who administers a domain may what is about it, its accounts and its services") {
    const Scene scene;
    for (const char* about : {"ann@a.example", "ann@a.example/phone", "a.example",
                              "club@rooms.a.example", "rooms.a.example"})
        CHECK(scene.outcome(scene.host, scene.show, about) == "ok");
    for (const char* about : {"ann@b.example", "b.example", "rooms.b.example", "remote.example",
                              "a.example.remote.example", "a.example@b.example", ""})
        CHECK(scene.outcome(scene.host, scene.show, about) == "forbidden");
    CHECK(scene.outcome(scene.host, scene.show, "@") == "usage");
    // Of a command about the server nothing that is sent says otherwise.
    const core::AdminCommand status{.name = "status", .run = nothing()};
    CHECK(scene.outcome(scene.host, status, "a.example") == "forbidden");
    CHECK(scene.outcome(scene.server, scene.show, "ann@b.example") == "ok");
    CHECK(scene.outcome(scene.server, scene.show, "") == "ok");
    CHECK(scene.outcome(AdminRights{}, scene.show, "ann@a.example") == "forbidden");
    // Who administers more, too.
    for (const char* more : {"root@a.example", "both@a.example", "both@a.example/x"}) {
        CHECK(scene.outcome(scene.host, scene.show, more) == "forbidden");
        CHECK(scene.outcome(scene.server, scene.show, more) == "ok");
    }
    const AdminRights both{.hosts = {"a.example", "b.example"}};
    CHECK(scene.outcome(both, scene.show, "both@a.example") == "ok");
    CHECK(scene.outcome(both, scene.show, "root@a.example") == "forbidden");
}

TEST_CASE("files, what clarionctl carries out, and what has no end are not for the console") {
    Scene scene;
    CHECK(is_for_administrators(scene.show));
    core::AdminCommand command = scene.show;
    command.run = {};
    CHECK_FALSE(is_for_administrators(command));
    command = scene.show;
    command.client = "user-import";
    CHECK_FALSE(is_for_administrators(command));
    for (const auto kind : {core::ArgumentKind::local_file, core::ArgumentKind::server_file}) {
        command = scene.show;
        command.arguments.push_back({.name = "file", .kind = kind});
        CHECK_FALSE(is_for_administrators(command));
        CHECK(scene.outcome(scene.server, command, "ann@a.example") == "forbidden");
    }
}

/// Who adds a command with an argument that is an address or a domain lets administrators of single
/// domains run it in the console: it may tell and change nothing about other domains. Then it
/// belongs here.
TEST_CASE("commands of modules that administrators of single domains may run") {
    std::string all;
    for (const auto& row : modules::all()) {
        for (const auto& area : row.admin_areas)
            for (const auto& command : area().commands)
                if (is_for_administrators(command) && !about_argument(command).empty())
                    all += std::string(command.name) + "\n";
    }
    CHECK(all ==
          "report list\nreport dismiss\narchive stats\narchive purge\npush list\n"
          "push show\npush ping\npush test\npush remove\ninvite create\ninvite list\n"
          "invite revoke\nupload list\nupload purge\nbookmarks restore\npubsub node list\n"
          "pubsub node info\npubsub node delete\nuser add\nuser passwd\nuser delete\n"
          "user disable\nuser enable\nuser admin\nuser show\nuser roster\nuser list\n"
          "user count\nsession list\nsession kick\nclient list\nclient sign-out\n"
          "notice send\nnotice set\nnotice delete\nnotice list\nfederation list\nfederation block\n"
          "federation unblock\nfederation allow\nfederation disallow\nroom list\n"
          "room show\nroom history\nroom create\nroom destroy\nroom config\n"
          "room affiliation\nroom kick\n");
}
