#include "modules/vcard/vcard.h"

#include <doctest/doctest.h>

#include <string>

#include "base/text.h"
#include "modules/blocking/blocking.h"
#include "modules/roster.h"
#include "modules/vcard/photo.h"
#include "modules/vcard/vcard_codec.h"
#include "proto/crypto.h"
#include "proto/ns.h"
#include "proto/xml_writer.h"
#include "tests/support/world.h"

namespace clarion::vcard {
namespace {

using test::Client;
using test::World;

constexpr auto romeo_jid = "romeo@example.org";
constexpr auto juliet_jid = "juliet@example.net";

std::string photo(std::string_view image) {
    return "<PHOTO><TYPE>image/png</TYPE><BINVAL>" + base64_encode(image) + "</BINVAL></PHOTO>";
}
std::string hash(std::string_view image) { return hex_encode(crypto::sha1(image)); }

std::string iq(std::string_view type, std::string_view inside, std::string_view to = {}) {
    std::string text = "<iq type='" + std::string(type) + "' id='v'";
    if (!to.empty()) text += " to='" + std::string(to) + "'";
    return text + "><vCard xmlns='vcard-temp'>" + std::string(inside) + "</vCard></iq>";
}

/// The vCard of an answer; of an error its condition; "" if there is nothing.
std::string outcome(const xml::Element& answer) {
    if (answer.attr("type") == "error") return std::string(name(read_error(answer).condition));
    const xml::Element* found = answer.child(ns::vcard, "vCard");
    return found ? xml::to_string(*found) : "";
}

/// What presence says of a photo: its text, "none" without <photo/>, "-" without <x/>.
std::string photo_in(const xml::Element& presence) {
    CHECK(presence.name() == "presence");
    const xml::Element* update = presence.child(ns::vcard_update, "x");
    if (!update) return "-";
    const xml::Element* said = update->child(ns::vcard_update, "photo");
    return said ? std::string(said->text()) : "none";
}

struct Verona {
    World world{
        {.modules = {{.name = "roster",
                      .install = roster::install,
                      .declare_options = roster::declare_options},
                     {.name = "blocking",
                      .install = blocking::install,
                      .declare_options = blocking::declare_options},
                     {.name = "vcard", .install = install, .declare_options = declare_options}},
         .config = "[vcard]\nmax_size = 1024\nmax_fields = 10\n"}};
    Client* romeo = nullptr;
    Client* juliet = nullptr;

    Verona() {
        world.add_account(romeo_jid);
        world.add_account(juliet_jid);
        world.befriend(romeo_jid, juliet_jid);
        world.befriend(juliet_jid, romeo_jid);
        romeo = &world.log_in("romeo@example.org/orchard");
        juliet = &world.log_in("juliet@example.net/balcony");
        romeo->drop_all();
    }
    std::string set(std::string_view inside) {
        return outcome(romeo->ask(iq("set", inside)).root());
    }
    std::string get() { return outcome(romeo->ask(iq("get", "")).root()); }
    std::string seen(Client& client) { return photo_in(client.pop("presence").root()); }
};

// ---- vCards ------------------------------------------------------------------------------------

TEST_CASE_FIXTURE(Verona, "a vCard is given back as it was set, and its owner may remove it") {
    CHECK(get() == "item-not-found");
    CHECK(set("<FN>Romeo</FN><DESC>a &lt; b</DESC>") == "");
    const std::string whole =
        "<vCard xmlns='vcard-temp'><FN>Romeo</FN><DESC>a &lt; b</DESC></vCard>";
    CHECK(get() == whole);
    CHECK(outcome(juliet->ask(iq("get", "", romeo_jid)).root()) == whole);
    CHECK(set("<FN>Montague</FN>") == "");
    CHECK(get() == "<vCard xmlns='vcard-temp'><FN>Montague</FN></vCard>");
    CHECK(set("") == "");
    CHECK(get() == "item-not-found");
}

TEST_CASE_FIXTURE(Verona, "anybody may read it, whether its owner is there or not") {
    CHECK(set("<FN>Romeo</FN>") == "");
    const std::string whole = "<vCard xmlns='vcard-temp'><FN>Romeo</FN></vCard>";
    world.crash_and_restart();
    world.arrive(
        "<iq type='get' id='v' from='tybalt@example.com/square' to='romeo@example.org'>"
        "<vCard xmlns='vcard-temp'/></iq>");
    const StanzaPtr answer = world.remote().pop();
    REQUIRE(answer);
    CHECK(xml::to_string(answer->root()).find(whole) != std::string::npos);
}

TEST_CASE_FIXTURE(Verona, "to others no vCard and no account are the same") {
    const auto refusal = [&](std::string_view type, std::string_view to) {
        return xml::to_string(juliet->ask(iq(type, "", to)).root());
    };
    std::string without_vcard = refusal("get", romeo_jid);
    CHECK(without_vcard.find("service-unavailable") != std::string::npos);
    without_vcard.replace(without_vcard.find(romeo_jid), 5, "nobod");
    CHECK(without_vcard == refusal("get", "nobod@example.org"));
    std::string set_to_account = refusal("set", romeo_jid);
    CHECK(set_to_account.find("forbidden") != std::string::npos);
    set_to_account.replace(set_to_account.find(romeo_jid), 5, "nobod");
    CHECK(set_to_account == refusal("set", "nobod@example.org"));
}

TEST_CASE_FIXTURE(Verona, "its size is limited") {
    CHECK(set("<FN>Romeo</FN>") == "");
    CHECK(set("<FN>" + std::string(1024, 'a') + "</FN>") == "policy-violation");
    const std::string ten = "<a/><a/><a/><a/><a/><a/><a/><a/><a/><a/>";
    CHECK(set(ten + "<a/>") == "policy-violation");
    CHECK(get() == "<vCard xmlns='vcard-temp'><FN>Romeo</FN></vCard>");
}

TEST_CASE_FIXTURE(Verona, "a set is answered when it is committed, and what comes behind sees it") {
    world.storage().hold_commits();
    romeo->send_soon(iq("set", "<FN>Romeo</FN>"));
    romeo->send_soon(iq("get", ""));
    world.run_shards();
    CHECK(romeo->pop("iq").root().name() == "nothing");
    world.storage().release_commits();
    world.settle();
    CHECK(outcome(romeo->pop("iq").root()) == "");
    CHECK(outcome(romeo->pop("iq").root()) == "<vCard xmlns='vcard-temp'><FN>Romeo</FN></vCard>");
}

TEST_CASE_FIXTURE(Verona, "what could not be kept is not shown") {
    CHECK(set(photo("image")) == "");
    juliet->drop_all();
    world.storage().fail_next_batches(1, fail(error_code::resource_constraint, "no room"));
    CHECK(set(photo("another")) == "resource-constraint");
    CHECK(juliet->pending() == 0);
    romeo->send("<presence/>");
    CHECK(seen(*juliet) == hash("image"));
    CHECK(get() == "<vCard xmlns='vcard-temp'>" + photo("image") + "</vCard>");
}

TEST_CASE_FIXTURE(Verona, "who is blocked does not read it") {
    CHECK(set("<FN>Romeo</FN>") == "");
    romeo->ask(
        "<iq type='set' id='b'><block xmlns='urn:xmpp:blocking'>"
        "<item jid='juliet@example.net'/></block></iq>");
    CHECK(outcome(juliet->ask(iq("get", "", romeo_jid)).root()) == "service-unavailable");
}

// ---- The photo in presence ---------------------------------------------------------------------

TEST_CASE_FIXTURE(Verona, "presence of an account without a vCard stays as it is") {
    romeo->send("<presence><x xmlns='vcard-temp:x:update'/></presence>");
    CHECK(seen(*juliet) == "none");
    romeo->send("<presence/>");
    CHECK(seen(*juliet) == "-");
}

TEST_CASE_FIXTURE(Verona, "a new photo is shown to all who see the account's presence") {
    Client& phone = world.log_in("romeo@example.org/phone");
    romeo->send("<presence to='room@rooms.example.com/Romeo'/>");
    romeo->drop_all();
    juliet->drop_all();
    world.remote().drop_all();
    CHECK(set(photo("image")) == "");
    for (Client* client : {romeo, juliet, &phone}) {  // of both sessions
        CHECK(seen(*client) == hash("image"));
        CHECK(seen(*client) == hash("image"));
        CHECK(client->pending() == 0);
    }
    CHECK(world.remote().pending() == 0);
    CHECK(set("<FN>Romeo</FN>" + photo("image")) == "");  // the same photo
    CHECK(juliet->pending() == 0);
    CHECK(set("<FN>Romeo</FN>") == "");
    CHECK(seen(*juliet) == "");
    CHECK(seen(*juliet) == "");
}

TEST_CASE_FIXTURE(Verona, "all presence that is shown has the photo, and what is kept has not") {
    CHECK(set(photo("image")) == "");
    juliet->drop_all();
    romeo->drop_all();
    const std::string wanted = hash("image");

    romeo->send("<presence><show>away</show></presence>");
    CHECK(seen(*juliet) == wanted);
    CHECK(seen(*romeo) == wanted);
    CHECK(photo_in(romeo->session().presence()->root()) == "-");

    romeo->send("<presence to='room@rooms.example.com/Romeo'/>");
    CHECK(photo_in(world.remote().pop()->root()) == wanted);

    juliet->send("<presence type='probe' to='romeo@example.org'/>");
    CHECK(seen(*juliet) == wanted);

    Client& phone = world.log_in("romeo@example.org/phone");  // forgets what it was shown
    romeo->drop_all();
    phone.send("<presence type='unavailable'/>");
    phone.drop_all();
    phone.send("<presence/>");
    CHECK(seen(phone) == wanted);
    CHECK(seen(phone) == wanted);  // the other session's

    romeo->send("<presence type='unavailable'/>");
    juliet->pop("presence");
}

TEST_CASE_FIXTURE(Verona, "goodbyes have no photo") {
    CHECK(set(photo("image")) == "");
    juliet->drop_all();
    romeo->send("<presence type='unavailable'/>");
    CHECK(seen(*juliet) == "-");
    romeo->send("<presence to='room@rooms.example.com/Romeo'/>");
    CHECK(photo_in(world.remote().pop()->root()) == hash("image"));
    romeo->send("<presence to='room@rooms.example.com/Romeo' type='unavailable'/>");
    CHECK(photo_in(world.remote().pop()->root()) == "-");
}

TEST_CASE_FIXTURE(Verona, "what a client says of its photo") {
    CHECK(set(photo("image")) == "");
    juliet->drop_all();
    const auto shown = [&](std::string_view said) {
        romeo->send("<presence>" + std::string(said) + "</presence>");
        return seen(*juliet);
    };
    CHECK(shown("<x xmlns='vcard-temp:x:update'/>") == hash("image"));
    CHECK(shown("<x xmlns='vcard-temp:x:update'><photo/></x>") == "");
    CHECK(shown("<x xmlns='vcard-temp:x:update'><photo> </photo></x>") == " ");
    CHECK(shown("<x xmlns='vcard-temp:x:update'><photo>0123</photo></x>") == hash("image"));
    // Nor is it overridden when the photo changes.
    romeo->send("<presence><x xmlns='vcard-temp:x:update'><photo/></x></presence>");
    juliet->drop_all();
    CHECK(set(photo("another")) == "");
    CHECK(seen(*juliet) == "");
}

TEST_CASE_FIXTURE(Verona, "the hash is there after a restart") {
    CHECK(set(photo("image")) == "");
    world.crash_and_restart();
    romeo = &world.log_in("romeo@example.org/orchard");
    romeo->send("<presence/>");
    CHECK(seen(*romeo) == hash("image"));
}

TEST_CASE("the hash of a photo is that of the image") {
    const auto hash_of = [](const std::string& inside) {
        const auto found = read_photo(
            xml::parse_element("<vCard xmlns='vcard-temp'>" + inside + "</vCard>").root());
        return found ? hash_text(*found) : "";
    };
    CHECK(hash_of(photo("image")) == hash("image"));
    CHECK(hash_of("<PHOTO><BINVAL>\n  aW1h\r\n\tZ2U=  </BINVAL></PHOTO>") == hash("image"));
    CHECK(hash_of("<FN>Romeo</FN>") == "");
    CHECK(hash_of("<PHOTO/>") == "");
    CHECK(hash_of("<PHOTO><EXTVAL>http://example.org/a.png</EXTVAL></PHOTO>") == "");
    CHECK(hash_of("<PHOTO><BINVAL/></PHOTO>") == "");
    CHECK(hash_of("<PHOTO><BINVAL>no base64!</BINVAL></PHOTO>") == "");
    CHECK(hash_of("<PHOTO xmlns='urn:x'><BINVAL>aW1hZ2U=</BINVAL></PHOTO>") == "");
}

TEST_CASE("entries") {
    using storage::DataKind;
    const std::string image = crypto::sha1("image");
    const StoredVcard vcard{.xml = "<a/>", .from_node = {0, 300}};
    CHECK(encode_vcard(vcard) == std::string("\x02\x04<a/>\x02\x00\xac\x02", 10));
    CHECK(decode_vcard(encode_vcard(vcard)).value() == vcard);
    CHECK_FALSE(decode_vcard("\x03\x04<a/>").ok());
    const Standing standing{.photo = image,
                            .audience = Audience::contacts,
                            .in_presence = true,
                            .photo_in_node = true,
                            .fields_in_node = false,
                            .avatar_owed = true,
                            .vcard4_owed = false,
                            .seen_avatar = {},
                            .seen_vcard4 = image};
    const std::string bytes =
        "\x02\x14" + image + std::string("\x01\x01\x01\x00\x01\x00\x00\x14", 8);
    CHECK(encode_standing(standing) == bytes + image);
    CHECK(decode_standing(encode_standing(standing)).value() == standing);
    CHECK_FALSE(decode_standing(encode_standing({.photo = "abc"})).ok());
    CHECK(check_entry(DataKind::resident, "photo", encode_standing(standing)).ok());
    CHECK_FALSE(check_entry(DataKind::stored, "photo", encode_standing(standing)).ok());
    CHECK(check_entry(DataKind::stored, "vcard", encode_vcard(vcard)).ok());
    CHECK_FALSE(check_entry(DataKind::resident, "vcard", encode_vcard(vcard)).ok());
}

TEST_CASE("entries of the first version") {
    const std::string image = crypto::sha1("image");
    CHECK(decode_vcard("\x01\x04<a/>").value() == StoredVcard{.xml = "<a/>"});
    CHECK(decode_standing("\x01\x14" + image).value() ==
          Standing{.photo = image, .in_presence = true, .avatar_owed = true, .vcard4_owed = true});
    CHECK(decode_standing(std::string("\x01\x00", 2)).value() ==
          Standing{.in_presence = true, .vcard4_owed = true});
}

}  // namespace
}  // namespace clarion::vcard
