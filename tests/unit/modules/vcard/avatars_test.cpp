// Avatars (XEP-0084) and the photos of vCards, which are the same (XEP-0398): to whom they are
// shown, in vCards and in presence.
#include "server/core/accounts/account_directory.h"
#include "server/runtime/shard.h"
#include "storage/record_codec.h"
#include "storage/storage.h"
#include "tests/unit/modules/vcard/profile_scene.h"

namespace clarion::vcard {
namespace {

const std::string none = "service-unavailable";

// ---- An avatar is a photo ----------------------------------------------------------------------

TEST_CASE_FIXTURE(Profile, "avatar: an open one is in the vCard for anybody, and in presence") {
    publish_avatar("image", "open");
    CHECK(seen(*juliet) == hash_of("image"));
    CHECK(seen(*romeo) == hash_of("image"));
    CHECK(juliet->pending() == 0);
    CHECK(tybalt->pending() == 0);
    for (Client* client : {romeo, juliet, tybalt})
        CHECK(vcard_for(*client) == photo_field("image"));
    CHECK(vcard_for_elsewhere() == photo_field("image"));
    CHECK(seen_in_room() == hash_of("image"));
    CHECK(seen_in_room("<x xmlns='vcard-temp:x:update'/>") == hash_of("image"));
    CHECK(seen_in_room("<x xmlns='vcard-temp:x:update'><photo/></x>") == "");
}

TEST_CASE_FIXTURE(Profile, "avatar: while its owner is away, and after a restart") {
    publish_avatar("image", "open");
    world.crash_and_restart();
    CHECK(vcard_for_elsewhere() == photo_field("image"));
    log_in();
    romeo->send("<presence><status>x</status></presence>");
    CHECK(seen(*juliet) == hash_of("image"));
}

TEST_CASE_FIXTURE(Profile, "avatar: contacts only (presence), which a room is not") {
    publish_avatar("image", "presence");
    CHECK(seen(*juliet) == hash_of("image"));
    CHECK(vcard_for(*juliet) == photo_field("image"));
    CHECK(vcard_for(*romeo) == photo_field("image"));
    CHECK(vcard_for(*tybalt) == none);
    CHECK(vcard_for_elsewhere() == none);
    CHECK(seen_in_room() == "");
    romeo->send("<presence to='juliet@example.net/balcony'/>");
    CHECK(seen(*juliet) == hash_of("image"));
    tybalt->drop_all();
    romeo->send("<presence to='tybalt@example.org/street'/>");
    CHECK(seen(*tybalt) == "");
}

TEST_CASE_FIXTURE(Profile, "avatar: of a whitelist nobody is told in presence") {
    publish_avatar("image", "whitelist");
    CHECK(seen(*juliet) == "");
    for (Client* client : {juliet, tybalt}) CHECK(vcard_for(*client) == none);
    CHECK(vcard_for(*romeo) == photo_field("image"));
    CHECK(seen_in_room() == "");
    const std::string said =
        "<x xmlns='vcard-temp:x:update'><photo>" + hash_of("image") + "</photo></x>";
    CHECK(seen_in_room(said) == "");
    for (const char* node : {data, metadata})
        CHECK(affiliate(*romeo, node, "juliet@example.net", "member") == "ok");
    CHECK(vcard_for(*juliet) == photo_field("image"));
    CHECK(vcard_for(*tybalt) == none);
}

TEST_CASE_FIXTURE(Profile, "avatar: both nodes must let it be read") {
    publish_avatar("image", "open");
    forget();
    CHECK(configure(*romeo, data, "access_model", "whitelist") == "ok");
    CHECK(seen(*juliet) == "");
    CHECK(vcard_for(*juliet) == none);
    CHECK(configure(*romeo, data, "access_model", "presence") == "ok");
    CHECK(seen(*juliet) == hash_of("image"));
    CHECK(vcard_for(*juliet) == photo_field("image"));
    CHECK(vcard_for(*tybalt) == none);
    CHECK(configure(*romeo, metadata, "access_model", "whitelist") == "ok");
    CHECK(seen(*juliet) == "");
    CHECK(vcard_for(*juliet) == none);
    CHECK(configure(*romeo, metadata, "access_model", "open") == "ok");
    CHECK(seen(*juliet) == hash_of("image"));
    CHECK(configure(*romeo, metadata, "title", "x") == "ok");
    CHECK(juliet->pending() == 0);
}

TEST_CASE_FIXTURE(Profile, "avatar: one that is gone is gone everywhere") {
    const auto published = [&] {
        publish_avatar("image", "open");
        CHECK(vcard_for(*tybalt) == photo_field("image"));
        forget();
    };
    const auto check_gone = [&] {
        CHECK(seen(*juliet) == "");
        CHECK(vcard_for(*tybalt) == none);
        forget();
    };
    published();
    CHECK(put(metadata, "", metadata_of("")) == "ok");
    check_gone();
    published();
    CHECK(outcome(set(*romeo, "<retract node='urn:xmpp:avatar:metadata'><item id='" +
                                  hash_of("image") + "'/></retract>")) == "ok");
    check_gone();
    published();
    CHECK(outcome(own(*romeo, "set", "<purge node='urn:xmpp:avatar:metadata'/>")) == "ok");
    check_gone();
    published();
    CHECK(outcome(own(*romeo, "set", "<purge node='urn:xmpp:avatar:data'/>")) == "ok");
    check_gone();
    published();
    CHECK(outcome(own(*romeo, "set", "<delete node='urn:xmpp:avatar:metadata'/>")) == "ok");
    check_gone();
}

TEST_CASE_FIXTURE(Profile, "avatar: what is not the image that it is said to be is none") {
    const std::string id = hash_of("image");
    const auto shown = [&](std::string_view payload, std::string_view infos) {
        CHECK(put(data, id, payload, "open") == "ok");
        CHECK(put(metadata, id, metadata_of(infos), "open") == "ok");
        const std::string vcard = vcard_for(*tybalt);
        CHECK((vcard == none) == (seen_in_room() == ""));
        return vcard;
    };
    CHECK(shown(data_of("another"), info(id)) == none);
    CHECK(shown("<data xmlns='urn:xmpp:avatar:data'>no base64!</data>", info(id)) == none);
    CHECK(shown("<data xmlns='urn:xmpp:avatar:data'/>", info(id)) == none);
    CHECK(shown("<data xmlns='urn:x'>" + base64_encode("image") + "</data>", info(id)) == none);
    CHECK(shown(data_of("image"), info("x")) == none);
    CHECK(shown(data_of("image"), info(id, "url='https://example.org/i.png'")) == none);
    CHECK(shown(data_of("image"), "<info id='" + id + "' bytes='99999'/>") == none);
    CHECK(shown(data_of("image"), "<pointer/>") == none);
    CHECK(shown(data_of("image"), info(hash_of("gif"), "url='https://example.org/i.gif'") +
                                      info(hash_of("webp")) + info(id)) == photo_field("image"));
    CHECK(shown("<data xmlns='urn:xmpp:avatar:data'>\n aW1h\n Z2U= </data>", info(id)) ==
          photo_field("image"));
    CHECK(shown(data_of("image"), "<info id='" + id + "'/>") == photo_field("image"));
    CHECK(shown(data_of("image"), "<info id='" + id + "' type='x'/>") == photo_field("image"));
}

TEST_CASE_FIXTURE(Profile, "avatar: its image may come after its metadata, and go before it") {
    const std::string id = hash_of("image");
    CHECK(put(metadata, id, metadata_of(info(id)), "open") == "ok");
    CHECK(vcard_for(*tybalt) == none);
    CHECK(seen(*juliet) == "");
    CHECK(put(data, id, data_of("image"), "open") == "ok");
    CHECK(vcard_for(*tybalt) == photo_field("image"));
    CHECK(seen(*juliet) == id);
    CHECK(put(data, id, data_of("another")) == "ok");
    CHECK(vcard_for(*tybalt) == none);
    CHECK(seen(*juliet) == "");
}

TEST_CASE_FIXTURE(Profile, "avatar: one that is too large for a vCard is in none") {
    const std::string image(4096, 'x');
    const std::string id = hash_of(image);
    CHECK(put(data, id, data_of(image), "open") == "ok");
    CHECK(put(metadata, id, metadata_of("<info id='" + id + "'/>"), "open") == "ok");
    CHECK(vcard_for(*romeo) == "item-not-found");
    CHECK(seen_in_room() == "");
}

TEST_CASE_FIXTURE(Profile, "avatar: a photo of a vCard from before is no more") {
    CHECK(set_vcard("<FN>Romeo</FN>" + photo_field("old")) == "ok");
    publish_avatar("new");
    CHECK(vcard_for(*tybalt) == "<FN>Romeo</FN>" + photo_field("new"));
    CHECK(configure(*romeo, data, "access_model", "whitelist") == "ok");
    CHECK(vcard_for(*tybalt) == "<FN>Romeo</FN>");
    CHECK(vcard_for(*romeo) == "<FN>Romeo</FN>" + photo_field("new"));
}

/// Counts how often images are read.
int reads_of_images = 0;

void install_counter(core::ModuleSetup& setup) {
    const auto& others = setup.state<core::OtherModules>(setup.other_modules());
    setup.serve_about(
        core::IqTarget::account, StanzaType::get, ns::pubsub, "pubsub",
        [](const xml::Element& pubsub) {
            const xml::Element* items = pubsub.child(ns::pubsub, "items");
            return items && items->attr("node") == ns::avatar_data;
        },
        [&others](core::IqRequest request) -> Task<core::IqAnswer> {
            ++reads_of_images;
            core::AccountPin pin(*request.account);
            co_return co_await others.ask(std::move(pin), request.stanza);
        },
        core::Relation::stranger);
}

struct Counted : Profile {
    Counted() : Profile({{.name = "counter", .install = install_counter}}) { reads_of_images = 0; }
};

TEST_CASE_FIXTURE(Counted, "avatar: its image is read when it changes, not for presence") {
    publish_avatar("image", "open");
    CHECK(reads_of_images == 1);
    for (int i = 0; i < 5; ++i) {
        romeo->send("<presence><status>" + std::to_string(i) + "</status></presence>");
        CHECK(seen_in_room() == hash_of("image"));
    }
    juliet->send("<presence type='probe' to='romeo@example.org'/>");
    CHECK(reads_of_images == 1);
    CHECK(vcard_for(*tybalt) == photo_field("image"));
    CHECK(reads_of_images == 2);
    world.crash_and_restart();
    log_in();
    CHECK(seen_in_room() == hash_of("image"));
    CHECK(reads_of_images == 2);
}

// ---- A photo is an avatar ----------------------------------------------------------------------

TEST_CASE_FIXTURE(Profile, "photo: it is published, for anybody, and told of") {
    pubsub::wishes()["juliet@example.net/balcony"] = {metadata};
    CHECK(set_vcard("<FN>Romeo</FN>" + photo_field("image")) == "ok");
    const std::string id = hash_of("image");
    for (Client* client : {romeo, tybalt}) {
        CHECK(held(*client, data) == id + ' ' + data_of("image"));
        CHECK(held(*client, metadata) ==
              id + " <metadata xmlns='urn:xmpp:avatar:metadata'><info bytes='5' id='" + id +
                  "' type='image/png'/></metadata>");
    }
    CHECK(vcard_for(*tybalt) == "<FN>Romeo</FN>" + photo_field("image"));
    std::size_t told = 0, shown = 0;
    while (juliet->pending() > 0) {
        const auto element = juliet->pop();
        told += element.root().name() == "message" ? 1 : 0;
        shown += element.root().name() == "presence" ? 1 : 0;
    }
    CHECK(told == 1);
    CHECK(shown == 1);
}

TEST_CASE_FIXTURE(Profile, "photo: the same again changes nothing") {
    CHECK(set_vcard(photo_field("image")) == "ok");
    pubsub::wishes()["juliet@example.net/balcony"] = {metadata};
    forget();
    CHECK(set_vcard("<MAILER>x</MAILER>" + photo_field("image")) == "ok");
    CHECK(juliet->pending() == 0);
}

TEST_CASE_FIXTURE(Profile, "photo: a node stays as closed as it is, and a vCard is public") {
    publish_avatar("old", "whitelist");
    CHECK(set_vcard(photo_field("image")) == "ok");
    CHECK(held(*romeo, data) == hash_of("image") + ' ' + data_of("image"));
    CHECK(held(*tybalt, data) == "item-not-found");
    CHECK(vcard_for(*tybalt) == photo_field("image"));
    CHECK(seen_in_room() == hash_of("image"));
    // Until a client publishes it, if it is the same image.
    publish_avatar("image");
    CHECK(vcard_for(*tybalt) == none);
    CHECK(seen_in_room() == "");
}

TEST_CASE_FIXTURE(Profile, "photo: who gives back what was closed does not open it") {
    publish_avatar("image", "whitelist");
    pubsub::wishes()["romeo@example.org/orchard"] = {metadata};
    const std::string vcard = vcard_for(*romeo);
    forget();
    CHECK(set_vcard("<FN>Romeo</FN>" + vcard) == "ok");
    CHECK(romeo->pop("message").root().name() == "nothing");
    CHECK(vcard_for(*tybalt) == "<FN>Romeo</FN>");
    CHECK(vcard_for(*romeo) == "<FN>Romeo</FN>" + vcard);
    CHECK(seen_in_room() == "");
}

TEST_CASE_FIXTURE(Profile, "photo: a vCard without it takes it away") {
    CHECK(set_vcard(photo_field("image")) == "ok");
    CHECK(set_vcard("<FN>Romeo</FN>") == "ok");
    CHECK(held(*romeo, metadata).ends_with("<metadata xmlns='urn:xmpp:avatar:metadata'/>"));
    CHECK(vcard_for(*tybalt) == "<FN>Romeo</FN>");
    CHECK(seen_in_room() == "");
}

TEST_CASE_FIXTURE(Profile, "photo: an avatar is taken away by who knew of it") {
    publish_avatar("image", "open");
    CHECK(set_vcard("<FN>Romeo</FN>") == "ok");
    CHECK(vcard_for(*tybalt) == "<FN>Romeo</FN>" + photo_field("image"));
    CHECK(vcard_for(*romeo) == "<FN>Romeo</FN>" + photo_field("image"));
    CHECK(set_vcard("<FN>Romeo</FN>") == "ok");
    CHECK(vcard_for(*tybalt) == "<FN>Romeo</FN>");
    CHECK(held(*tybalt, metadata).ends_with("<metadata xmlns='urn:xmpp:avatar:metadata'/>"));
    publish_avatar("another");
    CHECK(set_vcard("<PHOTO><BINVAL/></PHOTO>") == "ok");
    CHECK(vcard_for(*tybalt) == "<PHOTO><BINVAL/></PHOTO>");
    CHECK(seen_in_room() == "");
}

TEST_CASE_FIXTURE(Profile, "photo: what is no image is no avatar") {
    publish_avatar("image", "open");
    CHECK(set_vcard("<PHOTO><EXTVAL>https://example.org/i.png</EXTVAL></PHOTO>") == "ok");
    CHECK(vcard_for(*tybalt) == photo_field("image"));
    CHECK(set_vcard("<PHOTO><BINVAL>no base64!</BINVAL></PHOTO>") == "ok");
    CHECK(vcard_for(*tybalt) == photo_field("image"));
}

TEST_CASE_FIXTURE(Profile, "photo: of two that are written at once, all say the same in the end") {
    publish_avatar("old", "open");
    Client& phone = world.log_in("romeo@example.org/phone");
    CHECK(put(data, hash_of("new"), data_of("new")) == "ok");
    const std::string set_photo =
        "<iq type='set' id='v'><vCard xmlns='vcard-temp'>" + photo_field("image") + "</vCard></iq>";
    const std::string set_avatar =
        "<iq type='set' id='p'><pubsub xmlns='http://jabber.org/protocol/pubsub'>"
        "<publish node='urn:xmpp:avatar:metadata'><item id='" +
        hash_of("new") + "'>" + metadata_of(info(hash_of("new"))) +
        "</item></publish></pubsub></iq>";
    for (const bool photo_first : {true, false}) {
        if (photo_first) romeo->send_soon(set_photo);
        phone.send_soon(set_avatar);
        if (!photo_first) romeo->send_soon(set_photo);
        world.settle();
        const std::string there = held(*tybalt, metadata);
        const std::string id = there.substr(0, there.find(' '));
        CHECK(seen_in_room() == hash_of(id == hash_of("new") ? "new" : "image"));
        CHECK(vcard_for(*tybalt) == photo_field(id == hash_of("new") ? "new" : "image"));
        CHECK(put(data, hash_of("new"), data_of("new")) == "ok");
    }
}

// ---- Crashes -----------------------------------------------------------------------------------

TEST_CASE_FIXTURE(Profile, "crash: an avatar of which the server never learned") {
    publish_avatar("old", "open");
    CHECK(put(data, hash_of("new"), data_of("new")) == "ok");
    world.storage().hold_commits();
    romeo->send_soon(
        "<iq type='set' id='p'><pubsub xmlns='http://jabber.org/protocol/pubsub'>"
        "<publish node='urn:xmpp:avatar:metadata'><item id='" +
        hash_of("new") + "'>" + metadata_of(info(hash_of("new"))) +
        "</item></publish></pubsub></iq>");
    world.run_shards();
    world.crash_while_held();
    CHECK(vcard_for_elsewhere() == photo_field("new"));
    log_in();
    romeo->send("<presence><status>x</status></presence>");
    CHECK(seen(*juliet) == hash_of("new"));
}

TEST_CASE_FIXTURE(Profile, "crash: a photo that was still to be published is") {
    world.storage().hold_commits();
    romeo->send_soon("<iq type='set' id='v'><vCard xmlns='vcard-temp'><FN>Romeo</FN>" +
                     photo_field("image") + "</vCard></iq>");
    world.run_shards();
    world.crash_while_held();
    CHECK(vcard_for_elsewhere() == "<FN>Romeo</FN>" + photo_field("image"));
    log_in();
    CHECK(held(*tybalt, metadata).starts_with(hash_of("image")));
    CHECK(held(*tybalt, data).starts_with(hash_of("image")));
    CHECK(held(*tybalt, vcard4) ==
          "current <vcard xmlns='urn:ietf:params:xml:ns:vcard-4.0'><fn><text>Romeo</text></fn>"
          "</vcard>");
}

TEST_CASE_FIXTURE(Profile, "a vCard of before there was conversion is converted") {
    const std::string vcard =
        "<vCard xmlns='vcard-temp'><FN>Romeo</FN>" + photo_field("image") + "</vCard>";
    world.at("romeo@example.org", [&](core::Core& context) {
        const auto owner = context.accounts().find("romeo@example.org")->id();
        const auto put = [&](storage::DataKind kind, std::string_view key, std::string_view value) {
            context.storage().module_data().put(context.shard().batch(), {owner, "vcard", kind},
                                                key, storage::Encoder(1).string(value).take());
        };
        put(storage::DataKind::stored, "vcard", vcard);
        put(storage::DataKind::resident, "photo", crypto::sha1("image"));
    });
    world.crash_and_restart();
    log_in();
    CHECK(vcard_for(*tybalt) == "<FN>Romeo</FN>" + photo_field("image"));
    CHECK(held(*tybalt, data) == hash_of("image") + ' ' + data_of("image"));
    CHECK(held(*tybalt, vcard4).starts_with("current "));
    CHECK(seen_in_room() == hash_of("image"));
}

std::string features(const Profile& scene) {
    const auto answer =
        xml::to_string(scene.romeo
                           ->ask("<iq type='get' id='d' to='romeo@example.org'>"
                                 "<query xmlns='http://jabber.org/protocol/disco#info'/></iq>")
                           .root());
    std::string found;
    for (const char* feature :
         {"urn:xmpp:pep-vcard-conversion:0", "vcard-temp", "urn:ietf:params:xml:ns:vcard-4.0"})
        if (answer.find("<feature var='" + std::string(feature) + "'/>") != std::string::npos)
            found += std::string(feature) + ' ';
    return found;
}

TEST_CASE_FIXTURE(Profile, "an account says that it converts") {
    CHECK(features(*this) ==
          "urn:xmpp:pep-vcard-conversion:0 vcard-temp urn:ietf:params:xml:ns:vcard-4.0 ");
}

TEST_CASE("an account without nodes has nothing to convert") {
    const Profile scene({}, "[host.\"example.org\".modules]\ndisabled = [\"pubsub\"]\n");
    CHECK(features(scene) == "vcard-temp urn:ietf:params:xml:ns:vcard-4.0 ");
}

}  // namespace
}  // namespace clarion::vcard
