// Invitations that a room passed on, and declining them (XEP-0045, 7.8.2).
#include "modules/muc/passed_invitations.h"

#include "tests/unit/modules/muc/room_scene.h"

namespace clarion::muc {
namespace {

using namespace std::chrono_literals;

constexpr WallTime then = WallTime(1000000s);
constexpr std::size_t most = 20;

PassedInvitation invitation(std::string inviter, std::string invitee, WallTime time = then) {
    std::string told = inviter;
    return {std::move(inviter), std::move(told), std::move(invitee), time};
}

TEST_CASE("an invitation is declined once, and towards whom it came from") {
    PassedInvitations passed;
    passed.add({"juliet@example.net", "verona@rooms.example.org/Juliet", "nurse@example.net", then},
               most);
    passed.add(invitation("romeo@example.org", "nurse@example.net"), most);
    const Jid juliet = Jid::trusted("verona@rooms.example.org/Juliet");
    CHECK_FALSE(passed.take("tybalt@example.org", juliet, then));
    CHECK_FALSE(passed.take("nurse@example.net", Jid::trusted("juliet@example.net"), then));
    CHECK(passed.take("nurse@example.net", juliet, then) == "juliet@example.net");
    CHECK_FALSE(passed.take("nurse@example.net", juliet, then));
    // Clients answer to one session of who invited them.
    CHECK(passed.take("nurse@example.net", Jid::trusted("romeo@example.org/orchard"), then) ==
          "romeo@example.org");
    CHECK(passed.empty());
}

TEST_CASE(
    "who declines towards the room itself declines the newest of its occupants' invitations") {
    PassedInvitations passed;
    for (const char* name : {"juliet", "romeo"})
        passed.add({std::string(name) + "@example.net",
                    "verona@rooms.example.org/" + std::string(name), "nurse@example.net", then},
                   most);
    const Jid room = Jid::trusted("verona@rooms.example.org");
    CHECK(passed.take("nurse@example.net", room, then) == "romeo@example.net");
    CHECK(passed.take("nurse@example.net", room, then) == "juliet@example.net");
    CHECK_FALSE(passed.take("nurse@example.net", room, then));
}

TEST_CASE("invitations are forgotten in time, and when they are too many") {
    PassedInvitations passed;
    const Jid romeo = Jid::trusted("romeo@example.org");
    passed.add(invitation("romeo@example.org", "nurse@example.net"), most);
    CHECK_FALSE(PassedInvitations(passed).take("nurse@example.net", romeo,
                                               then + PassedInvitations::lifetime + 1s));
    for (std::size_t i = 0; i < most; ++i)
        passed.add(invitation("romeo@example.org", std::to_string(i) + "@example.net"), most);
    CHECK_FALSE(passed.take("nurse@example.net", romeo, then));
    CHECK(passed.take("0@example.net", romeo, then));
    // The same once more takes no place from others.
    for (std::size_t i = 0; i < most; ++i)
        passed.add(invitation("romeo@example.org", "9@example.net"), most);
    CHECK(passed.take("1@example.net", romeo, then));
    passed.add(invitation("romeo@example.org", "x@example.net"), 2);  // the option was changed
    CHECK(passed.take("9@example.net", romeo, then));
    CHECK_FALSE(passed.take("2@example.net", romeo, then));
    passed.add(invitation("romeo@example.org", "x@example.net", then + 8 * 24h), most);
    CHECK_FALSE(passed.take("9@example.net", romeo, then));
    passed.add(invitation("romeo@example.org", "y@example.net", then + 8 * 24h), 0);
    CHECK(passed.empty());
}

TEST_CASE("invitations as they are kept") {
    PassedInvitations passed;
    passed.add({"a@b", "r@s/A", "c@d", WallTime(5us)}, most);
    const std::string bytes = passed.encode();
    CHECK(bytes == std::string_view("\x01\x01\x03"
                                    "a@b\x05r@s/A\x03"
                                    "c@d\x00\x00\x00\x00\x00\x00\x00\x05",
                                    24));
    CHECK(*PassedInvitations::decode(bytes) == passed);
    for (std::size_t size = 0; size < bytes.size(); ++size)
        CHECK_FALSE(PassedInvitations::decode(std::string_view(bytes).substr(0, size)).ok());
    CHECK_FALSE(PassedInvitations::decode(bytes + "x").ok());
}

void invite(Client& who, std::string_view jid) {
    who.send("<message id='i' to='" + std::string(room_jid) +
             "'><x xmlns='http://jabber.org/protocol/muc#user'><invite to='" + std::string(jid) +
             "'/></x></message>");
}

void decline(Client& who, std::string_view to) {
    who.send("<message id='d' to='" + std::string(room_jid) +
             "'><x xmlns='http://jabber.org/protocol/muc#user'><decline to='" + std::string(to) +
             "'/></x></message>");
}

constexpr std::string_view juliet_there = "verona@rooms.example.org/Juliet";

TEST_CASE_FIXTURE(Scene, "nobody declines what nobody offered") {
    open();
    decline(*tybalt, juliet_there);
    CHECK(seen(*tybalt) == "!forbidden\n");
    invite(*juliet, "tybalt@example.org");
    const auto invited = tybalt->pop();
    CHECK(invited.root().attr("id") == "i");
    decline(*nurse, juliet_there);
    CHECK(seen(*nurse) == "!forbidden\n");
    decline(*tybalt, "verona@rooms.example.org/Romeo");
    CHECK(seen(*tybalt) == "!forbidden\n");
    CHECK(seen(*juliet) == "");
    // She may have another nickname since, and the room have been put away.
    send_presence(*juliet, "Capulet");
    evict();
    forget();
    decline(*tybalt, juliet_there);
    const auto declined = juliet->pop();
    CHECK(describe(declined.root()) == "declined by tybalt@example.org");
    CHECK(declined.root().attr("id") == "d");
    CHECK(seen(*romeo) == "");
    decline(*tybalt, juliet_there);
    CHECK(seen(*tybalt) == "!forbidden\n");
}

TEST_CASE_FIXTURE(Scene, "who invited may have left before it is declined") {
    open();
    invite(*juliet, "tybalt@example.org");
    leave(*juliet, "Juliet");
    forget();
    decline(*tybalt, juliet_there);
    CHECK(seen(*tybalt) == "!item-not-found\n");
    CHECK(seen(*juliet) == "");
}

TEST_CASE_FIXTURE(Scene, "an invitation that was refused cannot be declined") {
    open({"allowinvites=0"});
    invite(*juliet, "tybalt@example.org");
    CHECK(seen(*juliet) == "!forbidden\n");
    decline(*tybalt, juliet_there);
    CHECK(seen(*tybalt) == "!forbidden\n");
}

}  // namespace
}  // namespace clarion::muc
