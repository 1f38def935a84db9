// What there is to know of users: roster, last login, statistics (XEP-0133, 4.8 to 4.10). Views of
// `user roster` and `user show`.
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include "modules/administration/forms.h"
#include "modules/administration/parts.h"
#include "modules/administration/rates.h"
#include "modules/administration/rates_sought.h"
#include "modules/administration/rows.h"
#include "proto/ns.h"
#include "server/core/setup/admin_as_command.h"

namespace clarion::administration {

namespace json = boost::json;
using core::CommandCall;
using core::CommandNote;
using core::CommandOutcome;

namespace {

Task<Result<json::value>> ask_about(const CommandCall& call, std::string_view name,
                                    const Jid& account) {
    json::object arguments;
    arguments["jid"] = account.full();
    return core::run_row(call, row(name), std::move(arguments));
}

std::vector<std::string> texts(const json::value& list) {
    std::vector<std::string> result;
    for (const json::value& each : list.as_array()) result.emplace_back(each.as_string());
    return result;
}

// ---- Roster ------------------------------------------------------------------------------------

Task<Result<DataForm>> ask_whose_roster(const CommandCall&) {
    DataForm form = make_form("Get a user's roster", "Fill out this form to get a user's roster.");
    add_field(form, "accountjids", "jid-multi", "The Jabber ID for which to retrieve the roster")
        .required = true;
    co_return form;
}

void add_roster(xml::Element& form, const json::value& items) {
    xml::Element& query = form.add("query", ns::roster);
    for (const json::value& each : items.as_array()) {
        const json::object& item = each.as_object();
        xml::Element& added = query.add("item");
        added.set_attr("jid", core::text(item, "jid"));
        if (const auto name = core::text(item, "name"); !name.empty()) added.set_attr("name", name);
        added.set_attr("subscription", core::text(item, "subscription"));
        if (core::flag(item, "asked")) added.set_attr("ask", "subscribe");
        for (const std::string& group : texts(item.at("groups")))
            added.add_text_child("group", group);
    }
}

/// Of one user: the answer has no place for whose each of several is.
Task<Result<CommandOutcome>> get_roster(CommandCall& call) {
    const auto accounts = co_await accounts_of(call, "accountjids", 1);
    if (!accounts) co_return accounts.error();
    const auto items = co_await ask_about(call, "user roster", accounts->front());
    if (!items) co_return items.error();
    CommandOutcome outcome;
    outcome.form = make_result();
    outcome.form->add("accountjids", accounts->front().full(), "jid-multi");
    outcome.add_to_form = [items = *items](xml::Element& form) { add_roster(form, items); };
    co_return outcome;
}

// ---- Last login --------------------------------------------------------------------------------

Task<Result<DataForm>> ask_whose_login(const CommandCall&) {
    DataForm form = make_form("Get a user's last login time",
                              "Fill out this form to learn when a user was there last.");
    add_field(form, "accountjids", "jid-multi",
              "The Jabber ID(s) for which to retrieve the last login time")
        .required = true;
    co_return form;
}

Task<Result<CommandOutcome>> get_last_login(CommandCall& call) {
    const auto accounts = co_await accounts_of(call, "accountjids", most_accounts(call));
    if (!accounts) co_return accounts.error();
    CommandOutcome outcome;
    std::vector<std::string> names, times;
    for (const Jid& jid : *accounts) {
        const auto found = co_await ask_about(call, "user show", jid);
        if (!found && accounts->size() == 1) co_return found.error();
        if (!found) {
            outcome.notes.push_back(
                {CommandNote::Type::error, jid.full() + ": " + found.error().text});
            continue;
        }
        names.push_back(jid.full());
        times.emplace_back(core::text(found->as_object(), "last_login"));
    }
    outcome.form = make_result();
    const std::string_view type = times.size() == 1 ? "text-single" : "text-multi";
    outcome.form->add("accountjids", std::move(names), "jid-multi");
    outcome.form->add("lastlogin", std::move(times), type);
    co_return outcome;
}

// ---- Statistics --------------------------------------------------------------------------------

Task<Result<DataForm>> ask_whose_statistics(const CommandCall&) {
    DataForm form = make_form("Get user statistics", "Fill out this form to gather statistics.");
    add_field(form, "accountjid", "jid-single", "The Jabber ID for statistics").required = true;
    co_return form;
}

std::string number(const json::object& facts, std::string_view key) {
    return std::to_string(facts.at(key).to_number<std::uint64_t>());
}

Task<Result<CommandOutcome>> get_statistics(CommandCall& call) {
    const auto accounts = co_await accounts_of(call, "accountjid", 1);
    if (!accounts) co_return accounts.error();
    const auto found = co_await ask_about(call, "user show", accounts->front());
    if (!found) co_return found.error();
    const json::object& facts = found->as_object();
    CommandOutcome outcome;
    outcome.form = make_result();
    DataForm& form = *outcome.form;
    form.add("accountjid", accounts->front().full(), "jid-single");
    form.add("ipaddresses", texts(facts.at("addresses")), "list-multi");
    form.add("rostersize", number(facts, "contacts"), "text-single");
    form.add("onlineresources", texts(facts.at("resources")), "text-multi");
    form.add("stanzaspersecond", std::string(core::text(facts, "stanzas_per_second")),
             "text-single");
    form.add("loginsperminute", std::string(core::text(facts, "logins_per_minute")), "text-single");
    form.add("sleepingresources", number(facts, "sessions_asleep"), "text-single").label =
        "Sessions that sleep";
    form.add("offlinemessages", number(facts, "offline_messages"), "text-single").label =
        "Messages that wait";
    co_return outcome;
}

}  // namespace

void install_facts(core::ModuleSetup& setup) {
    const auto& rates = setup.state<Rates>(setup);
    setup.on(events::SessionBound::Stage::begin, rates, &Rates::on_bound);
    setup.on<RatesSought>(RatesSought::Stage::find, [&rates](RatesSought& event) {
        event.rates.stanzas_per_second = rates.stanzas_per_second(event.account);
        event.rates.logins_per_minute = rates.logins_per_minute(event.account);
    });
    setup.command({.node = node("get-user-roster"),
                   .name = "Get a user's roster",
                   .forms = {ask_whose_roster},
                   .run = get_roster});
    setup.command({.node = node("get-user-lastlogin"),
                   .name = "Get a user's last login time",
                   .forms = {ask_whose_login},
                   .run = get_last_login});
    setup.command({.node = node("user-stats"),
                   .name = "Get user statistics",
                   .forms = {ask_whose_statistics},
                   .run = get_statistics});
}

}  // namespace clarion::administration
