#include "server/core/setup/admin_command.h"

#include <doctest/doctest.h>

#include <array>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "server/core/address/domains.h"

using namespace clarion;
using namespace clarion::core;
namespace json = boost::json;

TEST_CASE("an area is described as clarionctl reads it") {
    const AdminArea whole{
        .name = {}, .help = {}, .commands = {{.name = "status", .help = "how it is"}}};
    const AdminArea area{.name = "hat",
                         .help = "hats",
                         .commands = {{.name = "hat list",
                                       .help = "all hats",
                                       .arguments = {{.name = "owner",
                                                      .kind = ArgumentKind::jid,
                                                      .use = ArgumentUse::optional,
                                                      .help = "whose"},
                                                     {.name = "limit",
                                                      .kind = ArgumentKind::number,
                                                      .usual = 10,
                                                      .most = 99}},
                                       .columns = {{"size", "size in cm", ColumnKind::number}},
                                       .none = "no hats",
                                       .questions = {{"owner", "Of {owner}?"}},
                                       .client = "hatter",
                                       .shape = "pile"}}};
    const std::array<const AdminArea*, 2> areas{&whole, &area};
    CHECK(describe(areas) == json::parse(R"({
        "groups": [{"name": "hat", "help": "hats"}],
        "commands": [
            {"name": "status", "help": "how it is", "arguments": [], "columns": [], "none": "",
             "questions": [], "client": "", "shape": ""},
            {"name": "hat list", "help": "all hats",
             "arguments": [
                {"name": "owner", "kind": "jid", "use": "optional", "help": "whose"},
                {"name": "limit", "kind": "number", "use": "option", "help": "", "usual": 10,
                 "most": 99}],
             "columns": [{"key": "size", "title": "size in cm", "kind": "number"}],
             "none": "no hats",
             "questions": [{"given": "owner", "text": "Of {owner}?"}],
             "client": "hatter", "shape": "pile"}]})"));
}

TEST_CASE("what commands read of their arguments") {
    Domains domains;
    domains.add_host("example.org");
    const json::object arguments{{"jid", "Romeo@example.org/orchard"}, {"on", true}, {"n", 1}};
    CHECK(text(arguments, "jid") == "Romeo@example.org/orchard");
    CHECK(text(arguments, "n").empty());
    CHECK(text(arguments, "absent").empty());
    CHECK(flag(arguments, "on"));
    CHECK(!flag(arguments, "n"));
    CHECK(!flag(arguments, "absent"));
    CHECK(account_argument(domains, arguments)->full() == "romeo@example.org");
    CHECK(address_argument(domains, arguments)->full() == "romeo@example.org");
}

TEST_CASE("an address that is none of ours") {
    Domains domains;
    domains.add_host("example.org");
    struct Case {
        const char* jid;
        const char* as_address;  // the error's code; empty: it is good
        const char* as_account;
    };
    for (const Case& each : {Case{"example.org", "", "usage"}, Case{"", "usage", "usage"},
                             Case{"romeo@", "usage", "usage"},
                             Case{"romeo@other.org", "item-not-found", "item-not-found"}}) {
        CAPTURE(each.jid);
        const json::object arguments{{"jid", each.jid}};
        const auto code = [](const Result<Jid>& result) {
            return result ? std::string() : std::string(result.error().code);
        };
        CHECK(code(address_argument(domains, arguments)) == each.as_address);
        CHECK(code(account_argument(domains, arguments)) == each.as_account);
    }
}
