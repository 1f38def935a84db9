// Who is in a room, by user (modules/muc/occupants.h).
#include "modules/muc/occupants.h"

#include <doctest/doctest.h>

#include <random>
#include <set>

namespace clarion::muc {
namespace {

std::set<std::string> nicks_of(const Occupants& occupants, std::string_view user) {
    std::set<std::string> nicks;
    for (const Occupant* each : occupants.of(user)) nicks.emplace(each->nick());
    return nicks;
}

Jid address(const std::string& nick) { return Jid::trusted("verona@rooms.example.org/" + nick); }

TEST_CASE("the occupants of a user, whoever comes and goes") {
    Occupants occupants;
    std::map<std::string, std::set<std::string>> expected;
    std::mt19937 random(7);
    for (int i = 0; i < 5000; ++i) {
        const std::string user = "u" + std::to_string(random() % 20) + "@example.org";
        const std::string nick = "n" + std::to_string(random() % 60);
        if (Occupant* const there = occupants.by_nick(nick)) {
            const std::string other = nick + "x";
            const bool renames = random() % 4 == 0 && !occupants.by_nick(other);
            expected[there->user].erase(nick);
            if (renames) {
                expected[there->user].insert(other);
                occupants.rename(*there, address(other));
            } else {
                (void)occupants.remove(*there);
            }
        } else {
            occupants.add({.address = address(nick), .user = user});
            expected[user].insert(nick);
        }
        CHECK(nicks_of(occupants, user) == expected[user]);
        CHECK(occupants.has(user) == !expected[user].empty());
    }
    for (const auto& [user, nicks] : expected) CHECK(nicks_of(occupants, user) == nicks);
    CHECK_FALSE(occupants.has("nobody@example.org"));
}

}  // namespace
}  // namespace clarion::muc
