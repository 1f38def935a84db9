// When a user was there last (XEP-0133, 4.9).
//
// What is kept is when they went (modules/last_activity), and for who sleeps since when: that is
// what an administrator wants to know of an account, and it costs nothing at a login. Nobody is told
// from where.
#include "base/id.h"
#include "base/text.h"
#include "modules/administration/forms.h"
#include "modules/administration/parts.h"
#include "proto/ns.h"
#include "server/core/accounts/account_directory.h"
#include "server/core/accounts/session.h"
#include "server/core/delivery/other_modules.h"
#include "server/core/setup/remote_call.h"

namespace clarion::administration {

using core::CommandCall;
using core::CommandNote;
using core::CommandOutcome;
using core::Context;

namespace {

Task<Result<DataForm>> ask_whose_login(const CommandCall&) {
    DataForm form = make_form("Get a user's last login time",
                              "Fill out this form to learn when a user was there last.");
    add_field(form, "accountjids", "jid-multi",
              "The Jabber ID(s) for which to retrieve the last login time")
        .required = true;
    co_return form;
}

/// Of who is connected now: "online"; of one that sleeps, since when; else empty.
std::string by_sessions(const core::Account& account) {
    if (account.has_live_session()) return "online";
    std::optional<LastingTime> since;
    for (const auto& session : account.sessions())
        if (session->is_hibernating())
            since = std::max(since.value_or(LastingTime{}), session->hibernation().since());
    return since ? format_datetime(account.context().clock().on_calendar(*since)) : "";
}

/// As the account is told of itself (XEP-0012).
std::string read_departure(const core::IqAnswer& answer, WallTime now) {
    if (const auto* error = std::get_if<StanzaError>(&answer))
        return error->condition == StanzaErrorCondition::item_not_found ? "never" : "unknown";
    const Stanza& result = *std::get<std::shared_ptr<Stanza>>(answer);
    const xml::Element* query = result.root().child(ns::last_activity, "query");
    if (!query) return "unknown";
    const auto seconds = parse_int(query->attr("seconds"));
    return seconds ? format_datetime(now - std::chrono::seconds(*seconds)) : "unknown";
}

Task<Result<std::string>> find_last_login(Context& home, Jid jid) {
    auto pin = co_await home.accounts().load(std::string(jid.bare()));
    if (!pin) co_return pin.error();
    std::string now = by_sessions(**pin);
    if (!now.empty()) co_return now;
    auto request = Stanza::make(StanzaKind::iq, StanzaType::get, (*pin)->jid(), (*pin)->jid(),
                                random_token(9));
    request->root().add("query", ns::last_activity);
    const core::OtherModules others(home, "administration");
    const core::IqAnswer answer = co_await others.ask(std::move(*pin), std::move(request));
    co_return read_departure(answer, home.clock().wall());
}

Task<Result<CommandOutcome>> get_last_login(CommandCall& call) {
    const auto accounts = co_await accounts_of(call, "accountjids", most_accounts(call));
    if (!accounts) co_return accounts.error();
    CommandOutcome outcome;
    std::vector<std::string> names, times;
    for (const Jid& jid : *accounts) {
        auto found = co_await core::ask_at_home<std::string>(
            call.context, jid.full(), [&](Context& home) { return find_last_login(home, jid); });
        if (!found && accounts->size() == 1) co_return found.error();
        if (!found) {
            outcome.notes.push_back(
                {CommandNote::Type::error, jid.full() + ": " + found.error().text});
            continue;
        }
        names.push_back(jid.full());
        times.push_back(std::move(*found));
    }
    outcome.form = make_result();
    const std::string_view type = times.size() == 1 ? "text-single" : "text-multi";
    outcome.form->add("accountjids", std::move(names), "jid-multi");
    outcome.form->add("lastlogin", std::move(times), type);
    co_return outcome;
}

}  // namespace

void install_last_login(core::ModuleSetup& setup) {
    setup.command({.node = node("get-user-lastlogin"),
                   .name = "Get a user's last login time",
                   .forms = {ask_whose_login},
                   .run = get_last_login});
}

}  // namespace clarion::administration
