// Romeo, Juliet, Tybalt and a nurse, a service of rooms, and what each of them sees in a room, as
// text:
//
//     +Juliet none/participant 110        available presence
//     -Juliet none/none 301               unavailable
//     !forbidden                          an error
//     Romeo: But soft!                    said to all
//     Romeo* The balcony                  the subject
//     Romeo> Psst                         a private message
//     room 104                            a message of the room itself
//
// Real addresses are in round brackets, where they are said.
#pragma once

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

#include "modules/disco.h"
#include "modules/mam/mam.h"
#include "modules/muc/admin_commands.h"
#include "modules/muc/muc.h"
#include "modules/ping.h"
#include "modules/stream_management.h"
#include "proto/ns.h"
#include "server/core/actors/directory.h"
#include "tests/support/world.h"

namespace clarion::muc {

using test::Client;
using test::World;

inline constexpr std::string_view room_jid = "verona@rooms.example.org";

inline std::string seen_codes(const xml::Element& x) {
    std::string codes;
    for (const xml::Element& child : x.children())
        if (child.name() == "status") codes += " " + std::string(child.attr("code"));
    return codes;
}

inline std::string seen_items(const xml::Element& x) {
    std::string items;
    for (const xml::Element& item : x.children()) {
        if (item.name() != "item") continue;
        if (items.empty())
            items =
                " " + std::string(item.attr("affiliation")) + "/" + std::string(item.attr("role"));
        if (item.has_attr("jid")) items += " (" + std::string(item.attr("jid")) + ")";
        if (item.has_attr("nick")) items += " nick=" + std::string(item.attr("nick"));
        if (const auto* actor = item.child(ns::muc_user, "actor"))
            items += " by=" + std::string(actor->attr("nick"));
        const auto reason = item.child_text(ns::muc_user, "reason");
        if (!reason.empty()) items += " because=" + std::string(reason);
    }
    return items;
}

inline std::string condition_of(const xml::Element& stanza) {
    const auto* error = stanza.child(ns::client, "error");
    return error && error->first_child() ? std::string(error->first_child()->name()) : "?";
}

inline std::string describe_presence(const xml::Element& stanza) {
    const std::string nick(Jid::trusted(stanza.attr("from")).resource());
    if (stanza.attr("type") == "error") return "!" + condition_of(stanza);
    std::string line = (stanza.attr("type") == "unavailable" ? "-" : "+") + nick;
    const auto* x = stanza.child(ns::muc_user, "x");
    if (!x) return line + " (no x)";
    line += seen_items(*x) + seen_codes(*x);
    if (const auto* destroy = x->child(ns::muc_user, "destroy"))
        line += " destroyed " + std::string(destroy->attr("jid"));
    return line;
}

inline std::string describe_message(const xml::Element& stanza) {
    if (stanza.attr("type") == "error") return "!" + condition_of(stanza);
    const std::string nick(Jid::trusted(stanza.attr("from")).resource());
    const bool to_all = stanza.attr("type") == "groupchat";
    const std::string late = stanza.child(ns::delay, "delay") ? " (late)" : "";
    if (const auto* body = stanza.child(ns::client, "body"))
        return nick + (to_all ? ": " : "> ") + std::string(body->text()) + late;
    if (const auto* subject = stanza.child(ns::client, "subject"))
        return nick + "* " + std::string(subject->text()) + late;
    if (const auto* retract = stanza.child(ns::retract, "retract"))
        return nick + " retracts " + std::string(retract->attr("id"));
    if (const auto* form = stanza.child(ns::data_forms, "x"); form) return "form";
    const auto* x = stanza.child(ns::muc_user, "x");
    if (x && x->child(ns::muc_user, "invite"))
        return "invited by " + std::string(x->child(ns::muc_user, "invite")->attr("from"));
    if (x && x->child(ns::muc_user, "decline"))
        return "declined by " + std::string(x->child(ns::muc_user, "decline")->attr("from"));
    return nick + "room" + (x ? seen_items(*x) + seen_codes(*x) : std::string());
}

inline std::string describe(const xml::Element& stanza) {
    if (stanza.name() == "presence") return describe_presence(stanza);
    if (stanza.name() == "message") return describe_message(stanza);
    return "iq " + std::string(stanza.attr("type"));
}

struct Scene {
    World world;
    Client* romeo = nullptr;
    Client* juliet = nullptr;
    Client* tybalt = nullptr;
    Client* nurse = nullptr;

    /// `options` of the service.
    explicit Scene(const std::string& options = "lock_new_rooms = false\n")
        : world({.modules = {{"disco", disco::install},
                             {"mam", mam::install, mam::declare_options},
                             {"ping", ping::install},
                             {"stream_management", stream_management::install,
                              stream_management::declare_options},
                             row()},
                 .config = "[muc.\"rooms.example.org\"]\n" + options,
                 .shards = 2}) {
        for (const auto* jid :
             {"romeo@example.org", "juliet@example.net", "tybalt@example.org", "nurse@example.net"})
            world.add_account(jid);
        log_in();
    }
    static core::ModuleRow row() {
        return {.name = "muc",
                .install = install,
                .declare_options = declare_options,
                .admin_areas = {admin_area},
                .domains = service_domains};
    }
    void log_in() {
        romeo = &world.log_in("romeo@example.org/orchard");
        juliet = &world.log_in("juliet@example.net/balcony");
        tybalt = &world.log_in("tybalt@example.org/street");
        nurse = &world.log_in("nurse@example.net/chamber");
    }

    // ---- What they do ----
    void send_presence(Client& who, std::string_view nick, std::string_view payload = {},
                       std::string_view type = {}) {
        const std::string kind = type.empty() ? "" : " type='" + std::string(type) + "'";
        who.send("<presence to='" + std::string(room_jid) + "/" + std::string(nick) + "'" + kind +
                 ">" + std::string(payload) + "</presence>");
    }
    /// `within`: children of `<x/>`.
    void enter(Client& who, std::string_view nick, std::string_view within = {}) {
        send_presence(who, nick,
                      "<x xmlns='http://jabber.org/protocol/muc'>" + std::string(within) + "</x>");
    }
    void leave(Client& who, std::string_view nick) { send_presence(who, nick, {}, "unavailable"); }
    void say(Client& who, std::string_view body) {
        send_message(who, "<body>" + std::string(body) + "</body>");
    }
    void send_message(Client& who, std::string_view payload, std::string_view id = "m") {
        who.send("<message type='groupchat' id='" + std::string(id) + "' to='" +
                 std::string(room_jid) + "'>" + std::string(payload) + "</message>");
    }
    void whisper(Client& who, std::string_view nick, std::string_view body) {
        who.send("<message type='chat' to='" + std::string(room_jid) + "/" + std::string(nick) +
                 "'><body>" + std::string(body) + "</body></message>");
    }
    /// "" if it was done, else the condition of the error.
    std::string ask(Client& who, std::string_view type, std::string_view payload,
                    std::string_view to = room_jid) {
        const auto answer = request(who, type, payload, to);
        return answer.root().attr("type") == "result" ? "" : condition_of(answer.root());
    }
    xml::Document request(Client& who, std::string_view type, std::string_view payload,
                          std::string_view to = room_jid) {
        return who.ask("<iq type='" + std::string(type) + "' id='q' to='" + std::string(to) + "'>" +
                       std::string(payload) + "</iq>");
    }
    std::string administer(Client& who, std::string_view item) {
        return ask(who, "set",
                   "<query xmlns='http://jabber.org/protocol/muc#admin'>" + std::string(item) +
                       "</query>");
    }
    std::string affiliate(Client& who, std::string_view jid, std::string_view affiliation) {
        return administer(who, "<item jid='" + std::string(jid) + "' affiliation='" +
                                   std::string(affiliation) + "'/>");
    }
    std::string set_role(Client& who, std::string_view nick, std::string_view role) {
        return administer(
            who, "<item nick='" + std::string(nick) + "' role='" + std::string(role) + "'/>");
    }
    /// `fields`: of muc#roomconfig, "membersonly=1".
    std::string configure(Client& who, const std::vector<std::string>& fields) {
        std::string form =
            "<query xmlns='http://jabber.org/protocol/muc#owner'><x xmlns='jabber:x:data' "
            "type='submit'><field var='FORM_TYPE'><value>"
            "http://jabber.org/protocol/muc#roomconfig</value></field>";
        for (const std::string& field : fields) {
            const auto at = field.find('=');
            form += "<field var='muc#roomconfig_" + field.substr(0, at) + "'><value>" +
                    field.substr(at + 1) + "</value></field>";
        }
        return ask(who, "set", form + "</x></query>");
    }
    /// A room of Romeo's with Juliet in it, and nothing left to read.
    void open(const std::vector<std::string>& fields = {}) {
        enter(*romeo, "Romeo");
        if (!fields.empty()) REQUIRE(configure(*romeo, fields) == "");
        enter(*juliet, "Juliet");
        forget();
    }

    // ---- What they see ----
    std::string seen(Client& who) {
        std::string all;
        while (who.pending() > 0) all += describe(who.pop().root()) + "\n";
        return all;
    }
    void forget() {
        for (Client* each : {romeo, juliet, tybalt, nurse}) each->drop_all();
    }

    // ---- What happens to the server ----
    void evict() {
        world.at(room_jid, [](core::Core& core) {
            for (auto* directory : core.directories())
                directory->evict_idle(std::chrono::seconds(-1));
        });
    }
    bool is_loaded() {
        std::size_t loaded = 0;
        for (const auto* directory : world.home_of(room_jid).directories())
            loaded += directory->loaded();
        return loaded > world.home_of(room_jid).accounts().loaded();
    }
};

}  // namespace clarion::muc
