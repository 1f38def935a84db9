#include "base/option.h"

#include <doctest/doctest.h>

#include "base/config.h"

using namespace clarion;
using namespace std::chrono_literals;

namespace {

struct Everything {
    bool flag = true;
    std::int64_t count = 5;
    double share = 0.25;
    std::string word = "full";
    std::string file = "key.pem";
    Duration wait = 1500ms;
    Duration keep = 48h;
    std::optional<Duration> expire;
    std::vector<std::string> list = {"a", "b"};
    std::string password = "not for print";

    static void declare(OptionTable<Everything>& t) {
        t.section("every", "Every kind of option").per_host();
        t.add("flag", &Everything::flag).live().doc("A flag.");
        t.add("count", &Everything::count).min(1).max(9).unit("bytes").doc("A | count.");
        t.add("share", &Everything::share).doc("A share.");
        t.add("word", &Everything::word).choices({"full", "process"}).doc("A word.");
        t.add("file", &Everything::file).path().doc("A file.");
        t.add("wait", &Everything::wait).min(1s).doc("A wait.");
        t.add("keep", &Everything::keep).days().doc("A number of days.");
        t.add("expire", &Everything::expire).days().never_allowed().doc("Perhaps never.");
        t.add("list", &Everything::list).doc("A list.");
        t.add("password", &Everything::password).secret().doc("Hidden.");
    }
};

struct Entry {
    std::string type;

    static void declare(OptionTable<Entry>& t) {
        t.list("entry", "An entry");
        t.add("type", &Entry::type).required().doc("Which.");
    }
};

struct Again : Everything {
    static void declare(OptionTable<Again>& t) { t.section("every", "Twice"); }
};

OptionRegistry registry() {
    OptionRegistry made;
    made.add<Everything>();
    made.add<Entry>();
    return made;
}

bool has(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("defaults come from the struct and are written as in a file") {
    const OptionRegistry all = registry();
    const SectionSpec* section = all.find("every");
    REQUIRE(section != nullptr);
    std::vector<std::string> shown;
    for (const OptionSpec& option : section->options) {
        shown.push_back(to_toml(option.fallback, option));
    }
    CHECK(shown == std::vector<std::string>{"true", "5", "0.25", "\"full\"", "\"key.pem\"", "1.5",
                                            "2", "\"never\"", "[\"a\", \"b\"]",
                                            "\"not for print\""});
}

TEST_CASE("the reference file loads, and so does every option in it with its default") {
    const OptionRegistry all = registry();
    const std::string text = all.reference_toml();
    CHECK(has(text, "\n[every]\n"));
    CHECK(has(text, "\n#[[entry]]\n"));
    CHECK(
        has(text, "# A | count.\n# (whole number of bytes, 1 to 9; needs a restart)\n#count = 5"));
    CHECK(has(text, "#expire = \"never\"\n"));
    CHECK_FALSE(has(text, "not for print"));
    REQUIRE(parse_config(all, text, "r.toml").ok());

    std::string active;
    bool in_entry = false;
    std::size_t start = 0;
    while (start < text.size()) {
        const std::size_t end = text.find('\n', start);
        std::string line = text.substr(start, end - start);
        in_entry = in_entry || line.starts_with("#[[");
        if (!in_entry && line.starts_with("#") && !line.starts_with("# ")) line.erase(0, 1);
        active += line + "\n";
        start = end + 1;
    }
    const auto config = parse_config(all, active, "r.toml");
    if (!config) FAIL(config.error().text);
    const Everything& every = (*config)->get<Everything>();
    CHECK(every.wait == 1500ms);
    CHECK(every.keep == 48h);
    CHECK(every.list == std::vector<std::string>{"a", "b"});
}

TEST_CASE("descriptions name every option and no secret") {
    const OptionRegistry all = registry();
    for (const std::string& text :
         {all.describe_text(), all.describe_json(), all.describe_markdown()}) {
        for (const OptionSpec& option : all.find("every")->options) CHECK(has(text, option.key));
        CHECK_FALSE(has(text, "not for print"));
        CHECK(has(text, "required"));
    }
    CHECK(has(all.describe_markdown(),
              "| `count` | `5` | whole number of bytes, 1 to 9 | no | "
              "A \\| count. |"));
    CHECK(has(all.describe_markdown(), "`[host.\"DOMAIN\".every]`"));
    CHECK(has(all.describe_json(),
              "{\"key\":\"count\",\"type\":\"whole number\",\"default\":5,"
              "\"unit\":\"bytes\",\"bounds\":\"1 to 9\",\"live\":false,"
              "\"required\":false,\"secret\":false,\"doc\":\"A | count.\"}"));
}

TEST_CASE("two sections of one name are a broken invariant") {
    OptionRegistry all = registry();
    CHECK_THROWS_AS(all.add<Again>(), std::logic_error);
}
