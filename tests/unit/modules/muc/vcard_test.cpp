// The vCard of a room and its picture (XEP-0054, XEP-0486).
#include "modules/muc/records.h"
#include "modules/muc/room_vcard.h"
#include "tests/unit/modules/muc/room_scene.h"

namespace clarion::muc {
namespace {

// "rose" and "dagger"
constexpr std::string_view rose = "cm9zZQ==";
constexpr std::string_view rose_hash = "7b7074fca36fc89fb3f1e3c46d74f6ffe2477a09";

std::string photo(std::string_view base64) {
    return "<PHOTO><TYPE>image/png</TYPE><BINVAL>" + std::string(base64) + "</BINVAL></PHOTO>";
}

std::string set_vcard(Scene& scene, Client& who, std::string_view within) {
    return scene.ask(who, "set", "<vCard xmlns='vcard-temp'>" + std::string(within) + "</vCard>");
}

std::string picture_in(const xml::Element& stanza) {
    const auto* x = stanza.child(ns::vcard_update, "x");
    return x ? "picture " + std::string(x->child_text(ns::vcard_update, "photo")) : "?";
}

/// "room 104" and "picture HASH".
std::string told(Client& who) {
    std::string all;
    while (who.pending() > 0) {
        const auto next = who.pop();
        const bool of_room = next.root().attr("from") == room_jid;
        const bool shows = of_room && next.root().name() == "presence";
        all += (shows ? picture_in(next.root()) : describe(next.root())) + "\n";
    }
    return all;
}

std::string hash_in_discovery(Scene& scene, Client& who) {
    const auto info =
        scene.request(who, "get", "<query xmlns='http://jabber.org/protocol/disco#info'/>");
    const auto form =
        DataForm::find_in(*info.root().child(ns::disco_info, "query"), ns::muc_roominfo);
    REQUIRE(form);
    std::string all;
    if (const auto* field = form->field("muc#roominfo_avatarhash"))
        for (const std::string& value : field->values) all += value + " ";
    return all;
}

TEST_CASE_FIXTURE(Scene, "owners give a room a picture, and who is there is told") {
    open();
    CHECK(set_vcard(*this, *juliet, photo(rose)) == "forbidden");
    CHECK(hash_in_discovery(*this, *juliet) == "");
    forget();
    CHECK(set_vcard(*this, *romeo, photo(rose)) == "");
    const std::string hash(rose_hash);
    CHECK(told(*juliet) == "room 104\npicture " + hash + "\n");
    CHECK(hash_in_discovery(*this, *tybalt) == hash + " ");
    // The same picture with another name is no news of the picture.
    CHECK(set_vcard(*this, *romeo, "<FN>Verona</FN>" + photo("cm9z\nZQ==")) == "");
    CHECK(told(*juliet) == "room 104\n");
    CHECK(set_vcard(*this, *romeo, {}) == "");
    CHECK(told(*juliet) == "room 104\npicture \n");
    CHECK(hash_in_discovery(*this, *tybalt) == "");
}

TEST_CASE_FIXTURE(Scene, "who enters is told of the picture before all else") {
    open();
    REQUIRE(set_vcard(*this, *romeo, photo(rose) + photo("ZGFnZ2Vy")) == "");
    evict();
    enter(*tybalt, "Tybalt");
    CHECK(told(*tybalt).starts_with("picture " + std::string(rose_hash) + "\n+Juliet"));
    const std::string both = hash_in_discovery(*this, *tybalt);
    CHECK(both.size() == 82);
    CHECK(both.starts_with(rose_hash));
}

TEST_CASE_FIXTURE(Scene, "who may enter reads the vCard, also after a restart") {
    open({"persistentroom=1"});
    const auto read = [&](Client& who) {
        const auto answer = request(who, "get", "<vCard xmlns='vcard-temp'/>");
        if (answer.root().attr("type") == "error") return "!" + condition_of(answer.root());
        const auto* vcard = answer.root().child(ns::vcard, "vCard");
        REQUIRE(vcard);
        return std::string(vcard->child_text(ns::vcard, "FN"));
    };
    CHECK(read(*tybalt) == "");
    REQUIRE(set_vcard(*this, *romeo, "<FN>Verona</FN>" + photo(rose)) == "");
    CHECK(read(*tybalt) == "Verona");
    world.crash_and_restart();
    log_in();
    CHECK(read(*tybalt) == "Verona");
    enter(*romeo, "Romeo");
    CHECK(configure(*romeo, {"membersonly=1"}) == "");
    CHECK(read(*tybalt) == "!forbidden");
    CHECK(read(*romeo) == "Verona");
}

TEST_CASE_FIXTURE(Scene, "a vCard of a room is bounded, and its pictures are pictures") {
    Scene small("lock_new_rooms = false\nmax_vcard_bytes = 300\n");
    small.open();
    CHECK(set_vcard(small, *small.romeo, photo(std::string(400, 'A'))) == "policy-violation");
    CHECK(set_vcard(small, *small.romeo, photo("not base64")) == "bad-request");
    CHECK(set_vcard(small, *small.romeo, photo("cm9zZQ")) == "bad-request");
    CHECK(small.seen(*small.juliet) == "");
    CHECK(set_vcard(small, *small.romeo,
                    "<PHOTO><EXTVAL>https://example.org/a.png</EXTVAL></PHOTO>") == "");
    CHECK(hash_in_discovery(small, *small.romeo) == "");
}

TEST_CASE("a vCard of a room as it is kept") {
    CHECK(encode_vcard("<v/>") == std::string("\x01\x04<v/>"));
    CHECK(*decode_vcard(encode_vcard("<v/>")) == "<v/>");
    CHECK_FALSE(decode_vcard("\x01\x05<v/>").ok());
    const std::vector<std::string> hashes{"aa", "bb"};
    CHECK(encode_pictures(hashes) == std::string("\x01\x02\x02"
                                                 "aa"
                                                 "\x02"
                                                 "bb"));
    CHECK(*decode_pictures(encode_pictures(hashes)) == hashes);
    CHECK(check_record("v", "\x01\x04<v/>").ok());
    CHECK_FALSE(check_record("v", "nonsense").ok());
    CHECK_FALSE(check_record("p", "nonsense").ok());
}

}  // namespace
}  // namespace clarion::muc
