// What who enters is told of all others: made once, shared, right, and forgotten in time
// (modules/muc/announce.h, Room::forget_shown).
#include "modules/muc/services.h"
#include "server/core/context.h"
#include "server/runtime/event_bus.h"
#include "tests/unit/modules/muc/room_scene.h"

namespace clarion::muc {
namespace {

using namespace std::chrono_literals;

/// What is kept of an occupant: the content that all copies share.
struct Kept {
    const xml::Element* with_jids = nullptr;
    const xml::Element* without = nullptr;
    bool operator==(const Kept&) const = default;
};

const xml::Element* content_of(const SaidToMany& said) {
    return said ? said.to({})->payload() : nullptr;
}

Kept kept_of(Scene& scene, std::string_view nick) {
    Kept kept;
    scene.world.at(room_jid, [&](core::Core& core) {
        RoomsSought sought{"rooms.example.org"};
        core.bus().fire(sought);
        Room* const room = sought.found->find(room_jid);
        REQUIRE(room);
        const ShownPresence& shown = room->occupants().by_nick(nick)->shown;
        kept = {content_of(shown.with_jids), content_of(shown.without)};
    });
    return kept;
}

std::string told(Scene& scene, Client& who, std::string_view nick) {
    who.drop_all();
    scene.enter(who, nick);
    std::string all;
    while (who.pending() > 0) {
        const auto next = who.pop();
        if (next.root().name() == "presence") all += describe(next.root()) + "\n";
    }
    return all;
}

TEST_CASE_FIXTURE(Scene, "a presence is made once for all who enter and may see the same") {
    open();
    CHECK(told(*this, *tybalt, "Tybalt")
              .starts_with("+Juliet none/participant\n+Romeo owner/moderator\n+Tybalt "));
    const Kept first = kept_of(*this, "Romeo");
    CHECK(first.without);
    CHECK_FALSE(first.with_jids);
    told(*this, *nurse, "Nurse");
    CHECK(kept_of(*this, "Romeo") == first);
    CHECK(affiliate(*romeo, "nurse@example.net", "admin") == "");
    leave(*nurse, "Nurse");
    CHECK(told(*this, *nurse, "Nurse")
              .starts_with("+Juliet none/participant (juliet@example.net/balcony)\n"
                           "+Romeo owner/moderator (romeo@example.org/orchard)\n"));
    CHECK(kept_of(*this, "Romeo").without == first.without);
    CHECK(kept_of(*this, "Romeo").with_jids);
}

TEST_CASE_FIXTURE(Scene, "who enters is told what is so now, whatever was told before") {
    open();
    told(*this, *tybalt, "Tybalt");
    const auto juliet_now = [&] {
        const std::string all = told(*this, *nurse, "Nurse");
        leave(*nurse, "Nurse");
        return all.substr(0, all.find('\n'));
    };
    CHECK(juliet_now() == "+Juliet none/participant");
    CHECK(set_role(*romeo, "Juliet", "visitor") == "");
    CHECK(juliet_now() == "+Juliet none/visitor");
    CHECK(affiliate(*romeo, "juliet@example.net", "member") == "");
    CHECK(juliet_now() == "+Juliet member/participant");
    enter(*juliet, "Capulet");
    CHECK(juliet_now() == "+Capulet member/participant");
    CHECK(configure(*romeo, {"whois=anyone"}) == "");
    CHECK(juliet_now() == "+Capulet member/participant (juliet@example.net/balcony)");
    Client& second = world.log_in("juliet@example.net/garden");
    enter(second, "Capulet");
    CHECK(juliet_now() ==
          "+Capulet member/participant (juliet@example.net/balcony) (juliet@example.net/garden)");
    leave(second, "Capulet");
    CHECK(juliet_now() == "+Capulet member/participant (juliet@example.net/balcony)");
    send_presence(*juliet, "Capulet", "<show>away</show>");
    nurse->drop_all();
    enter(*nurse, "Nurse");
    CHECK(nurse->pop("presence").root().child_text(ns::client, "show") == "away");
}

TEST_CASE_FIXTURE(Scene, "when nobody enters any more, nothing is kept for who might") {
    open();
    told(*this, *tybalt, "Tybalt");
    CHECK(kept_of(*this, "Romeo").without);
    say(*romeo, "But soft!");
    CHECK(kept_of(*this, "Romeo").without);
    world.advance(61s);
    say(*romeo, "But soft!");
    CHECK(kept_of(*this, "Romeo") == Kept{});
    CHECK(kept_of(*this, "Juliet") == Kept{});
}

}  // namespace
}  // namespace clarion::muc
