// Romeo, Juliet (a contact) and Tybalt (a stranger) at accounts that are pubsub services, and what
// their resources want to hear of.
#pragma once

#include <doctest/doctest.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "modules/blocking/blocking.h"
#include "modules/disco.h"
#include "modules/pubsub/pep.h"
#include "modules/roster.h"
#include "proto/ns.h"
#include "proto/xml_writer.h"
#include "server/core/accounts/account_directory.h"
#include "server/core/events/caps_events.h"
#include "server/core/events/presence_events.h"
#include "tests/support/world.h"

namespace clarion::pubsub {

using test::Client;
using test::World;

/// Stands for what keeps capabilities: what each full JID wants to hear of.
inline std::map<std::string, std::set<std::string>>& wishes() {
    static std::map<std::string, std::set<std::string>> all;
    return all;
}

inline void install_wishes(core::ModuleSetup& setup) {
    setup.on<events::CapableSought>(
        events::CapableSought::Stage::find, [](events::CapableSought& event) {
            for (const auto& [jid, nodes] : wishes()) {
                const Jid resource = Jid::trusted(jid);
                const bool known = event.account.relation_to(resource) >= core::Relation::contact;
                for (const std::string& node : nodes)
                    if (known && node + "+notify" == event.feature) event.found.push_back(resource);
            }
        });
    // All clients elsewhere want to hear of n.
    setup.on<events::CapsTagSought>(
        events::CapsTagSought::Stage::find, [](events::CapsTagSought& event) {
            event.found = std::make_shared<const Capabilities>("client/pc//<n+notify<");
        });
    setup.on<events::AvailabilityChanged>(
        events::AvailabilityChanged::Stage::notify, [](const events::AvailabilityChanged& event) {
            if (!event.initial) return;
            std::string text = "client/pc//<";
            for (const std::string& node : wishes()[event.session.jid().full()])
                text += node + "+notify<";
            const Capabilities now(text);
            event.session.context().bus().fire(events::CapabilitiesKnown{
                event.session.account(), event.session.jid(), now, nullptr});
        });
}

struct Scene {
    World world;
    Client* romeo = nullptr;
    Client* juliet = nullptr;
    Client* tybalt = nullptr;

    /// `more`: modules that are there as well.
    explicit Scene(std::string config = "", std::vector<core::ModuleRow> more = {})
        : world({.modules = modules(std::move(more)), .config = std::move(config)}) {
        wishes().clear();
        for (const auto* jid : {"romeo@example.org", "juliet@example.net", "tybalt@example.org"})
            world.add_account(jid);
        world.befriend("romeo@example.org", "juliet@example.net");
        world.befriend("juliet@example.net", "romeo@example.org");
        log_in();
    }
    static std::vector<core::ModuleRow> modules(std::vector<core::ModuleRow> more) {
        std::vector<core::ModuleRow> rows = {
            {.name = "roster",
             .install = roster::install,
             .declare_options = roster::declare_options},
            {.name = "blocking",
             .install = blocking::install,
             .declare_options = blocking::declare_options},
            {.name = "disco", .install = disco::install},
            {.name = "wishes", .install = install_wishes},
            {.name = "pubsub", .install = install, .declare_options = declare_options}};
        rows.insert(rows.end(), more.begin(), more.end());
        return rows;
    }
    /// Again, after a restart.
    void log_in() {
        romeo = &world.log_in("romeo@example.org/orchard");
        juliet = &world.log_in("juliet@example.net/balcony");
        tybalt = &world.log_in("tybalt@example.org/street");
        forget();
    }
    /// Nobody is logged in, and the accounts leave memory.
    void leave_memory() {
        for (Client* each : {romeo, juliet, tybalt}) each->close();
        world.advance(std::chrono::hours(1));
        for (const char* jid : {"romeo@example.org", "juliet@example.net", "tybalt@example.org"})
            world.at(jid, [](core::Core& core) { core.accounts().evict_idle(Duration::zero()); });
    }
    bool loaded(std::string_view jid) {
        core::Context& home = world.home_of(jid);
        return home.accounts().find(jid) != nullptr;
    }
    void forget() {
        for (Client* client : {romeo, juliet, tybalt}) client->drop_all();
        world.remote().drop_all();
    }

    /// Asks romeo's account.
    static xml::Document ask(Client& client, std::string_view type, std::string_view ns,
                             std::string_view inside) {
        return client.ask("<iq type='" + std::string(type) +
                          "' id='q' to='romeo@example.org'><pubsub xmlns='" + std::string(ns) +
                          "'>" + std::string(inside) + "</pubsub></iq>");
    }
    static xml::Document set(Client& client, std::string_view inside) {
        return ask(client, "set", ns::pubsub, inside);
    }
    static xml::Document get(Client& client, std::string_view inside) {
        return ask(client, "get", ns::pubsub, inside);
    }
    static xml::Document own(Client& client, std::string_view type, std::string_view inside) {
        return ask(client, type, ns::pubsub_owner, inside);
    }
    /// "ok", or the error as "condition/app-condition".
    static std::string outcome(const xml::Document& answer) {
        if (answer.root().attr("type") == "result") return "ok";
        const StanzaError error = read_error(answer.root());
        std::string text(clarion::name(error.condition));
        if (!error.app_name.empty()) text += "/" + error.app_name;
        return text;
    }
    static std::string item(std::string_view id, std::string_view text = "x") {
        return "<item id='" + std::string(id) + "'><p xmlns='urn:p'>" + std::string(text) +
               "</p></item>";
    }
    static std::string options(std::string_view form_type, std::string_view var,
                               std::string_view value) {
        return "<x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE' type='hidden'><value>"
               "http://jabber.org/protocol/pubsub#" +
               std::string(form_type) + "</value></field><field var='pubsub#" + std::string(var) +
               "'><value>" + std::string(value) + "</value></field></x>";
    }
    static std::string publish(Client& client, std::string_view node, std::string_view items,
                               std::string_view var = {}, std::string_view value = {}) {
        std::string inside =
            "<publish node='" + std::string(node) + "'>" + std::string(items) + "</publish>";
        if (!var.empty())
            inside +=
                "<publish-options>" + options("publish-options", var, value) + "</publish-options>";
        return outcome(set(client, inside));
    }
    static std::string configure(Client& client, std::string_view node, std::string_view var,
                                 std::string_view value) {
        return outcome(own(client, "set",
                           "<configure node='" + std::string(node) + "'>" +
                               options("node_config", var, value) + "</configure>"));
    }
    static std::string affiliate(Client& client, std::string_view node, std::string_view jid,
                                 std::string_view affiliation) {
        return outcome(own(client, "set",
                           "<affiliations node='" + std::string(node) + "'><affiliation jid='" +
                               std::string(jid) + "' affiliation='" + std::string(affiliation) +
                               "'/></affiliations>"));
    }
    static std::string subscribe(Client& client, std::string_view jid,
                                 std::string_view name = "subscribe", std::string_view node = "n") {
        return outcome(set(client, "<" + std::string(name) + " node='" + std::string(node) +
                                       "' jid='" + std::string(jid) + "'/>"));
    }
    static std::string unsubscribe(Client& client, std::string_view jid,
                                   std::string_view node = "n") {
        return subscribe(client, jid, "unsubscribe", node);
    }
    /// What an owner makes of somebody's subscription.
    static std::string decide(Client& client, std::string_view node, std::string_view jid,
                              std::string_view state) {
        return outcome(own(client, "set",
                           "<subscriptions node='" + std::string(node) + "'><subscription jid='" +
                               std::string(jid) + "' subscription='" + std::string(state) +
                               "'/></subscriptions>"));
    }
    /// Subscriptions that are listed, each "jid state node\n".
    static std::string states(const xml::Document& answer) {
        if (answer.root().attr("type") != "result") return outcome(answer);
        std::string text;
        for (const auto& each : answer.root().first_child()->first_child()->children())
            text += std::string(each.attr("jid")) + ' ' + std::string(each.attr("subscription")) +
                    ' ' + std::string(each.attr("node")) + '\n';
        return text;
    }
    /// The items as "id=text id=text ", then what a page says of itself; or the error.
    static std::string items(Client& client, std::string_view node, std::string_view more = "",
                             std::string_view set = "") {
        const auto answer = get(client, "<items node='" + std::string(node) + "' " +
                                            std::string(more) + "/>" + std::string(set));
        if (answer.root().attr("type") != "result") return outcome(answer);
        const xml::Element* pubsub = answer.root().child(ns::pubsub, "pubsub");
        REQUIRE(pubsub);
        std::string text = list(*pubsub->child(ns::pubsub, "items"));
        if (const auto* page = pubsub->child(ns::rsm, "set"))
            text += "of " + std::string(page->child_text(ns::rsm, "count"));
        return text;
    }
    static std::string list(const xml::Element& items) {
        std::string text;
        for (const xml::Element& each : items.children()) {
            if (each.name() == "retract") text += '-';
            text += std::string(each.attr("id"));
            if (const auto* payload = each.first_child())
                text += '=' + std::string(payload->text());
            text += ' ';
        }
        return text;
    }
    /// The notifications that the client has received, each "from node what\n".
    static std::string heard(Client& client) {
        std::string text;
        while (client.pending() > 0) {
            const auto element = client.pop();
            const xml::Element& root = element.root();
            if (root.name() != "message") continue;
            const xml::Element* event = root.child(ns::pubsub_event, "event");
            REQUIRE(event);
            const xml::Element& what = *event->first_child();
            if (what.name() == "subscription") {
                CHECK(!root.has_attr("type"));
                text += std::string(root.attr("from")) + ' ' + std::string(what.attr("node")) +
                        ' ' + std::string(what.attr("jid")) + ' ' +
                        std::string(what.attr("subscription")) + '\n';
                continue;
            }
            CHECK(root.attr("type") == "headline");
            text += std::string(root.attr("from")) + ' ' + std::string(what.attr("node")) + ' ';
            text += what.name() == "items" ? list(what) : std::string(what.name()) + ' ';
            if (root.child(ns::delay, "delay")) text += "late ";
            text.back() = '\n';
        }
        return text;
    }
};

}  // namespace clarion::pubsub
