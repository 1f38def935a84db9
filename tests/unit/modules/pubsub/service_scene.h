// A pubsub service with its administrator, two users, somebody at another server and a component.
#pragma once

#include <string>
#include <vector>

#include "modules/pubsub/domain/services.h"
#include "tests/unit/modules/pubsub/pubsub_scene.h"

namespace clarion::pubsub {

inline constexpr std::string_view service_jid = "pubsub.example.org";

struct ServiceScene {
    World world;
    Client* admin = nullptr;
    Client* romeo = nullptr;
    Client* juliet = nullptr;
    test::FakeLink* gateway = nullptr;

    /// `options`: of [pubsub."pubsub.example.org"].
    explicit ServiceScene(const std::string& options = "create = \"local\"\n")
        : world({.modules = {{.name = "disco", .install = disco::install},
                             {.name = "pubsub",
                              .install = install,
                              .declare_options = declare_options},
                             {.name = "pubsub_service",
                              .install = install_services,
                              .declare_options = declare_service_options,
                              .domains = service_domains}},
                 .config = "admins = [\"admin@example.org\"]\n"
                           "[component.\"gateway.example.net\"]\nsecret = \"s\"\n"
                           "[pubsub.\"pubsub.example.org\"]\n" +
                           options,
                 .shards = 3}) {
        for (const auto* jid : {"admin@example.org", "romeo@example.org", "juliet@example.net"})
            world.add_account(jid);
        gateway = &world.attach_component("gateway.example.net");
        connect();
    }
    void connect() {
        admin = &world.log_in("admin@example.org/desk");
        romeo = &world.log_in("romeo@example.org/orchard");
        juliet = &world.log_in("juliet@example.net/balcony");
    }

    static std::string request(std::string_view type, std::string_view payload,
                               std::string_view more = "id='q'") {
        return "<iq type='" + std::string(type) + "' " + std::string(more) + " to='" +
               std::string(service_jid) + "'>" + std::string(payload) + "</iq>";
    }
    static std::string pubsub(std::string_view inside, std::string_view ns = ns::pubsub) {
        return "<pubsub xmlns='" + std::string(ns) + "'>" + std::string(inside) + "</pubsub>";
    }
    static xml::Document set(Client& client, std::string_view inside) {
        return client.ask(request("set", pubsub(inside)));
    }
    static xml::Document get(Client& client, std::string_view inside) {
        return client.ask(request("get", pubsub(inside)));
    }
    static xml::Document own(Client& client, std::string_view type, std::string_view inside) {
        return client.ask(request(type, pubsub(inside, ns::pubsub_owner)));
    }
    static std::string create(Client& client, std::string_view node, std::string_view var = {},
                              std::string_view value = {}) {
        std::string inside = "<create node='" + std::string(node) + "'/>";
        if (!var.empty())
            inside += "<configure>" + Scene::options("node_config", var, value) + "</configure>";
        return Scene::outcome(set(client, inside));
    }
    static std::string configure(Client& client, std::string_view node, std::string_view var,
                                 std::string_view value) {
        return Scene::outcome(own(client, "set",
                                  "<configure node='" + std::string(node) + "'>" +
                                      Scene::options("node_config", var, value) + "</configure>"));
    }
    static std::string affiliate(Client& client, std::string_view node, std::string_view jid,
                                 std::string_view affiliation) {
        return Scene::outcome(own(
            client, "set",
            "<affiliations node='" + std::string(node) + "'><affiliation jid='" + std::string(jid) +
                "' affiliation='" + std::string(affiliation) + "'/></affiliations>"));
    }
    static std::string publish(Client& client, std::string_view node, std::string_view items) {
        return Scene::outcome(set(client, "<publish node='" + std::string(node) + "'>" +
                                              std::string(items) + "</publish>"));
    }
    static std::string subscription(std::string_view node, std::string_view jid) {
        return "<subscribe node='" + std::string(node) + "' jid='" + std::string(jid) + "'/>";
    }
    static std::string subscribe(Client& client, std::string_view node) {
        return Scene::outcome(set(client, subscription(node, client.jid().bare())));
    }
    static std::string items(Client& client, std::string_view node) {
        const auto answer = get(client, "<items node='" + std::string(node) + "'/>");
        if (answer.root().attr("type") != "result") return Scene::outcome(answer);
        return Scene::list(*answer.root().child(ns::pubsub, "pubsub")->child(ns::pubsub, "items"));
    }
    /// Somebody elsewhere asks; the answer, or a stanza without anything.
    std::string ask_from(std::string_view from, std::string_view type, std::string_view payload) {
        world.arrive(request(type, payload, "id='r' from='" + std::string(from) + "'"));
        return said_to(from);
    }
    /// What the service said to somebody elsewhere next: "ok", an error, or a notification.
    std::string said_to(std::string_view to) {
        auto& link = to.ends_with("gateway.example.net") ? *gateway : world.remote();
        const StanzaPtr stanza = link.pop();
        if (!stanza) return "nothing";
        CHECK(stanza->to().full() == to);
        CHECK(stanza->from().full() == service_jid);
        return stanza->is_message() ? notice(*stanza) : outcome(stanza->root());
    }
    static std::string outcome(const xml::Element& root) {
        if (root.attr("type") == "result") return "ok";
        const StanzaError error = read_error(root);
        return std::string(clarion::name(error.condition)) +
               (error.app_name.empty() ? "" : "/" + error.app_name);
    }
    static std::string notice(const Stanza& stanza) {
        // As it is on the wire: payloads are kept as text.
        const auto parsed = xml::parse_element(xml::to_string(stanza.root()), ns::client);
        const xml::Element* event = parsed.root().child(ns::pubsub_event, "event");
        if (!event) return "message";
        const xml::Element& what = *event->first_child();
        return std::string(what.attr("node")) + ' ' +
               (what.name() == "items" ? Scene::list(what) : std::string(what.name()) + ' ');
    }
    void evict() {
        world.at(service_jid, [](core::Core& core) {
            for (auto* directory : core.directories())
                directory->evict_idle(-std::chrono::seconds(1));
        });
    }
    bool is_loaded() {
        std::size_t loaded = 0;
        for (const auto* directory : world.home_of(service_jid).directories())
            loaded += directory->loaded();
        return loaded > world.home_of(service_jid).accounts().loaded();
    }
    void restart() {
        world.crash_and_restart();
        for (unsigned i = 0; i < 3; ++i)
            world.core(i).accounts().set_hibernating_known(PartitionSet::all());
        connect();
    }
    xml::Document disco(Client& client, std::string_view kind, std::string_view node = {},
                        std::string_view inside = {}) {
        const std::string about = node.empty() ? "" : " node='" + std::string(node) + "'";
        return client.ask(request("get", "<query xmlns='http://jabber.org/protocol/disco#" +
                                             std::string(kind) + "'" + about + ">" +
                                             std::string(inside) + "</query>"));
    }
};

}  // namespace clarion::pubsub
