// How much is said in a public room (XEP-0502).
#include "modules/muc/activity.h"

#include "modules/muc/records.h"
#include "tests/unit/modules/muc/room_scene.h"

namespace clarion::muc {
namespace {

using namespace std::chrono_literals;

constexpr WallTime noon{std::chrono::hours(480012)};

TEST_CASE("messages an hour, on average over the hours that are over") {
    Activity activity;
    CHECK_FALSE(activity.per_hour(noon));
    for (int i = 0; i < 6; ++i) activity.count(noon + 5min);
    CHECK_FALSE(activity.per_hour(noon + 59min));
    CHECK(activity.per_hour(noon + 61min) == 6.0);
    activity.count(noon + 61min);
    CHECK(activity.per_hour(noon + 119min) == 6.0);
    CHECK(activity.per_hour(noon + 2h) == 3.5);
    CHECK(activity.per_hour(noon + 7h) == 1.0);
    CHECK(activity.per_hour(noon + 24h) == 7.0 / 24);
    CHECK(activity.per_hour(noon + 25h) == 1.0 / 24);
    CHECK(activity.per_hour(noon + 26h) == 0.0);
    activity.count(noon + 100h);
    CHECK(activity.per_hour(noon + 101h) == 1.0 / 24);
}

TEST_CASE("what was counted long ago is not taken for what is counted now") {
    Activity activity;
    for (int i = 0; i < 1000; ++i) {
        activity.count(noon + i * 7h);
        CHECK(activity.per_hour(noon + i * 7h + 1h).value() <= 4.0 / std::min(24, 7 * i + 1));
    }
}

TEST_CASE("a clock that is set back does not harm") {
    Activity activity;
    activity.count(noon);
    activity.count(noon - 5h);
    CHECK(activity.per_hour(noon + 1h) == 2.0);
    CHECK_FALSE(activity.per_hour(noon - 50h));
}

TEST_CASE("activity as it is kept") {
    Activity activity;
    for (int i = 0; i < 300; ++i) activity.count(noon + i * 20min);
    const std::string bytes = activity.encode();
    CHECK(bytes.size() == 1 + 8 + 8 + 25);
    CHECK(*Activity::decode(bytes) == activity);
    CHECK_FALSE(Activity::decode(std::string_view(bytes).substr(1)).ok());
    CHECK_FALSE(Activity::decode(bytes + "x").ok());
    CHECK(check_record("m", bytes).ok());
    CHECK_FALSE(check_record("m", "nonsense").ok());
    Activity busy;
    int kept = 0;
    for (int i = 0; i < 1000; ++i) busy.count(noon), kept += busy.is_to_be_kept();
    CHECK(kept == 16 + 61);
}

std::string told_activity(Scene& scene) {
    const auto info = scene.request(*scene.tybalt, "get",
                                    "<query xmlns='http://jabber.org/protocol/disco#info'/>");
    const auto form =
        DataForm::find_in(*info.root().child(ns::disco_info, "query"), ns::muc_roominfo);
    REQUIRE(form);
    const auto* field = form->field("{urn:xmpp:muc-activity}message-activity");
    return field ? std::string(field->value()) : "none";
}

TEST_CASE_FIXTURE(Scene, "public rooms that stay tell how much is said in them") {
    open({"persistentroom=1"});
    CHECK(told_activity(*this) == "none");
    say(*romeo, "But soft!");
    say(*juliet, "Ay me!");
    send_message(*romeo, "<subject>The balcony</subject>");
    send_message(*romeo, "<active xmlns='http://jabber.org/protocol/chatstates'/>");
    send_message(*romeo,
                 "<body>But soft?</body><replace xmlns='urn:xmpp:message-correct:0' id='m'/>");
    whisper(*romeo, "Juliet", "Psst");
    forget();
    CHECK(told_activity(*this) == "none");
    evict();
    world.advance(1h);
    CHECK(told_activity(*this) == "2.00");
    for (const std::string option : {"publicroom=0", "membersonly=1", "persistentroom=0"}) {
        REQUIRE(configure(*romeo, {option}) == "");
        CHECK(told_activity(*this) == "none");
        const std::string back =
            option.substr(0, option.size() - 1) + (option.back() == '0' ? "1" : "0");
        REQUIRE(configure(*romeo, {back}) == "");
    }
    CHECK(told_activity(*this) == "2.00");
}

}  // namespace
}  // namespace clarion::muc
