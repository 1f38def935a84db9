#include "modules/registration/invitations/pages.h"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <optional>
#include <string>

#include "base/text.h"
#include "modules/registration/invitations/clients.h"
#include "modules/registration/invitations/invitations.h"
#include "modules/registration/invitations/links.h"
#include "modules/registration/invitations/qr_code.h"
#include "server/core/address/domains.h"
#include "server/core/http/http_form.h"
#include "server/core/http/http_host.h"
#include "server/core/http/http_target.h"
#include "server/core/http/web_page.h"
#include "server/core/setup/password_check.h"
#include "server/runtime/shard.h"

namespace clarion::registration::invitations {

using core::Context;
using core::Html;
using core::html;
using core::HttpForm;
using core::HttpRequest;
using core::HttpResponse;

namespace {

constexpr std::size_t max_form = 8192;
constexpr std::size_t shortest_password = 8;

/// A request about an invitation.
struct Asked {
    Presented presented;
    std::string path;        // of the invitation's page, with "?host=" if it was there
    std::string page;        // below it: "", "name"
    std::string name_check;  // what answers whether the name that is appended is free
};

std::optional<Asked> read(const Context& here, const HttpRequest& request) {
    std::string_view rest = std::string_view(request.path).substr(landing_path.size());
    const std::size_t slash = rest.find('/');
    const auto query = HttpForm::parse(request.query);
    if (!query || rest.empty() || slash == 0) return std::nullopt;
    Asked asked;
    asked.presented.token = rest.substr(0, slash);
    asked.presented.network = request.peer.network;
    if (slash != std::string_view::npos) asked.page = rest.substr(slash + 1);
    asked.path = std::string(landing_path) + core::percent_encode(asked.presented.token);
    asked.name_check = asked.path + "/name?name=";
    const std::string wanted(query->value("host"));
    if (here.domains().is_host(wanted)) {
        asked.presented.host = wanted;
        const std::string host = "host=" + core::percent_encode(wanted);
        asked.name_check = asked.path + "/name?" + host + "&name=";
        asked.path += "?" + host;
    } else if (auto host = core::http_host(here.domains(), here.config(), request.host)) {
        asked.presented.host = std::move(*host);
    } else if (here.domains().hosts().size() == 1) {
        asked.presented.host = here.domains().hosts().front();
    }
    return asked;
}

HttpResponse page(std::string title, Html body, unsigned status = 200) {
    return core::answer_with_page({.title = std::move(title),
                                   .body = html("<div class=\"narrow\">{}</div>", body),
                                   .status = status,
                                   .secret_address = true});
}

HttpResponse not_valid(const Error& error) {
    if (error.is(error_code::resource_constraint))
        return page("Try later", html("<h1>Too many attempts</h1><p>Try again in a while.</p>"),
                    429);
    return page("Not valid",
                html("<h1>This link is not valid</h1><p>It may have been used already, or its time "
                     "is over. Ask whoever gave it to you for another one.</p>"),
                404);
}

// --- what is shown ------------------------------------------------------------------------------

std::string headline(const Shown& shown) {
    switch (shown.kind) {
        case Kind::reset: return "A new password for " + shown.account + "@" + shown.host;
        case Kind::contact: return shown.inviter + " invites you to chat";
        case Kind::account: break;
    }
    if (!shown.inviter.empty()) return shown.inviter + " invites you to " + shown.host;
    return "You are invited to " + shown.host;
}

Html problem_of(std::string_view text) {
    if (text.empty()) return {};
    return html("<p class=\"bad\" role=\"alert\">{}</p>", text);
}

Html name_field(const Shown& shown, const Asked& asked, std::string_view name) {
    if (!shown.account.empty())
        return html(
            "<label for=\"name\">Your address</label><input id=\"name\" value=\"{}@{}\" "
            "autocomplete=\"username\" readonly><input type=\"hidden\" name=\"name\" value=\"{}\">",
            shown.account, shown.host, shown.account);
    return html(
        "<label for=\"name\">The name you want</label><input id=\"name\" name=\"name\" "
        "value=\"{}\" "
        "autocomplete=\"username\" autocapitalize=\"none\" spellcheck=\"false\" maxlength=\"200\" "
        "required data-free=\"{}\" aria-describedby=\"free\"><p class=\"hint\" id=\"free\" "
        "aria-live=\"polite\">Your address will be this name, and @{}</p>",
        name, asked.name_check, shown.host);
}

Html form_of(const Shown& shown, const Asked& asked, std::string_view name,
             std::string_view problem) {
    const bool reset = shown.kind == Kind::reset;
    return html(
        "<section class=\"card\"><h2>{}</h2>{}<form method=\"post\" action=\"{}\" data-passwords>{}"
        "<label for=\"password\">Password</label><input id=\"password\" name=\"password\" "
        "type=\"password\" autocomplete=\"new-password\" minlength=\"8\" required "
        "aria-describedby=\"strength\"><meter max=\"100\" low=\"40\" high=\"65\" optimum=\"100\" "
        "value=\"0\" aria-label=\"Strength of the password\"></meter><p class=\"hint\" "
        "id=\"strength\" data-strength aria-live=\"polite\">At least eight characters.</p>"
        "<label for=\"again\">Password again</label><input id=\"again\" name=\"again\" "
        "type=\"password\" autocomplete=\"new-password\" required><p><button "
        "class=\"big\">{}</button>"
        "</p></form></section>\n",
        reset ? "Set the password here" : "Make your account here", problem_of(problem), asked.path,
        name_field(shown, asked, name), reset ? "Set the password" : "Make the account");
}

Html suggestions(Platform platform) {
    Html items;
    for (const SuggestedClient& client : clients_for(platform))
        items += html("<li><a href=\"{}\" rel=\"noreferrer noopener\">{}</a> ({})</li>", client.url,
                      client.name, client.what);
    return html(
        "<section class=\"card\"><h2>Clients for {}</h2><p>Install one first, then come back to "
        "this "
        "page and use the button above.</p><ul>{}</ul></section>\n",
        name_of(platform), items);
}

Html link_card(const Shown& shown, const Asked& asked) {
    Invitation invitation{.kind = shown.kind,
                          .inviter = shown.inviter,
                          .account = shown.account,
                          .registers = shown.registers};
    const std::string uri = uri_of(invitation, shown.host, asked.presented.token);
    return html(
        "<section class=\"card\"><h2>With a client</h2><p><a class=\"button big\" "
        "href=\"{}\">Open in your client</a></p><p>Or point the camera of your phone here:</p>{}"
        "<p class=\"hint\">The link: <code class=\"secret\" id=\"uri\">{}</code> <button "
        "type=\"button\" class=\"quiet\" data-copy=\"uri\" hidden>Copy</button></p></section>\n",
        uri, qr_code(uri, "QR code of the link for clients"), uri);
}

/// "2026-12-07 21:12 UTC".
std::string in_words(WallTime time) {
    std::string text = format_datetime(std::chrono::floor<std::chrono::minutes>(time));
    text[10] = ' ';
    return text.substr(0, 16) + " UTC";
}

HttpResponse landing(const HttpRequest& request, const Shown& shown, const Asked& asked,
                     std::string_view name = {}, std::string_view problem = {},
                     unsigned status = 200) {
    const std::string title = headline(shown);
    Html body = html(
        "<h1>{}</h1><p>{} is a chat server. With an account there, or on any other "
        "server that speaks XMPP, you can chat with everybody who has one. This link is "
        "good until {}.</p>\n",
        title, shown.host, in_words(shown.expires));
    if (shown.kind != Kind::reset) body += link_card(shown, asked);
    if (shown.registers || shown.kind == Kind::reset) body += form_of(shown, asked, name, problem);
    if (shown.kind != Kind::reset) body += suggestions(platform_of(request.field("User-Agent")));
    return page(title, std::move(body), status);
}

/// `welcome`: it was made now.
HttpResponse done(const Context& here, const Shown& shown, const Jid& account) {
    const bool reset = shown.kind == Kind::reset;
    Html body =
        html("<h1>{}</h1><p class=\"good\" role=\"status\">{} <strong>{}</strong></p>\n",
             reset ? "The password is set" : "Welcome",
             reset ? "Log in again with every device of" : "Your address is", account.bare());
    if (!shown.inviter.empty() && !reset)
        body += html("<p>{} is among your contacts.</p>", shown.inviter);
    if (here.http_routes().find("/") != nullptr)
        body += html("<p><a class=\"button big\" href=\"/\">Chat in this browser</a></p>");
    body += html("<p>In a client, log in with this address and your password.</p>");
    return page(reset ? "The password is set" : "Welcome", std::move(body));
}

// --- what is done -------------------------------------------------------------------------------

Task<HttpResponse> answer_name(Context& here, const HttpRequest& request, Asked asked) {
    const auto query = HttpForm::parse(request.query);
    std::string name(query ? query->value("name") : std::string_view());
    const auto free = co_await is_name_free(here, std::move(asked.presented), std::move(name));
    HttpResponse response;
    response.fields.emplace_back("Content-Type", "application/json");
    response.fields.emplace_back("Cache-Control", "no-store");
    response.fields.emplace_back("Referrer-Policy", "no-referrer");
    if (!free && !free.error().is(error_code::not_acceptable))
        response.status = free.error().is(error_code::item_not_found) ? 404 : 429;
    const std::string_view text = !free   ? std::string_view(free.error().text)
                                  : *free ? "This name is free."
                                          : "This name is taken.";
    response.body =
        boost::json::serialize(boost::json::object{{"free", free.ok() && *free}, {"text", text}});
    co_return response;
}

/// What is wrong with the passwords; empty: nothing.
std::string_view check_passwords(const HttpForm& form) {
    if (form.value("password") != form.value("again")) return "The two passwords differ.";
    if (form.value("password").size() < shortest_password)
        return "The password needs at least eight characters.";
    return {};
}

std::string words_for(const Error& error) {
    if (error.is(error_code::conflict)) return "This name is taken. Choose another one.";
    if (error.is(error_code::jid_malformed) || error.text.starts_with("localpart"))
        return "A name has letters, digits, dots, hyphens and underscores, such as ben.volio: no "
               "spaces, and none of \" & ' / : < > @";
    return error.text;
}

/// A browser may have sent the form twice: then the account is there, with this very password.
Task<std::optional<Jid>> just_made(Context& here, const Presented& presented, std::string_view name,
                                   std::string password) {
    auto jid = Jid::make(name, presented.host);
    if (!jid || name.empty()) co_return std::nullopt;
    const auto known =
        co_await core::check_password(here, *jid, std::move(password), presented.network);
    if (!known) co_return std::nullopt;
    co_return std::move(*jid);
}

/// Somebody else, or the same browser a moment earlier, may have the last use in hands: then it is
/// seen what becomes of that.
Task<Result<Jid>> use(Context& here, const Shown& shown, const Presented& presented,
                      const std::string& name, const std::string& password) {
    constexpr int most_attempts = 20;
    Result<Jid> account = fail(error_code::conflict);
    for (int i = 0; i < most_attempts && !account && account.error().is(error_code::conflict);
         ++i) {
        if (i > 0) co_await here.shard().sleep(std::chrono::milliseconds(250));
        if (shown.kind == Kind::reset)
            account = co_await reset_password(here, presented, password);
        else
            account = co_await register_account(here, presented, name, password);
        if (account || shown.kind == Kind::reset) continue;
        const auto free = co_await is_name_free(here, presented, name);
        if (free && !*free) break;  // that is why
    }
    co_return account;
}

Task<HttpResponse> carry_out(Context& here, const HttpRequest& request, Asked asked) {
    const auto form = HttpForm::parse(request.body);
    if (!form) co_return page("Not understood", html("<p>This form is none of ours.</p>"), 400);
    const std::string password(form->value("password"));
    std::string name(trim(form->value("name")));
    const auto shown = co_await look_up(here, asked.presented);
    if (!shown) {
        if (!shown.error().is(error_code::item_not_found)) co_return not_valid(shown.error());
        const auto made = co_await just_made(here, asked.presented, name, password);
        if (!made) co_return not_valid(shown.error());
        const Shown unknown{.host = asked.presented.host};
        co_return done(here, unknown, *made);
    }
    if (!shown->account.empty()) name = shown->account;
    const std::string_view wrong = check_passwords(*form);
    if (!wrong.empty()) co_return landing(request, *shown, asked, name, wrong, 422);
    Result<Jid> account = co_await use(here, *shown, asked.presented, name, password);
    if (account) co_return done(here, *shown, *account);
    const bool gone = account.error().is(error_code::item_not_found);
    if (gone || account.error().is(error_code::conflict)) {
        const auto made = co_await just_made(here, asked.presented, name, password);
        if (made) co_return done(here, *shown, *made);
    }
    if (gone) co_return not_valid(account.error());
    co_return landing(request, *shown, asked, name, words_for(account.error()), 422);
}

Task<HttpResponse> answer(Context& here, HttpRequest request) {
    if (!core::is_confidential(request))
        co_return page("Not over this connection",
                       html("<h1>Use https</h1><p>This page takes a password: its address begins "
                            "with https.</p>"),
                       403);
    std::optional<Asked> asked = read(here, request);
    if (!asked || asked->presented.host.empty())
        co_return not_valid(fail(error_code::item_not_found));
    if (asked->page == "name" && request.is_get())
        co_return co_await answer_name(here, request, std::move(*asked));
    if (!asked->page.empty()) co_return not_valid(fail(error_code::item_not_found));
    if (!request.is_get()) co_return co_await carry_out(here, request, std::move(*asked));
    const auto shown = co_await look_up(here, asked->presented);
    if (!shown) co_return not_valid(shown.error());
    co_return landing(request, *shown, *asked);
}

}  // namespace

void serve_pages(core::ModuleSetup& setup) {
    setup.serve_http({.path = std::string(landing_path),
                      .methods = {"GET", "POST"},
                      .max_body = max_form,
                      .handle = answer});
}

}  // namespace clarion::registration::invitations
