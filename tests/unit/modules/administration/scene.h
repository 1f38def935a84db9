// An administrator of example.org and users, with the modules that administration needs.
#pragma once

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "modules/administration/administration.h"
#include "modules/commands/commands.h"
#include "proto/data_form.h"
#include "proto/ns.h"
#include "server/core/accounts/account_registry.h"
#include "storage/storage.h"
#include "tests/support/world.h"

namespace clarion::administration {

using test::Client;
using test::World;
using Values = std::vector<std::string>;

struct Theatre {
    World world;
    Client* bard = nullptr;
    Client* romeo = nullptr;
    xml::Document last;  // the last answer

    static std::vector<core::ModuleRow> rows(std::vector<core::ModuleRow> more) {
        more.push_back({.name = "commands",
                        .install = commands::install,
                        .declare_options = commands::declare_options});
        more.push_back(
            {.name = "administration", .install = install, .declare_options = declare_options});
        return more;
    }
    /// `config`: more of it, after [server]; `more`: modules.
    explicit Theatre(const std::string& config = {}, std::vector<core::ModuleRow> more = {})
        : world({.modules = rows(std::move(more)),
                 .config = "admins = [\"chief@example.net\"]\n"
                           "[auth]\nscram_iterations = 4096\n" +
                           config}) {
        for (const auto* name : {"bard@example.org", "romeo@example.org", "juliet@example.org",
                                 "chief@example.net", "paris@example.net"})
            world.add_account(name);
        set_administrator("bard@example.org", true);
        bard = &world.log_in("bard@example.org/globe");
        romeo = &world.log_in("romeo@example.org/orchard");
    }

    void set_administrator(const std::string& who, bool on) {
        world.run(who, [&](core::Context& core) -> Task<> {
            const auto done =
                co_await core.account_registry().set_administrator(Jid::trusted(who), on);
            CHECK(done.ok());
        });
    }
    static std::string field(const std::string& var, const Values& values) {
        std::string xml = "<field var='" + var + "'>";
        for (const auto& value : values) xml += "<value>" + value + "</value>";
        return xml + "</field>";
    }
    /// The status, or "condition specific".
    std::string step(Client& client, const std::string& attributes, const std::string& inside,
                     const std::string& to) {
        last = client.ask("<iq type='set' id='c' to='" + to + "'><command xmlns='" +
                          std::string(ns::commands) + "' " + attributes + ">" + inside +
                          "</command></iq>");
        if (last.root().attr("type") != "error") return std::string(command().attr("status"));
        const StanzaError error = read_error(last.root());
        return std::string(name(error.condition)) +
               (error.app_name.empty() ? "" : " " + error.app_name);
    }
    const xml::Element& command() const { return *last.root().child(ns::commands, "command"); }
    /// Begins a command, and hands its form in with these fields.
    std::string run(Client& client, const std::string& name, const std::string& fields = {},
                    const std::string& to = "example.org") {
        const std::string which = "node='http://jabber.org/protocol/admin#" + name + "'";
        const std::string begun = step(client, which, "", to);
        if (begun != "executing") return begun;
        offered = DataForm::find_in(command(), ns::admin).value();
        CHECK_FALSE(offered.title.empty());
        return step(client, which + " sessionid='" + std::string(command().attr("sessionid")) + "'",
                    "<x xmlns='jabber:x:data' type='submit'>" +
                        field("FORM_TYPE", {std::string(ns::admin)}) + fields + "</x>",
                    to);
    }
    Values result(std::string_view var) const {
        const auto form = DataForm::find_in(command(), ns::admin);
        if (!form) return {"no form"};
        CHECK(form->type == "result");
        const auto* found = form->field(var);
        return found ? found->values : Values{"no field"};
    }
    std::vector<std::string> notes() const {
        std::vector<std::string> all;
        for (const xml::Element& child : command().children())
            if (child.name() == "note")
                all.push_back(std::string(child.attr("type")) + ": " + std::string(child.text()));
        return all;
    }
    std::optional<storage::AccountRecord> record(const std::string& jid) {
        std::optional<storage::AccountRecord> found;
        world.run(jid, [&](core::Context& core) -> Task<> {
            found = (co_await core.storage().accounts().find(jid)).value();
        });
        return found;
    }
    DataForm offered;
};

}  // namespace clarion::administration
