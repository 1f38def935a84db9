// What there is to know of one user: roster, statistics (XEP-0133, 4.8 and 4.10).
#include <algorithm>
#include <array>

#include "modules/administration/forms.h"
#include "modules/administration/parts.h"
#include "modules/administration/rates.h"
#include "proto/ns.h"
#include "server/core/accounts/account_directory.h"
#include "server/core/accounts/session.h"
#include "server/core/setup/remote_call.h"
#include "server/runtime/event_bus.h"

namespace clarion::administration {

using core::CommandCall;
using core::CommandOutcome;
using core::Context;

namespace {

// ---- Roster ------------------------------------------------------------------------------------

Task<Result<DataForm>> ask_whose_roster(const CommandCall&) {
    DataForm form = make_form("Get a user's roster", "Fill out this form to get a user's roster.");
    add_field(form, "accountjids", "jid-multi", "The Jabber ID for which to retrieve the roster")
        .required = true;
    co_return form;
}

using RosterItems = std::vector<core::RosterItem>;

Task<Result<RosterItems>> read_roster(Context& home, Jid jid) {
    auto pin = co_await home.accounts().load(std::string(jid.bare()));
    if (!pin) co_return pin.error();
    RosterItems items;
    for (const core::RosterItem& item : (*pin)->roster().items())
        if (item.listed) items.push_back(item);
    co_return items;
}

/// By storage::Subscription.
constexpr std::array<std::string_view, 4> subscriptions{"none", "to", "from", "both"};

void add_roster(xml::Element& form, const RosterItems& items) {
    xml::Element& query = form.add("query", ns::roster);
    for (const core::RosterItem& item : items) {
        xml::Element& added = query.add("item");
        added.set_attr("jid", item.jid);
        if (!item.name.empty()) added.set_attr("name", item.name);
        added.set_attr("subscription", subscriptions[static_cast<std::size_t>(item.subscription)]);
        if (item.ask_subscribe) added.set_attr("ask", "subscribe");
        for (const std::string& group : item.groups) added.add_text_child("group", group);
    }
}

/// Of one user: the answer has no place for whose each of several is.
Task<Result<CommandOutcome>> get_roster(CommandCall& call) {
    const auto accounts = co_await accounts_of(call, "accountjids", 1);
    if (!accounts) co_return accounts.error();
    const Jid jid = accounts->front();
    const auto items = co_await core::ask_at_home<RosterItems>(
        call.context, jid.full(), [&](Context& home) { return read_roster(home, jid); });
    if (!items) co_return items.error();
    CommandOutcome outcome;
    outcome.form = make_result();
    outcome.form->add("accountjids", jid.full(), "jid-multi");
    outcome.add_to_form = [items = *items](xml::Element& form) { add_roster(form, items); };
    co_return outcome;
}

// ---- Statistics --------------------------------------------------------------------------------

Task<Result<DataForm>> ask_whose_statistics(const CommandCall&) {
    DataForm form = make_form("Get user statistics", "Fill out this form to gather statistics.");
    add_field(form, "accountjid", "jid-single", "The Jabber ID for statistics").required = true;
    co_return form;
}

struct Statistics {
    std::vector<std::string> addresses, resources;
    std::string stanzas_per_second, logins_per_minute;
    std::size_t contacts = 0, asleep = 0;
    std::uint64_t offline = 0;
};

/// Fired at the home of an account: its rates are asked for.
struct RatesSought {
    enum class Stage { find };
    static constexpr std::string_view name = "RatesSought";
    static constexpr auto kind = core::EventKind::fill_in;
    core::Account& account;
    Statistics& statistics;
};

Task<Result<Statistics>> read_statistics(Context& home, Jid jid) {
    auto pin = co_await home.accounts().load(std::string(jid.bare()));
    if (!pin) co_return pin.error();
    core::Account& account = **pin;
    Statistics result;
    for (const auto& session : account.sessions()) {
        if (session->is_hibernating()) ++result.asleep;
        if (!session->port()) continue;
        result.resources.emplace_back(session->resource());
        std::string address = session->port()->info().address;
        if (std::find(result.addresses.begin(), result.addresses.end(), address) ==
            result.addresses.end())
            result.addresses.push_back(std::move(address));
    }
    const auto& items = account.roster().items();
    result.contacts = static_cast<std::size_t>(std::count_if(
        items.begin(), items.end(), [](const core::RosterItem& item) { return item.listed; }));
    result.offline = account.offline_count();
    home.bus().fire(RatesSought{account, result});
    co_return result;
}

Task<Result<CommandOutcome>> get_statistics(CommandCall& call) {
    const auto accounts = co_await accounts_of(call, "accountjid", 1);
    if (!accounts) co_return accounts.error();
    const Jid jid = accounts->front();
    auto found = co_await core::ask_at_home<Statistics>(
        call.context, jid.full(), [&](Context& home) { return read_statistics(home, jid); });
    if (!found) co_return found.error();
    CommandOutcome outcome;
    outcome.form = make_result();
    DataForm& form = *outcome.form;
    form.add("accountjid", jid.full(), "jid-single");
    form.add("ipaddresses", std::move(found->addresses), "list-multi");
    form.add("rostersize", std::to_string(found->contacts), "text-single");
    form.add("onlineresources", std::move(found->resources), "text-multi");
    form.add("stanzaspersecond", std::move(found->stanzas_per_second), "text-single");
    form.add("loginsperminute", std::move(found->logins_per_minute), "text-single");
    form.add("sleepingresources", std::to_string(found->asleep), "text-single").label =
        "Sessions that sleep";
    form.add("offlinemessages", std::to_string(found->offline), "text-single").label =
        "Messages that wait";
    co_return outcome;
}

}  // namespace

void install_facts(core::ModuleSetup& setup) {
    const auto& rates = setup.state<Rates>(setup);
    setup.on(events::SessionBound::Stage::begin, rates, &Rates::on_bound);
    setup.on<RatesSought>(RatesSought::Stage::find, [&rates](RatesSought& event) {
        event.statistics.stanzas_per_second = rates.stanzas_per_second(event.account);
        event.statistics.logins_per_minute = rates.logins_per_minute(event.account);
    });
    setup.command({.node = node("get-user-roster"),
                   .name = "Get a user's roster",
                   .forms = {ask_whose_roster},
                   .run = get_roster});
    setup.command({.node = node("user-stats"),
                   .name = "Get user statistics",
                   .forms = {ask_whose_statistics},
                   .run = get_statistics});
}

}  // namespace clarion::administration
