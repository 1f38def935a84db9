// Romeo's clients of three ages, who keep the same bookmarks; Juliet, a contact; Tybalt, a stranger.
#pragma once

#include <doctest/doctest.h>

#include <string>

#include "modules/bookmarks/bookmarks.h"
#include "modules/private_xml/private_xml.h"
#include "proto/pubsub_client.h"
#include "tests/unit/modules/pubsub/pubsub_scene.h"

namespace clarion::bookmarks {

using test::Client;
using test::World;

/// Whether the batch behind the next publish is to fail.
inline bool& failing() {
    static bool is_failing = false;
    return is_failing;
}

/// Whether what is committed behind the next publish is held.
inline bool& holding() {
    static bool is_holding = false;
    return is_holding;
}

inline void install_failing(core::ModuleSetup& setup) {
    auto& storage = dynamic_cast<storage::MemoryStorage&>(setup.context().storage());
    setup.on<events::PepNodeChanged>(
        events::PepNodeChanged::Stage::react, [&storage](const events::PepNodeChanged& event) {
            if (event.what != events::PepNodeChanged::What::published) return;
            if (std::exchange(failing(), false))
                storage.fail_next_batches(1, fail("internal-server-error", "no disk"));
            if (std::exchange(holding(), false)) storage.hold_commits();
        });
}

struct Scene {
    World world;
    Client* oldest = nullptr;  // knows private documents
    Client* old = nullptr;     // knows lists in a node
    Client* modern = nullptr;  // knows items
    Client* juliet = nullptr;
    Client* tybalt = nullptr;

    explicit Scene(std::string config = "")
        : world({.modules = {{.name = "roster",
                              .install = roster::install,
                              .declare_options = roster::declare_options},
                             {.name = "disco", .install = disco::install},
                             {.name = "wishes", .install = pubsub::install_wishes},
                             {.name = "failing", .install = install_failing},
                             {.name = "private_xml",
                              .install = private_xml::install,
                              .declare_options = private_xml::declare_options},
                             {.name = "pubsub",
                              .install = pubsub::install,
                              .declare_options = pubsub::declare_options},
                             {.name = "bookmarks",
                              .install = install,
                              .declare_options = declare_options}},
                 .config = std::move(config)}) {
        pubsub::wishes().clear();
        for (const auto* jid : {"romeo@example.org", "juliet@example.net", "tybalt@example.org"})
            world.add_account(jid);
        world.befriend("romeo@example.org", "juliet@example.net");
        world.befriend("juliet@example.net", "romeo@example.org");
        connect();
    }
    void connect() {
        oldest = &world.log_in("romeo@example.org/oldest");
        old = &world.log_in("romeo@example.org/old");
        modern = &world.log_in("romeo@example.org/modern");
        juliet = &world.log_in("juliet@example.net/balcony");
        tybalt = &world.log_in("tybalt@example.org/street");
        forget();
    }
    void forget() {
        for (Client* client : {oldest, old, modern, juliet, tybalt}) client->drop_all();
    }
    /// Each of Romeo's clients wants to hear of what it knows; Juliet of all.
    static void listen() {
        pubsub::wishes()["romeo@example.org/old"] = {"storage:bookmarks"};
        pubsub::wishes()["romeo@example.org/modern"] = {"urn:xmpp:bookmarks:1"};
        pubsub::wishes()["juliet@example.net/balcony"] = {"storage:bookmarks",
                                                          "urn:xmpp:bookmarks:1"};
    }

    /// "ok", or the error.
    static std::string outcome(const xml::Document& answer) {
        return pubsub::Scene::outcome(answer);
    }

    // ---- items ----
    static std::string item(std::string_view room, std::string_view name,
                            std::string_view inside = "") {
        return "<item id='" + std::string(room) +
               "'><conference xmlns='urn:xmpp:bookmarks:1' name='" + std::string(name) + "'>" +
               std::string(inside) + "</conference></item>";
    }
    std::string publish(std::string_view items, std::string_view more = "") const {
        return outcome(pubsub::Scene::set(*modern, "<publish node='urn:xmpp:bookmarks:1'>" +
                                                       std::string(items) + "</publish>" +
                                                       std::string(more)));
    }
    std::string retract(std::string_view room) const {
        return outcome(
            pubsub::Scene::set(*modern, "<retract node='urn:xmpp:bookmarks:1'><item id='" +
                                            std::string(room) + "'/></retract>"));
    }
    /// What is in the node, or the error.
    static std::string items(Client& client, std::string_view node = "urn:xmpp:bookmarks:1") {
        const auto answer = pubsub::Scene::get(client, "<items node='" + std::string(node) + "'/>");
        if (answer.root().attr("type") != "result") return outcome(answer);
        const auto stanza = Stanza::from_document(answer.clone());
        std::string text;
        for (const auto& each : pubsub::read_items(**stanza)) text += each.id + each.payload + "\n";
        return text;
    }

    // ---- lists ----
    static std::string storage(std::string_view inside) {
        const std::string open = "<storage xmlns='storage:bookmarks'";
        if (inside.empty()) return open + "/>";
        return open + ">" + std::string(inside) + "</storage>";
    }
    static std::string room(std::string_view jid, std::string_view name,
                            std::string_view inside = "") {
        std::string text =
            "<conference name='" + std::string(name) + "' jid='" + std::string(jid) + "'";
        return inside.empty() ? text + "/>" : text + ">" + std::string(inside) + "</conference>";
    }
    static std::string list_request(std::string_view inside) {
        return "<iq type='set' id='p' to='romeo@example.org'><query xmlns='jabber:iq:private'>" +
               storage(inside) + "</query></iq>";
    }
    static std::string set_list(Client& client, std::string_view inside) {
        return outcome(client.ask(list_request(inside)));
    }
    static std::string get_list(Client& client) {
        const auto answer = client.ask(
            "<iq type='get' id='p' to='romeo@example.org'><query xmlns='jabber:iq:private'>"
            "<storage xmlns='storage:bookmarks'/></query></iq>");
        if (answer.root().attr("type") != "result") return outcome(answer);
        return xml::to_string(*answer.root().first_child()->first_child());
    }
    static std::string publish_list(Client& client, std::string_view inside,
                                    std::string_view more = "") {
        return outcome(pubsub::Scene::set(
            client, "<publish node='storage:bookmarks'><item id='current'>" + storage(inside) +
                        "</item></publish>" + std::string(more)));
    }
    /// What both views say, which must be the same.
    std::string list() const {
        const std::string document = get_list(*oldest);
        CHECK(items(*old, "storage:bookmarks") == "current" + document + "\n");
        return document;
    }

    /// What a client heard since: of items "+id" and "-id", of a list all of it.
    static std::string heard(Client& client) {
        std::string text;
        while (client.pending() > 0) {
            const auto element = client.pop();
            if (element.root().name() != "message") continue;
            CHECK(element.root().attr("type") == "headline");
            CHECK(element.root().attr("from") == "romeo@example.org");
            const auto* event = element.root().child(ns::pubsub_event, "event");
            REQUIRE(event);
            const xml::Element& what = *event->first_child();
            const bool is_list = what.attr("node") == "storage:bookmarks";
            for (const xml::Element& each : what.children()) {
                if (is_list) CHECK(each.attr("id") == "current");
                text += is_list ? xml::to_string(*each.first_child())
                                : (each.name() == "retract" ? "-" : "+") +
                                      std::string(each.attr("id")) + ' ';
            }
            if (what.name() != "items") text += std::string(what.name()) + ' ';
        }
        return text;
    }

    /// Asks the modules that keep things, past this one: what was kept before there was it.
    std::string ask_keepers(std::string_view type, std::string_view inside) {
        auto document =
            xml::parse_element("<iq xmlns='jabber:client' type='" + std::string(type) +
                               "' id='k' from='romeo@example.org' to='romeo@example.org'>" +
                               std::string(inside) + "</iq>");
        StanzaPtr request = *Stanza::from_document(std::move(document));
        std::string text;
        world.run("romeo@example.org", [&](core::Core& core) -> Task<> {
            auto pin = co_await core.accounts().load("romeo@example.org");
            const core::OtherModules others(core, "bookmarks");
            core::AccountPin account = std::move(*pin);
            const core::IqAnswer answer = co_await others.ask(std::move(account), request);
            const Refused refused = error_of(answer);
            text = refused ? std::string(name(refused->condition)) : "ok";
            if (refused) co_return;
            const auto& result = *std::get<std::shared_ptr<Stanza>>(answer);
            if (const auto* payload = result.payload()) text = xml::to_string(*payload);
        });
        return text;
    }
    std::string keep_document(std::string_view inside) {
        return ask_keepers("set",
                           "<query xmlns='jabber:iq:private'>" + storage(inside) + "</query>");
    }
    std::string keep_item(std::string_view node, std::string_view item,
                          std::string_view access = "presence") {
        return ask_keepers("set",
                           "<pubsub xmlns='http://jabber.org/protocol/pubsub'><publish node='" +
                               std::string(node) + "'>" + std::string(item) +
                               "</publish><publish-options>" +
                               pubsub::Scene::options("publish-options", "access_model", access) +
                               "</publish-options></pubsub>");
    }
    std::string restore() {
        std::string text;
        world.run("romeo@example.org", [&](core::Core& core) -> Task<> {
            auto pin = co_await core.accounts().load("romeo@example.org");
            BookmarksSought sought{**pin};
            core.bus().fire(sought);
            core::AccountPin account = std::move(*pin);
            const auto restored = co_await sought.found->restore(std::move(account));
            text = restored ? std::to_string(*restored) : restored.error().code;
        });
        return text;
    }
};

}  // namespace clarion::bookmarks
