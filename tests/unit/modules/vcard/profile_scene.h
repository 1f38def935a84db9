// Romeo, Juliet (a contact) and Tybalt (a stranger), with vCards, avatars and vCard4: what each is
// shown of Romeo.
#pragma once

#include <doctest/doctest.h>

#include <string>
#include <utility>

#include "base/text.h"
#include "modules/vcard/vcard.h"
#include "proto/crypto.h"
#include "tests/unit/modules/pubsub/pubsub_scene.h"

namespace clarion::vcard {

using test::Client;
using test::World;

inline std::string hash_of(std::string_view image) { return hex_encode(crypto::sha1(image)); }
inline std::string photo_field(std::string_view image) {
    return "<PHOTO><TYPE>image/png</TYPE><BINVAL>" + base64_encode(image) + "</BINVAL></PHOTO>";
}

struct Profile : pubsub::Scene {
    static constexpr auto data = "urn:xmpp:avatar:data";
    static constexpr auto metadata = "urn:xmpp:avatar:metadata";
    static constexpr auto vcard4 = "urn:xmpp:vcard4";

    /// `more`: modules that are there as well.
    explicit Profile(std::vector<core::ModuleRow> more = {}, const std::string& config = "")
        : Scene("[vcard]\nmax_size = 4096\n" + config, with_vcard(std::move(more))) {}
    static std::vector<core::ModuleRow> with_vcard(std::vector<core::ModuleRow> more) {
        more.push_back({.name = "vcard", .install = install, .declare_options = declare_options});
        return more;
    }

    // ---- What Romeo does

    std::string set_vcard(std::string_view inside) {
        const auto answer = romeo->ask("<iq type='set' id='v'><vCard xmlns='vcard-temp'>" +
                                       std::string(inside) + "</vCard></iq>");
        return outcome(answer);
    }
    std::string put(std::string_view node, std::string_view id, std::string_view payload,
                    std::string_view access = {}) {
        const std::string item =
            "<item id='" + std::string(id) + "'>" + std::string(payload) + "</item>";
        return publish(*romeo, node, item, access.empty() ? "" : "access_model", access);
    }
    static std::string data_of(std::string_view image) {
        return "<data xmlns='urn:xmpp:avatar:data'>" + base64_encode(image) + "</data>";
    }
    static std::string info(std::string_view id, std::string_view more = "") {
        return "<info bytes='5' type='image/png' id='" + std::string(id) + "' " +
               std::string(more) + "/>";
    }
    static std::string metadata_of(std::string_view infos) {
        return "<metadata xmlns='urn:xmpp:avatar:metadata'>" + std::string(infos) + "</metadata>";
    }
    void publish_avatar(std::string_view image, std::string_view access = {}) {
        const std::string id = hash_of(image);
        CHECK(put(data, id, data_of(image), access) == "ok");
        CHECK(put(metadata, id, metadata_of(info(id)), access) == "ok");
    }
    std::string publish_vcard4(std::string_view inside, std::string_view access = {}) {
        return put(
            vcard4, "current",
            "<vcard xmlns='urn:ietf:params:xml:ns:vcard-4.0'>" + std::string(inside) + "</vcard>",
            access);
    }

    // ---- What others are shown

    /// What is in the vCard; or the error.
    static std::string inside(const xml::Element& answer) {
        if (answer.attr("type") == "error") return std::string(name(read_error(answer).condition));
        const xml::Element* found = answer.child(ns::vcard, "vCard");
        REQUIRE(found);
        std::string text;
        for (const xml::Element& field : found->children()) xml::write(text, field, ns::vcard);
        return text;
    }
    static std::string vcard_for(Client& client) {
        return inside(client
                          .ask("<iq type='get' id='v' to='romeo@example.org'>"
                               "<vCard xmlns='vcard-temp'/></iq>")
                          .root());
    }
    std::string vcard_for_elsewhere() {
        world.arrive(
            "<iq type='get' id='v' from='nurse@example.com/hall' to='romeo@example.org'>"
            "<vCard xmlns='vcard-temp'/></iq>");
        const StanzaPtr answer = world.remote().pop();
        REQUIRE(answer);
        return inside(xml::parse_element(xml::to_string(answer->root())).root());
    }
    static std::string photo_in(const xml::Element& presence) {
        CHECK(presence.name() == "presence");
        const xml::Element* update = presence.child(ns::vcard_update, "x");
        return update ? std::string(update->child_text(ns::vcard_update, "photo")) : "-";
    }
    /// The hash that a client is shown next.
    static std::string seen(Client& client) { return photo_in(client.pop("presence").root()); }
    /// The hash that a room is shown.
    std::string seen_in_room(std::string_view said = "") {
        world.remote().drop_all();
        romeo->send("<presence to='verona@rooms.example.com/Romeo'>" + std::string(said) +
                    "</presence>");
        const StanzaPtr presence = world.remote().pop();
        REQUIRE(presence);
        return photo_in(presence->root());
    }
    /// The newest item of a node, as the client may read it; or the error.
    static std::string held(Client& client, std::string_view node) {
        const auto answer = get(client, "<items node='" + std::string(node) + "' max_items='1'/>");
        if (answer.root().attr("type") != "result") return outcome(answer);
        const xml::Element& items =
            *answer.root().child(ns::pubsub, "pubsub")->child(ns::pubsub, "items");
        const xml::Element* item = items.first_child();
        if (!item) return "nothing";
        const xml::Element* payload = item->first_child();
        return std::string(item->attr("id")) + ' ' + (payload ? xml::to_string(*payload) : "");
    }
};

}  // namespace clarion::vcard
