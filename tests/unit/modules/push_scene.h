// A World with push: Juliet's account, her phone, and a push service that is a component here.
#pragma once

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "modules/carbons.h"
#include "modules/client_state/client_state.h"
#include "modules/disco.h"
#include "modules/mam/mam.h"
#include "modules/offline.h"
#include "modules/push/admin.h"
#include "modules/push/push.h"
#include "modules/push/tigase/jingle.h"
#include "modules/stream_management.h"
#include "proto/ns.h"
#include "proto/xml_writer.h"
#include "server/core/events/partition_events.h"
#include "server/core/events/push_events.h"
#include "server/core/events/s2s_events.h"
#include "server/core/options.h"
#include "tests/support/world.h"

namespace clarion::push {

using namespace std::chrono_literals;
using test::Client;
using test::FakeLink;
using test::World;

inline constexpr const char* service = "push.example.com";
inline constexpr const char* juliet = "juliet@example.org";

/// What a publish says.
struct Published {
    StanzaPtr stanza;
    std::string node, count, body, sender;
    bool important() const { return !body.empty(); }
};

inline Published read_publish(StanzaPtr stanza) {
    Published published;
    if (!stanza) return published;
    const auto* pubsub = stanza->root().child(ns::pubsub, "pubsub");
    REQUIRE(pubsub);
    const auto* publish = pubsub->child(ns::pubsub, "publish");
    published.node = publish->attr("node");
    const auto* item = publish->child(ns::pubsub, "item");
    const auto* form = item->child(ns::push, "notification")->child(ns::data_forms, "x");
    for (const auto& field : form->children()) {
        const auto value = field.child_text(ns::data_forms, "value");
        if (field.attr("var") == "message-count") published.count = value;
        if (field.attr("var") == "last-message-body") published.body = value;
        if (field.attr("var") == "last-message-sender") published.sender = value;
    }
    published.stanza = std::move(stanza);
    return published;
}

struct Scene {
    World world;
    FakeLink* gateway = nullptr;

    using Rows = std::vector<core::ModuleRow>;

    /// `extensions`: modules installed after push.
    explicit Scene(const std::string& config = {}, bool archive = false,
                   const Rows& extensions = {{"push_jingle", tigase::install_jingle, nullptr, "",
                                              ""}})
        : world({.modules = modules(archive, extensions),
                 .config = "[component.\"push.example.com\"]\nsecret = \"s\"\n" + config}) {
        world.add_account(juliet);
        world.add_account("romeo@example.net");
        gateway = &world.attach_component(service);
    }

    static Rows modules(bool archive, const Rows& extensions = {}) {
        Rows rows{{"disco", clarion::disco::install, nullptr, "", ""},
                  {"stream_management", clarion::stream_management::install,
                   clarion::stream_management::declare_options, "", ""},
                  {"client_state", clarion::client_state::install,
                   clarion::client_state::declare_options, "", ""}};
        if (archive)
            rows.push_back({"mam", clarion::mam::install, clarion::mam::declare_options, "", ""});
        rows.push_back({"carbons", clarion::carbons::install, nullptr, "", ""});
        rows.push_back(
            {"offline", clarion::offline::install, clarion::offline::declare_options, "", ""});
        rows.push_back({"push", push::install, push::declare_options, "", ""});
        rows.insert(rows.end(), extensions.begin(), extensions.end());
        return rows;
    }

    /// Logged in, resumable, and registered at the service under its resource as node.
    Client& phone(const std::string& resource = "phone") {
        Client& client = world.log_in(std::string(juliet) + '/' + resource);
        client.send("<enable xmlns='urn:xmpp:sm:3' resume='true'/>");
        enable(client, resource);
        return client;
    }
    void enable(Client& client, const std::string& node, const std::string& content = {}) {
        const auto answer = client.ask(
            "<iq type='set' id='e'><enable xmlns='urn:xmpp:push:0' jid='" + std::string(service) +
            "' node='" + node + "'>" + content + "</enable></iq>");
        REQUIRE(answer.root().attr("type") == "result");
        acknowledge(client);
        client.drop_all();
    }
    void acknowledge(Client& client) {
        if (client.session().sm())
            client.send("<a xmlns='urn:xmpp:sm:3' h='" +
                        std::to_string(client.session().sm()->sent()) + "'/>");
    }

    void say(const std::string& text, const std::string& to = juliet) {
        arrive("<body>" + text + "</body>", to);
    }
    void arrive(const std::string& content, const std::string& to = juliet) {
        world.arrive("<message from='romeo@example.com/orchard' to='" + to + "' type='chat' id='m" +
                     std::to_string(++messages) + "'>" + content + "</message>");
    }
    /// A chat state to Juliet's phone: unimportant.
    void type() { arrive("<composing xmlns='http://jabber.org/protocol/chatstates'/>"); }

    Published pop() { return read_publish(gateway->pop()); }
    /// What came, oldest first: "phone!" is important, "phone" is not. Answers each with a result.
    std::string published() {
        std::string all;
        while (gateway->pending() > 0) {
            const Published one = pop();
            all += (all.empty() ? "" : " ") + one.node + (one.important() ? "!" : "");
            last = one.stanza;
            if (answers) answer(*last);
        }
        return all;
    }
    void answer(const Stanza& publish) {
        world.arrive("<iq type='result' id='" + std::string(publish.id()) + "' from='" +
                     publish.to().full() + "' to='example.org'/>");
    }
    void refuse(const Stanza& publish, const std::string& condition,
                const std::string& type = "cancel") {
        world.arrive("<iq type='error' id='" + std::string(publish.id()) + "' from='" +
                     publish.to().full() + "' to='example.org'><error type='" + type + "'><" +
                     condition + " xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>");
    }
    std::vector<RegistrationView> registrations() { return list(world.account(juliet)); }

    void detach() {
        world.at(service,
                 [this](core::Context& core) { core.links().detach_component(service, gateway); });
    }
    void reattach() {
        world.attach_component(service);
        world.at(service, [](core::Context& core) {
            core.bus().fire(events::DomainReachable{core, service});
        });
    }
    /// The shards are up again after World::crash_and_restart().
    void started() {
        gateway = &world.attach_component(service);
        for (unsigned i = 0; i < 2; ++i) {
            core::Core& core = world.core(i);
            core.shards().post(i, [&core] {
                core.bus().fire(events::PartitionsAcquired{core, core.partitions(), false});
            });
        }
        world.settle();
    }
    Duration sleeps(Client& client) {
        auto& session = client.session();
        return std::chrono::duration_cast<Duration>(session.hibernation().expires_at() -
                                                    world.clock().lasting());
    }
    core::Session* sleeper() {
        for (const auto& session : world.account(juliet).sessions())
            if (session->is_hibernating()) return session.get();
        return nullptr;
    }

    int messages = 0;
    bool answers = true;
    StanzaPtr last;
};

/// Offline with a registration: each message is one publish, which the test answers.
struct Away : Scene {
    explicit Away(const std::string& config = {}) : Scene(config) {
        answers = false;
        phone().close();
    }
    StanzaPtr publish() {
        say("x");
        return gateway->pop();
    }
    std::uint32_t errors() { return registrations().empty() ? 9999 : registrations()[0].errors; }
};

}  // namespace clarion::push
