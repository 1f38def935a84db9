// The page /me/: what everybody may do with their own account.
#include <algorithm>
#include <array>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include "modules/registration/invitations/invitations.h"
#include "modules/registration/invitations/options.h"
#include "server/app/admin_api.h"
#include "server/app/app.h"
#include "server/app/console/pages.h"
#include "server/app/console/tables.h"
#include "server/core/accounts/account_registry.h"
#include "server/core/setup/password_check.h"
#include "server/core/setup/remote_call.h"

namespace clarion::app {

namespace json = boost::json;
using core::Html;
using core::html;
namespace invitations = registration::invitations;

namespace {

bool may_invite(const Visit& visit) {
    const std::string_view host = visit.account().domain();
    return visit.here().options<invitations::InvitationOptions>(host).users;
}

constexpr std::array<std::string_view, 4> own_commands{"client sign-out", "push ping", "push test",
                                                       "push remove"};

/// What a command answers about the account itself.
Task<Html> own_answer(const Visit& visit, std::string_view title, std::string_view name,
                      TableStyle style) {
    const core::AdminCommand* const command = visit.command(name);
    if (!command) co_return Html();
    const json::object arguments{{"jid", visit.account().bare()}};
    const core::AdminAsker asker = visit.asker();
    const auto answer = co_await command->run(visit.here(), arguments, asker);
    if (!answer) co_return card(title, problem(answer.error()));
    co_return card(title, table_of(*command, *answer, style));
}

Task<Html> invite_card(const Visit& visit) {
    const invitations::Wish wish =
        co_await invitations::wish_of_user(visit.here(), visit.account());
    const Html inside = html(
        "<p>Make a link, and give it to a friend: whoever opens it becomes your contact{}.</p>"
        "<p><button>Make a link</button></p>",
        wish.registers ? ", and can make an account here" : "");
    co_return card("Invite a friend", visit.form("invite", inside, {{"back", "/me/"}}));
}

Html password_card(const Visit& visit) {
    const Html inside = html(
        "<label for=\"old\">Your password now</label><input id=\"old\" name=\"old\" "
        "type=\"password\" "
        "autocomplete=\"current-password\" required>"
        "<label for=\"new\">The new one</label><input id=\"new\" name=\"new\" type=\"password\" "
        "autocomplete=\"new-password\" minlength=\"8\" required aria-describedby=\"strength\">"
        "<p class=\"hint\" id=\"strength\" data-strength aria-live=\"polite\"></p>"
        "<label for=\"again\">The new one again</label><input id=\"again\" name=\"again\" "
        "type=\"password\" autocomplete=\"new-password\" required>"
        "<p class=\"hint\">All your devices must log in with it anew.</p>"
        "<p><button>Change the password</button></p>");
    Html form = visit.form("password", inside, {{"back", "/me/"}});
    return html("<section class=\"card\"><h2>Password</h2><div data-passwords>{}</div></section>\n",
                form);
}

}  // namespace

Result<> check_own_command(const Visit& visit, std::string_view command,
                           const json::object& arguments) {
    const bool known =
        std::find(own_commands.begin(), own_commands.end(), command) != own_commands.end();
    const auto jid = Jid::parse(core::text(arguments, "jid"));
    if (!known || !jid || jid->bare() != visit.account().bare())
        return fail(core::not_permitted, "you may not do that");
    return {};
}

Task<Result<std::string>> invite_friend(const Visit& visit) {
    if (!may_invite(visit)) co_return fail(core::not_permitted, "you may not do that");
    invitations::Wish wish = co_await invitations::wish_of_user(visit.here(), visit.account());
    std::string by(visit.account().bare());
    const auto made = co_await invitations::create(visit.here(), std::move(wish), std::move(by));
    if (!made) co_return made.error();
    co_return made->url.empty() ? made->uri : made->url;
}

Task<Result<std::string>> change_password(const Visit& visit, const core::HttpForm& form) {
    core::Context& here = visit.here();
    const std::string old(form.value("old")), wanted(form.value("new"));
    if (wanted != form.value("again"))
        co_return fail(error_code::not_acceptable, "The two passwords differ.");
    if (wanted.size() < 8)
        co_return fail(error_code::not_acceptable, "At least eight characters, please.");
    const Jid account = visit.account();
    const auto known =
        co_await core::check_password(here, account, old, visit.request().peer.network);
    if (!known) co_return fail(error_code::not_acceptable, "Your password now is another one.");
    const Result<> changed = co_await core::ask_at_home<void>(
        here, std::string(account.bare()),
        [&](core::Context& home) { return home.account_registry().set_password(account, wanted); });
    if (!changed) co_return changed.error();
    co_return co_await core::credentials_mark(here, account);
}

Task<core::HttpResponse> account_page(const Visit& visit) {
    if (!visit.page().empty())
        co_return console_page(visit, "Nothing here", html("<p>There is no such page.</p>"), 404);
    const std::string jid(visit.account().bare());
    TableStyle clients;
    clients.actions = [&visit, &jid](const json::object& record) {
        return visit.button("Sign out", "client sign-out",
                            {{"jid", jid}, {"id", std::string(core::text(record, "id"))}},
                            "Sign this client out? It has to log in again.");
    };
    Html body = co_await own_answer(visit, "Your clients", "client list", clients);
    TableStyle registrations;
    registrations.actions = [&visit, &jid](const json::object& record) {
        const Fields one{{"jid", jid},
                         {"service", std::string(core::text(record, "service"))},
                         {"node", std::string(core::text(record, "node"))}};
        Html buttons = visit.button("Send a test", "push test", one);
        buttons += visit.button("Remove", "push remove", one, "Send no more notifications there?");
        return buttons;
    };
    body += co_await own_answer(visit, "Notifications", "push list", registrations);
    if (may_invite(visit)) {
        const Html card_of_invitations = co_await invite_card(visit);
        body += card_of_invitations;
    }
    body += password_card(visit);
    body += card("Other browsers",
                 visit.form("sign-out-others",
                            html("<p>Where else you are signed in to this page: at work, say.</p>"
                                 "<p><button class=\"quiet\">Sign out all others</button></p>"),
                            {{"back", "/me/"}}));
    body += card("Your data",
                 html("<p>A copy of what is kept for your account: contacts, messages, "
                      "profile, in the format of XEP-0227.</p><p><a class=\"button quiet\" "
                      "href=\"/me/export\" download>Download</a></p>"));
    co_return console_page(visit, jid, std::move(body));
}

}  // namespace clarion::app
