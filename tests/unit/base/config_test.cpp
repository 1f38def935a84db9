#include "base/config.h"

#include <doctest/doctest.h>

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

using namespace clarion;
using namespace std::chrono_literals;

namespace {

struct ServerOptions {
    std::vector<std::string> domains;
    std::string data_dir = "data";
    double ratio = 0.5;

    static void declare(OptionTable<ServerOptions>& t) {
        t.section("server", "The server as a whole");
        t.add("domains", &ServerOptions::domains).required().doc("What we serve.");
        t.add("data_dir", &ServerOptions::data_dir).path().doc("Where the data is.");
        t.add("ratio", &ServerOptions::ratio).min(0).max(1).doc("A share.");
    }
};

struct SmacksOptions {
    Duration hibernation_time = 600s;
    std::int64_t max_queue_size = 5000;
    bool enabled = true;

    static void declare(OptionTable<SmacksOptions>& t) {
        t.section("smacks", "Stream management").per_host().live();
        t.add("hibernation_time", &SmacksOptions::hibernation_time)
            .seconds()
            .min(1s)
            .max(std::chrono::hours(24 * 7))
            .doc("How long a session may hibernate.");
        t.add("max_queue_size", &SmacksOptions::max_queue_size)
            .min(1)
            .unit("stanzas")
            .doc("Limit.");
        t.add("enabled", &SmacksOptions::enabled).doc("On or off.");
    }
};

struct MamOptions {
    std::string default_policy = "always";
    std::optional<Duration> expire_after;

    static void declare(OptionTable<MamOptions>& t) {
        t.section("mam", "The archive").per_host();
        t.add("default", &MamOptions::default_policy)
            .choices({"always", "roster", "never"})
            .live()
            .doc("What is archived.");
        t.add("expire_after", &MamOptions::expire_after)
            .days()
            .never_allowed()
            .doc("For how long.");
    }
};

struct PushOptions {
    std::int64_t max_errors = 16;
    Duration coalesce_time = 1s;

    static void declare(OptionTable<PushOptions>& t) {
        t.section("push", "Push");
        t.add("max_errors", &PushOptions::max_errors).min(0).doc("Errors in a row.");
        t.add("coalesce_time", &PushOptions::coalesce_time).doc("Wait.");
    }
};

struct ComponentOptions {
    std::string secret;
    std::vector<std::string> may;

    static void declare(OptionTable<ComponentOptions>& t) {
        t.named("component", "An external component (XEP-0114)");
        t.add("secret", &ComponentOptions::secret).secret().required().doc("The shared secret.");
        t.add("may", &ComponentOptions::may).choices({"read", "write"}).doc("What it may do.");
    }
};

/// Named entries beside the plain section [push].
struct PushServiceOptions {
    std::string title = "none";

    static void declare(OptionTable<PushServiceOptions>& t) {
        t.named("push", "A push service of our own").live();
        t.add("title", &PushServiceOptions::title).doc("What it is called.");
    }
};

struct ListenOptions {
    std::string type = "c2s";
    std::int64_t port = 0;
    std::string certificate;

    static void declare(OptionTable<ListenOptions>& t) {
        t.list("listen", "A listener");
        t.add("type", &ListenOptions::type).choices({"c2s", "s2s"}).doc("What speaks there.");
        t.add("port", &ListenOptions::port).min(1).max(65535).doc("The | port.");
        t.add("certificate", &ListenOptions::certificate).path().doc("A file.");
        t.check([](const ListenOptions& listen) -> Result<void> {
            if (listen.port == 0) return fail("config", "a listener needs a port");
            return {};
        });
    }
};

const OptionRegistry& registry() {
    static const OptionRegistry all = [] {
        OptionRegistry made;
        made.add<ServerOptions>();
        made.add<SmacksOptions>();
        made.add<MamOptions>();
        made.add<PushOptions>();
        made.add<PushServiceOptions>();
        made.add<ComponentOptions>();
        made.add<ListenOptions>();
        return made;
    }();
    return all;
}

const std::string head = "[server]\ndomains = [\"example.org\"]\n";

/// Lines count from 3: `head` has two.
std::shared_ptr<const Config> parsed(const std::string& text) {
    auto config = parse_config(registry(), head + text, "etc/clarion.toml");
    if (!config) FAIL(config.error().text);
    return *config;
}

/// What is wrong with it, without the file's name.
std::string wrong(const std::string& text) {
    auto config = parse_config(registry(), head + text, "c.toml");
    if (config) return "nothing";
    REQUIRE(config.error().text.starts_with("c.toml:"));
    return config.error().text.substr(7);
}

}  // namespace

TEST_CASE("what the file does not say has its default") {
    const auto config = parsed("");
    CHECK(config->get<ServerOptions>().domains == std::vector<std::string>{"example.org"});
    CHECK(config->get<SmacksOptions>().hibernation_time == 600s);
    CHECK(config->get<SmacksOptions>("example.org").max_queue_size == 5000);
    CHECK_FALSE(config->get<MamOptions>().expire_after.has_value());
    CHECK(config->named<ComponentOptions>().empty());
    CHECK(config->list<ListenOptions>().empty());
    CHECK(config->filename() == "etc/clarion.toml");
}

TEST_CASE("values of every type") {
    const auto config = parsed(R"(ratio = 1
[smacks]
hibernation_time = "72h"
max_queue_size = 7
enabled = false
[mam]
default = "roster"
expire_after = 30
[push]
coalesce_time = 0.25
)");
    CHECK(config->get<ServerOptions>().ratio == 1.0);
    CHECK(config->get<SmacksOptions>().hibernation_time == 72h);
    CHECK(config->get<SmacksOptions>().max_queue_size == 7);
    CHECK_FALSE(config->get<SmacksOptions>().enabled);
    CHECK(config->get<MamOptions>().default_policy == "roster");
    CHECK(config->get<MamOptions>().expire_after == std::optional<Duration>(24h * 30));
    CHECK(config->get<PushOptions>().coalesce_time == 250ms);
}

TEST_CASE("never, and a duration where a number would mean days") {
    CHECK(parsed("[mam]\nexpire_after = \"never\"")->get<MamOptions>().expire_after ==
          std::nullopt);
    CHECK(parsed("[mam]\nexpire_after = \"12h\"")->get<MamOptions>().expire_after ==
          std::optional<Duration>(12h));
}

TEST_CASE("a host's values lie over the section's, wherever they stand in the file") {
    const auto config = parsed(R"([host."Short.example".smacks]
hibernation_time = 4
[smacks]
hibernation_time = 60
max_queue_size = 9
)");
    CHECK(config->get<SmacksOptions>().hibernation_time == 60s);
    CHECK(config->get<SmacksOptions>("other.example").hibernation_time == 60s);
    CHECK(config->get<SmacksOptions>("short.example").hibernation_time == 4s);
    CHECK(config->get<SmacksOptions>("short.example").max_queue_size == 9);
    CHECK(config->hosts() == std::vector<std::string>{"short.example"});
}

TEST_CASE("named and listed sections") {
    const auto config = parsed(R"([component."push.example.org"]
secret = "s1"
may = ["read"]
[component."a.example.org"]
secret = "s2"
[[listen]]
port = 5222
certificate = "chain.pem"
[[listen]]
type = "s2s"
port = 5269
)");
    const auto& components = config->named<ComponentOptions>();
    REQUIRE(components.size() == 2);
    CHECK(components.begin()->first == "a.example.org");
    CHECK(components.at("push.example.org").secret == "s1");
    CHECK(components.at("push.example.org").may == std::vector<std::string>{"read"});
    const auto& listeners = config->list<ListenOptions>();
    REQUIRE(listeners.size() == 2);
    CHECK(listeners[0].port == 5222);
    CHECK(listeners[1].type == "s2s");
}

TEST_CASE("named sections beside a plain one of that name") {
    const auto config = parsed(R"([push."a.example.org"]
title = "A"
[push]
coalesce_time = 2.0
[push."b.example.org"]
)");
    CHECK(config->get<PushOptions>().coalesce_time == 2s);
    const auto& services = config->named<PushServiceOptions>();
    REQUIRE(services.size() == 2);
    CHECK(services.at("a.example.org").title == "A");
    CHECK(services.at("b.example.org").title == "none");
    CHECK(config->line_of("push") > 0);

    CHECK(parsed("[push.\"a.example.org\"]")->get<PushOptions>().coalesce_time ==
          parsed("")->get<PushOptions>().coalesce_time);
    CHECK(wrong("[push.\"a.example.org\"]\nttle = \"x\"").find("did you mean title?") !=
          std::string::npos);
    CHECK(wrong("[push]\ncoalesce_tim = 1").find("did you mean coalesce_time?") !=
          std::string::npos);
    // What the plain section knows as an option of its own is no entry.
    CHECK(wrong("[push.coalesce_time]").find("[push] coalesce_time: ") != std::string::npos);
}

TEST_CASE("an entry that comes or goes takes a restart, what it says is live") {
    const auto one = parsed("[push.\"a.example.org\"]");
    const auto other = parsed("[push.\"a.example.org\"]\ntitle = \"A\"");
    const auto changed = diff(*one, *other);
    REQUIRE(changed.size() == 1);
    CHECK(changed[0].path == "push.\"a.example.org\".title");
    CHECK(changed[0].live);
    const auto gone = diff(*other, *parsed(""));
    REQUIRE(gone.size() == 1);
    CHECK(!gone[0].live);
}

TEST_CASE("paths count from the file's directory, defaults too") {
    const auto config = parsed("[[listen]]\nport = 1\ncertificate = \"../tls/chain.pem\"");
    CHECK(config->get<ServerOptions>().data_dir == "etc/data");
    CHECK(config->list<ListenOptions>()[0].certificate == "tls/chain.pem");
    CHECK(parsed("data_dir = \"/srv\"")->get<ServerOptions>().data_dir == "/srv");
    CHECK(parsed("[[listen]]\nport = 1")->list<ListenOptions>()[0].certificate.empty());
}

TEST_CASE("an unknown key names the line and the nearest known one") {
    CHECK(wrong("[smacks]\nhibernaton_time = 5") ==
          "4: [smacks] hibernaton_time: no such option; did you mean hibernation_time?");
    CHECK(wrong("[smacks]\nmax_queue_szie = 5") ==
          "4: [smacks] max_queue_szie: no such option; did you mean max_queue_size?");
    CHECK(wrong("[smacks]\nzzz = 5") ==
          "4: [smacks] zzz: no such option; known here: hibernation_time, max_queue_size, enabled");
}

TEST_CASE("a key of another section, or in the manner of other servers, is recognised") {
    CHECK(wrong("[smacks]\nmax_errors = 5") ==
          "4: [smacks] max_errors: no such option; did you mean [push] max_errors?");
    CHECK(wrong("[push]\npush_max_errors = 5") ==
          "4: [push] push_max_errors: no such option; did you mean max_errors?");
    CHECK(parse_config(registry(), "smacks_hibernation_time = 5\n" + head, "c.toml").error().text ==
          "c.toml:1: smacks_hibernation_time: no such option outside sections; "
          "did you mean [smacks] hibernation_time?");
}

TEST_CASE("an unknown section names the nearest known one") {
    CHECK(wrong("[smack]\nx = 1") == "3: [smack]: no such section; did you mean [smacks]?");
    CHECK(wrong("[zzzzz]\nx = 1") ==
          "3: [zzzzz]: no such section; known sections: host, server, smacks, mam, push, "
          "component, listen");
}

TEST_CASE("a wrong type says what was expected and what stands there") {
    CHECK(wrong("[smacks]\nmax_queue_size = \"many\"") ==
          "4: [smacks] max_queue_size: expected whole number of stanzas, got the text \"many\"");
    CHECK(wrong("[smacks]\nenabled = 1") ==
          "4: [smacks] enabled: expected true or false, got the number 1");
    CHECK(wrong("[smacks]\nhibernation_time = true") ==
          "4: [smacks] hibernation_time: expected duration (a number means seconds), got true");
    CHECK(wrong("[smacks]\nhibernation_time = \"soon\"") ==
          "4: [smacks] hibernation_time: expected duration (a number means seconds), got the text "
          "\"soon\": not a duration like \"72h\", \"10min\", \"30s\" or \"250ms\"");
    CHECK(wrong("[mam]\ndefault = \"sometimes\"") ==
          "4: [mam] default: expected one of \"always\", \"roster\", \"never\", got "
          "\"sometimes\"");
    CHECK(wrong("[mam]\nexpire_after = 1979-05-27") ==
          "4: [mam] expire_after: expected duration (a number means days) or \"never\", got a date "
          "or time");
    CHECK(wrong("smacks = 5") ==
          "3: [server] smacks: no such option; known here: domains, "
          "data_dir, ratio");
    CHECK(wrong("[component.x]\nsecret = \"s\"\nmay = [\"fly\"]") ==
          "5: [component.\"x\"] may: expected list of any of \"read\", \"write\", got \"fly\"");
}

TEST_CASE("bounds hold") {
    CHECK(wrong("[smacks]\nhibernation_time = 0") ==
          "4: [smacks] hibernation_time: expected 1s to 7d, got 0s");
    CHECK(wrong("[smacks]\nhibernation_time = \"8d\"") ==
          "4: [smacks] hibernation_time: expected 1s to 7d, got 8d");
    CHECK(wrong("[push]\nmax_errors = -1") == "4: [push] max_errors: expected at least 0, got -1");
    CHECK(wrong("[push]\ncoalesce_time = -1") ==
          "4: [push] coalesce_time: a duration cannot be negative");
    CHECK(wrong("[push]\ncoalesce_time = 1e300") ==
          "4: [push] coalesce_time: expected duration (a number means seconds), got a number with "
          "decimals");
    CHECK(wrong("[[listen]]\nport = 65536") ==
          "4: [[listen]] port: expected 1 to 65535, got 65536");
    CHECK(wrong("ratio = nan") == "3: [server] ratio: expected number, got a number with decimals");
}

TEST_CASE("sections of the wrong shape") {
    CHECK(wrong("[[smacks]]\nenabled = true") == "3: [smacks]: expected a table, got a list");
    CHECK(wrong("[listen]\nport = 1") == "3: expected [[listen]], got a table");
    CHECK(wrong("[component]\nsecret = \"x\"") ==
          "4: [component] secret: expected [component.\"NAME\"], got the text \"x\"");
}

TEST_CASE("only sections that say so can be set for one host") {
    CHECK(wrong("[host.\"a.example\".push]\nmax_errors = 1") ==
          "3: [host.\"a.example\".push]: cannot be set for one host; these can: smacks, mam");
    CHECK(wrong("[host.\"a.example\".smaks]\nx = 1") ==
          "3: [host.\"a.example\".smaks]: no such section; these can: smacks, mam");
    CHECK(wrong("[host.\"a.example\".mam]\ndefalt = \"never\"") ==
          "4: [host.\"a.example\".mam] defalt: no such option; did you mean default?");
}

TEST_CASE("required options and rules over a whole section") {
    CHECK(parse_config(registry(), "", "c.toml").error().text ==
          "c.toml: [server] domains: is required: list of texts");
    CHECK(wrong("[component.x]\nmay = []") == "3: [component.\"x\"] secret: is required: text");
    CHECK(wrong("[[listen]]\ntype = \"c2s\"") == "3: [[listen]]: a listener needs a port");
}

TEST_CASE("everything that is wrong is reported, ordered by line") {
    CHECK(wrong("[push]\nmax_errors = \"x\"\n[smacks]\nenabled = 3\n[nope]\n") ==
          "4: [push] max_errors: expected whole number, got the text \"x\"\n"
          "c.toml:6: [smacks] enabled: expected true or false, got the number 3\n"
          "c.toml:7: [nope]: no such section; known sections: host, server, smacks, mam, push, "
          "component, listen");
}

TEST_CASE("syntax errors have a line too") {
    CHECK(wrong("[smacks\n").starts_with("3: "));
    CHECK(wrong("[push]\nmax_errors = 1\nmax_errors = 2").starts_with("5: "));
}

TEST_CASE("what the parser refuses comes with what was forgotten") {
    const auto says = [](const std::string& text, std::string_view words) {
        CAPTURE(text);
        CHECK(wrong(text).find(words) != std::string::npos);
    };
    says("[push]\nmax_errors = \"1\n", "Is a \" missing");
    says("[smacks]\nenabled = yes\n", "true or false");
    says("[push]\nmax_errors = 127.0.0.1\n", "Texts stand in quotes");
    says("[[listen]]\nport = 1\n[listen]\n", "[[listen]]");
    says("[smacks]\n[push]\n[smacks]\n", "once");
    says("[component.rooms.localhost]\n", "[component.\"rooms.localhost\"]");
    says("[smacks]\nmax_queue_size = \"100MB\"\n", "expected whole number of stanzas, got");
}

TEST_CASE("a secret is never printed") {
    const std::string text = wrong("[component.x]\nsecret = [\"hunter2\"]");
    CHECK(text == "4: [component.\"x\"] secret: expected text, got something else");
    const auto old = parsed("[component.x]\nsecret = \"hunter2\"");
    const auto now = parsed("[component.x]\nsecret = \"hunter3\"");
    const auto changes = diff(*old, *now);
    REQUIRE(changes.size() == 1);
    CHECK(changes[0].path == "component.\"x\".secret");
    CHECK(changes[0].before == "(hidden)");
    CHECK(changes[0].after == "(hidden)");
}

TEST_CASE("diff says what changed and whether it applies live") {
    const auto old = parsed("[smacks]\nhibernation_time = 60\n[[listen]]\nport = 1");
    CHECK(diff(*old, *old).empty());
    const auto now = parsed(R"([smacks]
hibernation_time = "1min"
max_queue_size = 1
[push]
max_errors = 3
[host."a.example".mam]
default = "never"
)");
    const auto changes = diff(*old, *now);
    REQUIRE(changes.size() == 4);
    CHECK(changes[0].path == "listen[0]");
    CHECK(changes[0].before == "(the table)");
    CHECK(changes[0].after == "");
    CHECK_FALSE(changes[0].live);
    CHECK(changes[1].path == "push.max_errors");
    CHECK_FALSE(changes[1].live);
    CHECK(changes[2].path == "smacks.max_queue_size");
    CHECK(changes[2].before == "5000");
    CHECK(changes[2].after == "1");
    CHECK(changes[2].live);
    CHECK(changes[2].line > 0);
    CHECK(changes[3].path == "host.\"a.example\".mam.default");
    CHECK(changes[3].after == "\"never\"");
    CHECK(changes[3].live);
}

TEST_CASE("a reload keeps the values of options that take a restart") {
    const auto running = parsed(R"([push]
max_errors = 1
[smacks]
max_queue_size = 1
[[listen]]
port = 1
[push."a.example.org"]
title = "A"
)");
    const auto fresh = parsed(R"([push]
max_errors = 2
[smacks]
max_queue_size = 2
[[listen]]
port = 2
[push."a.example.org"]
title = "B"
[push."b.example.org"]
title = "new"
[host."a.example".smacks]
max_queue_size = 3
)");
    const auto now = reloaded(registry(), *running, *fresh);
    CHECK(now->get<PushOptions>().max_errors == 1);
    CHECK(now->get<SmacksOptions>().max_queue_size == 2);
    CHECK(now->get<SmacksOptions>("a.example").max_queue_size == 3);
    CHECK(now->list<ListenOptions>().at(0).port == 1);
    // What the next reload is compared with is what runs.
    const auto again = diff(*now, *fresh);
    REQUIRE(again.size() == 3);
    for (const auto& change : again) CHECK_FALSE(change.live);
    CHECK(again[2].path == "push.\"b.example.org\"");
    const auto back = diff(*now, *running);
    CHECK(std::all_of(back.begin(), back.end(), [](const auto& each) { return each.live; }));
}

TEST_CASE("files: one that cannot be read, and one that can") {
    const auto missing = load_config(registry(), "/nonexistent/clarion.toml");
    REQUIRE_FALSE(missing.ok());
    CHECK(missing.error().text ==
          "/nonexistent/clarion.toml: cannot be read: No such file or directory");
    CHECK_FALSE(load_config(registry(), "/").ok());
    std::string path = "/tmp/clarion-config-XXXXXX";
    const int file = ::mkstemp(path.data());
    REQUIRE(::write(file, head.data(), head.size()) == static_cast<ssize_t>(head.size()));
    ::close(file);
    CHECK(load_config(registry(), path).ok());
    std::remove(path.c_str());
}

TEST_CASE("options that were never registered are a broken invariant") {
    struct Foreign {
        bool x = false;
    };
    CHECK_THROWS_AS(parsed("")->get<Foreign>(), std::logic_error);
}

namespace {

/// Of another part of the program, in the same section.
struct MoreSmacksOptions {
    std::string location;
    std::int64_t widest = 9;

    static void declare(OptionTable<MoreSmacksOptions>& t) {
        t.joins("smacks");
        t.add("location", &MoreSmacksOptions::location).doc("Where to resume.");
        t.add("widest", &MoreSmacksOptions::widest).min(1).doc("How wide.");
        t.check([](const MoreSmacksOptions& more) -> Result<void> {
            if (more.widest == 13) return fail("config", "not so wide");
            return {};
        });
    }
};

struct HomelessOptions {
    bool any = false;
    static void declare(OptionTable<HomelessOptions>& t) {
        t.joins("nowhere");
        t.add("any", &HomelessOptions::any).doc("Any.");
    }
};

OptionRegistry joined_registry() {
    OptionRegistry made = registry();
    made.add<MoreSmacksOptions>();
    return made;
}

Result<std::shared_ptr<const Config>> joined(const std::string& text) {
    return parse_config(joined_registry(), head + text, "c.toml");
}

}  // namespace

TEST_CASE("a section may have options of several structs, and each has its own") {
    const auto config = joined(
        "[smacks]\nlocation = \"a:1\"\nmax_queue_size = 7\n"
        "[host.\"a.example\".smacks]\nwidest = 3\nhibernation_time = 5\n");
    REQUIRE(config);
    CHECK((*config)->get<SmacksOptions>().max_queue_size == 7);
    CHECK((*config)->get<MoreSmacksOptions>().location == "a:1");
    CHECK((*config)->get<MoreSmacksOptions>().widest == 9);
    CHECK((*config)->get<MoreSmacksOptions>("a.example").widest == 3);
    CHECK((*config)->get<MoreSmacksOptions>("a.example").location == "a:1");
    CHECK((*config)->get<SmacksOptions>("a.example").hibernation_time == 5s);
    CHECK((*config)->get<SmacksOptions>("a.example").max_queue_size == 7);

    const auto changed = joined("[smacks]\nlocation = \"b:2\"\nmax_queue_size = 7\n");
    REQUIRE(changed);
    const auto changes = diff(**joined("[smacks]\nmax_queue_size = 7\n"), **changed);
    REQUIRE(changes.size() == 1);
    CHECK(changes.front().path == "smacks.location");
    CHECK(changes.front().live);  // as all of the section
}

TEST_CASE("options that joined a section are checked and suggested like all of it") {
    const auto fault = [](const std::string& text) {
        const auto config = joined(text);
        return config ? std::string("nothing") : config.error().text;
    };
    CHECK(fault("[smacks]\nwidest = 0\n") ==
          "c.toml:4: [smacks] widest: expected at least 1, got 0");
    CHECK(fault("[smacks]\nwidest = 13\n") == "c.toml:3: [smacks]: not so wide");
    CHECK(fault("[host.\"a.example\".smacks]\nwidest = 13\n").find("not so wide") !=
          std::string::npos);
    CHECK(fault("[smacks]\nlocaton = \"a\"\n") ==
          "c.toml:4: [smacks] locaton: no such option; did you mean location?");
    CHECK(joined_registry().describe_markdown().find("| `widest` | `9` |") != std::string::npos);
}

TEST_CASE("to join a section that is not there is a broken invariant") {
    OptionRegistry all = registry();
    CHECK_THROWS_AS(all.add<HomelessOptions>(), std::logic_error);
}
