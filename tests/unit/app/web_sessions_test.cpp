#include "server/app/console/web_sessions.h"

#include <doctest/doctest.h>

using namespace clarion;
using namespace clarion::app;
using namespace std::chrono_literals;

namespace {

const Jid ann = Jid::trusted("ann@example.org"), bob = Jid::trusted("bob@example.org");
constexpr WebSessions::Limits limits{.idle = 10min, .whole = 1h, .most = 12};

struct Scene {
    WebSessions sessions;
    SteadyTime now{1h};

    std::string begin(const Jid& account) {
        now += 1s;
        return sessions.begin(now, limits, account, "mark", "192.0.2.1");
    }
    bool has(const std::string& token) { return sessions.find(now, limits, token) != nullptr; }
};

}  // namespace

TEST_CASE("a session is found by its token alone, until it is idle or old") {
    Scene scene;
    const std::string token = scene.begin(ann);
    CHECK(scene.has(token));
    CHECK_FALSE(scene.has(""));
    CHECK_FALSE(scene.has(token + "x"));
    CHECK(scene.sessions.find(scene.now, limits, token)->account == ann);
    for (int i = 0; i < 6; ++i) {
        scene.now += 9min;  // asked for again and again
        CHECK(scene.has(token));
    }
    scene.now += 9min;  // an hour is over
    CHECK_FALSE(scene.has(token));
    CHECK(scene.sessions.size() == 0);
    const std::string idle = scene.begin(ann);
    scene.now += 10min;
    CHECK_FALSE(scene.has(idle));
}

TEST_CASE("from another network there is none, and that keeps it from ending no longer") {
    Scene scene;
    const std::string token = scene.begin(ann);
    scene.now += 9min;
    CHECK_FALSE(scene.sessions.find(scene.now, limits, token, "198.51.100.7"));
    scene.now += 2min;
    CHECK_FALSE(scene.sessions.find(scene.now, limits, token, "192.0.2.1"));
}

TEST_CASE("who signs in too often signs out their own, others only when all places are taken") {
    Scene scene;
    const std::string bobs = scene.begin(bob);
    std::vector<std::string> anns;
    for (std::size_t i = 0; i < WebSessions::most_of_one; ++i) anns.push_back(scene.begin(ann));
    CHECK(scene.has(anns.front()));
    scene.now += 1s;
    CHECK(scene.has(bobs));  // asked for later than the first of ann's, which was asked for too
    anns.push_back(scene.begin(ann));
    CHECK_FALSE(scene.has(anns[1]));
    CHECK(scene.has(bobs));
    scene.begin(bob);
    CHECK(scene.sessions.size() == limits.most);
    scene.begin(bob);
    CHECK(scene.sessions.size() == limits.most);
    CHECK_FALSE(scene.has(anns[2]));  // the longest idle of who has most
    CHECK(scene.has(bobs));
}

TEST_CASE("signing out ends one; a new password all others") {
    Scene scene;
    const std::string first = scene.begin(ann), second = scene.begin(ann), bobs = scene.begin(bob);
    scene.sessions.end_others(ann, second);
    CHECK_FALSE(scene.has(first));
    CHECK(scene.has(second));
    CHECK(scene.has(bobs));
    scene.sessions.end(second);
    CHECK_FALSE(scene.has(second));
}

TEST_CASE("a form is carried out once") {
    Scene scene;
    WebSession& session = *scene.sessions.find(scene.now, limits, scene.begin(ann));
    CHECK(session.take_form("1"));
    CHECK_FALSE(session.take_form("1"));
    CHECK(session.take_form("2"));
    CHECK_FALSE(session.take_form("2"));
}
