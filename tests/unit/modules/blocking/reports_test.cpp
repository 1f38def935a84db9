// Reports of spam and abuse as they are kept for operators.
#include "modules/blocking/reports.h"

#include <doctest/doctest.h>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include "modules/blocking/admin_commands.h"
#include "modules/blocking/blocking.h"
#include "server/core/accounts/account_registry.h"
#include "tests/support/world.h"

namespace clarion::blocking {
namespace {

namespace json = boost::json;
using test::Client;
using test::World;

const WallTime noon =
    std::chrono::sys_days{std::chrono::January / 1 / 2026} + std::chrono::hours(12);

Report spam() {
    return {.time = WallTime(std::chrono::microseconds(1)),
            .reporter = "a@b",
            .reported = "c@d/e",
            .reason = ReportReason::abuse,
            .text = "t",
            .messages = {"1", "2"}};
}

TEST_CASE("reports: the bytes that the format page shows") {
    const std::string bytes = encode(spam());
    CHECK(bytes == std::string("\1\0\0\0\0\0\0\0\1\3a@b\5c@d/e\1\1t\2\0011\0012", 27));
    const auto read = decode_report(bytes);
    REQUIRE(read.ok());
    CHECK(read->reporter == "a@b");
    CHECK(read->messages == std::vector<std::string>{"1", "2"});
    CHECK_FALSE(decode_report(bytes + "x"));
    CHECK_FALSE(decode_report(std::string("\2") + bytes.substr(1)));
    CHECK(check_entry(storage::DataKind::stored, report_key(noon), bytes));
    CHECK_FALSE(check_entry(storage::DataKind::stored, "motd", bytes));
    CHECK_FALSE(check_entry(storage::DataKind::stored, report_key(noon), "x"));
}

TEST_CASE("reports: keys are in order of time") {
    CHECK(report_key(WallTime(std::chrono::microseconds(255))) == "000000000000ff");
    CHECK(report_key(noon) < report_key(noon + std::chrono::microseconds(1)));
    CHECK(is_report_key(report_key(noon)));
    for (const char* no : {"", "all", "000000000000FF", "000000000000ff0", "g00000000000ff"})
        CHECK_FALSE(is_report_key(no));
}

TEST_CASE("reports: of what somebody says, so much is kept") {
    std::string xml = "<report xmlns='urn:xmpp:reporting:1' reason='urn:xmpp:reporting:abuse'>";
    for (int i = 0; i < 50; ++i)
        xml += "<stanza-id xmlns='urn:xmpp:sid:0' by='x' id='" + std::string(500, 'i') + "'/>";
    std::string words;
    for (int i = 0; i < 1000; ++i) words += "\xc3\xa4";  // two bytes each
    const auto parsed = xml::parse_element(xml + "<text>!" + words + "</text></report>");
    const Report read = read_report(noon, Jid::trusted("romeo@example.org/orchard"),
                                    Jid::trusted("tybalt@example.com/street"), parsed.root());
    CHECK(read.reporter == "romeo@example.org");
    CHECK(read.reported == "tybalt@example.com/street");
    CHECK(read.reason == ReportReason::abuse);
    CHECK(read.text.size() == most_report_text - 1);
    CHECK(read.messages.size() == most_report_messages);
    CHECK(read.messages[0].size() == most_message_id);
    const auto bare = xml::parse_element("<report xmlns='urn:xmpp:reporting:1' reason='boredom'/>");
    CHECK(read_report(noon, Jid::trusted("a@b"), Jid::trusted("c"), bare.root()).reason ==
          ReportReason::other);
}

struct Verona {
    World world{
        {.modules = {{.name = "blocking", .install = install, .declare_options = declare_options}},
         .config = "[blocking]\nmax_reports = 10\nkept_reports = 3\n"}};
    Client* romeo = nullptr;

    Verona() {
        world.add_account("romeo@example.org");
        world.add_account("juliet@example.net");
        romeo = &world.log_in("romeo@example.org/orchard");
    }
    static std::string item(const std::string& jid, const std::string& text = {}) {
        return "<item jid='" + jid +
               "'><report xmlns='urn:xmpp:reporting:1' reason='urn:xmpp:reporting:spam'><stanza-id "
               "xmlns='urn:xmpp:sid:0' by='x' id='id-" +
               jid + "'/><text>" + text + "</text></report></item>";
    }
    void block(Client& client, const std::string& items) {
        client.ask("<iq type='set' id='b'><block xmlns='urn:xmpp:blocking'>" + items +
                   "</block></iq>");
        world.settle();
    }
    /// What clarionctl would be answered, or the code of the error.
    json::value ctl(const std::string& command, json::object arguments = {}) {
        json::value answer;
        const core::AdminAsker asker;
        world.run_on(0, [&](core::Context& core) -> Task<> {
            for (const auto& each : admin_area().commands) {
                if (each.name != command) continue;
                auto done = co_await each.run(core, arguments, asker);
                if (done)
                    answer = std::move(*done);
                else
                    answer = done.error().code;
            }
        });
        return answer;
    }
    std::string reported(const std::string& domain = {}) {
        std::string all;
        const json::value reports = ctl("report list", {{"domain", domain}});
        for (const auto& report : reports.as_array())
            all += std::string(report.at("reported").as_string()) + " ";
        return all;
    }
    std::size_t alarms() {
        std::size_t count = 0;
        world.run_on(0, [&](core::Context& core) -> Task<> {
            const auto found = co_await admin_area().alarms(core);
            count = found.size();
        });
        return count;
    }
};

TEST_CASE_FIXTURE(Verona, "reports are kept with all that is said but the messages") {
    CHECK(ctl("report list").as_array().empty());
    CHECK(alarms() == 0);
    block(*romeo, item("tybalt@example.com", "Never came trouble to my house like this."));
    const json::value reports = ctl("report list");
    REQUIRE(reports.as_array().size() == 1);
    const auto& report = reports.as_array()[0].as_object();
    CHECK(report.at("domain") == "example.org");
    CHECK(report.at("reporter") == "romeo@example.org");
    CHECK(report.at("reported") == "tybalt@example.com");
    CHECK(report.at("reason") == "spam");
    CHECK(report.at("text") == "Never came trouble to my house like this.");
    CHECK(report.at("messages") == json::array{"id-tybalt@example.com"});
    CHECK(alarms() == 1);
}

TEST_CASE_FIXTURE(Verona, "the newest reports of each domain are kept, several of one moment too") {
    block(*romeo, item("a@b") + item("b@b") + item("c@b"));
    block(*romeo, item("d@b"));
    block(world.log_in("juliet@example.net/balcony"), item("e@b"));
    CHECK(reported("example.org") == "b@b c@b d@b ");
    CHECK(reported("example.net") == "e@b ");
    CHECK(reported() == "b@b c@b d@b e@b ");
    CHECK(ctl("report list", {{"domain", "example.com"}}) == "item-not-found");
    CHECK(alarms() == 2);
}

TEST_CASE_FIXTURE(Verona, "a report is dismissed by its id, or all are") {
    block(*romeo, item("a@b") + item("b@b") + item("c@b"));
    const json::value reports = ctl("report list");
    const json::value id = reports.as_array()[1].at("id");
    CHECK(ctl("report dismiss", {{"id", "nonsense"}}) == "usage");
    CHECK(ctl("report dismiss", {{"id", "00000000000001"}}) == "item-not-found");
    CHECK(ctl("report dismiss", {{"id", id}}).at("dismissed") == 1);
    CHECK(ctl("report dismiss", {{"id", id}}) == "item-not-found");
    CHECK(reported() == "a@b c@b ");
    CHECK(ctl("report dismiss", {{"id", "all"}, {"domain", "example.net"}}).at("dismissed") == 0);
    CHECK(ctl("report dismiss", {{"id", "all"}}).at("dismissed") == 2);
    CHECK(reported().empty());
    CHECK(alarms() == 0);
}

TEST_CASE_FIXTURE(Verona,
                  "reports belong to the host: they outlive their reporter and the server") {
    block(*romeo, item("a@b"));
    world.run("romeo@example.org", [](core::Context& core) -> Task<> {
        const auto done =
            co_await core.account_registry().remove(Jid::trusted("romeo@example.org"));
        CHECK(done.ok());
    });
    CHECK(reported() == "a@b ");
    world.crash_and_restart();
    CHECK(reported() == "a@b ");
}

}  // namespace
}  // namespace clarion::blocking
