#include "server/app/console/console.h"

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include "base/log.h"
#include "proto/crypto.h"
#include "server/app/admin_api.h"
#include "server/app/admin_commands.h"
#include "server/app/app.h"
#include "server/app/console/pages.h"
#include "server/core/http/http_form.h"
#include "server/core/http/http_host.h"
#include "server/core/http/web_page.h"
#include "server/core/setup/account_export.h"
#include "server/core/setup/password_check.h"
#include "server/core/setup/remote_call.h"
#include "server/runtime/shard.h"

namespace clarion::app {

namespace json = boost::json;
using core::Html;
using core::html;
using core::HttpForm;
using core::HttpRequest;
using core::HttpResponse;

namespace {

constexpr Logger logger{"console"};

constexpr std::size_t max_form = 64 * 1024;
constexpr std::string_view api_prefix = "/admin/api/";
constexpr std::string_view export_path = "/me/export";

/// A browser keeps a cookie with this prefix to the very host, and sends it over TLS only.
std::string_view cookie_name(const HttpRequest& request) {
    return request.peer.encrypted ? "__Host-clarion" : "clarion";
}

void set_cookie(HttpResponse& response, const HttpRequest& request, std::string_view token) {
    std::string value(cookie_name(request));
    value.append("=").append(token).append("; Path=/; HttpOnly; SameSite=Strict");
    if (request.peer.encrypted) value += "; Secure";
    if (token.empty()) value += "; Max-Age=0";
    response.fields.emplace_back("Set-Cookie", std::move(value));
}

bool has_form_token(const WebSession& session, std::string_view token) {
    return crypto::constant_time_equal(session.form_token, token);
}

/// A page as a browser asks for it.
std::string page_of(const HttpRequest& request) {
    return request.query.empty() ? request.path : request.path + "?" + request.query;
}

/// Back to a page of the area, never elsewhere.
std::string page_to_return_to(std::string_view wanted, const std::string& area) {
    const bool ours = wanted.starts_with(area) && wanted.find("//") == std::string_view::npos &&
                      wanted.find('\\') == std::string_view::npos;
    return ours ? std::string(wanted) : area;
}

/// What was typed into a form that failed, so that nobody types it again; empty: nothing.
std::string address_typed(const HttpRequest& request) {
    constexpr std::size_t longest = 3071;  // RFC 7622, 3.1
    if (request.method != "POST") return {};
    const std::optional<HttpForm> form = HttpForm::parse(request.body);
    const std::string_view address = form ? form->value("address") : std::string_view();
    return address.size() <= longest ? std::string(address) : std::string();
}

/// "ann" is ann of the host whose page it is.
Result<Jid> read_address(const core::Context& here, const HttpRequest& request,
                         std::string_view text) {
    std::string address(trim(text));
    if (address.find('@') == std::string::npos) {
        const auto host = core::http_host(here.domains(), here.config(), request.host);
        const auto& hosts = here.domains().hosts();
        if (host || hosts.size() == 1) address += "@" + (host ? *host : hosts.front());
    }
    auto jid = Jid::parse(address);
    if (!jid || !jid->has_local() || !here.domains().is_host(jid->domain()))
        return fail("not-authorized", "the address or the password is wrong");
    return jid->to_bare();
}

/// What a form's fields are to a command.
json::object arguments_of(const core::AdminCommand& command, const HttpForm& form) {
    json::object arguments;
    for (const auto& argument : command.arguments) {
        const std::string_view value = form.value(argument.name);
        if (argument.kind == core::ArgumentKind::flag) {
            if (form.has(argument.name)) arguments[argument.name] = true;
        } else if (value.empty()) {
            continue;
        } else if (argument.kind == core::ArgumentKind::number) {
            if (const auto number = parse_int(value)) arguments[argument.name] = *number;
        } else {
            arguments[argument.name] = value;
        }
    }
    return arguments;
}

/// For the log.
std::string outcome_of(const Result<json::value>& result) {
    if (!result) return result.error().code;
    return core::ended_badly(*result) ? "failed" : "done";
}

/// Whom a command is about, for the log; empty: the server, or there is no such command.
std::string about_of(const Visit& visit, std::string_view name, const json::object& arguments) {
    const core::AdminCommand* const command = visit.command(name);
    return command ? std::string(core::text(arguments, core::about_argument(*command)))
                   : std::string();
}

}  // namespace

// --- who may in ---------------------------------------------------------------------------------

const ConsoleOptions& Console::options() const { return app_.context().options<ConsoleOptions>(); }

WebSessions::Limits Console::limits() const {
    return {.idle = options().idle_time,
            .whole = options().session_time,
            .most = static_cast<std::size_t>(options().max_sessions)};
}

bool Console::is_on(Area area) const {
    return area == Area::administrators ? options().administrators : options().users;
}

std::string Console::prefix_of(Area area) {
    return area == Area::administrators ? "/admin/" : "/me/";
}

/// A request that is being answered, of those that one account may have.
class Console::Turn {
public:
    Turn(Turns& turns, const Jid& account, std::int64_t most)
        : turns_(turns), account_(account.bare()) {
        taken_ = ++turns_[account_] <= most;
    }
    ~Turn() {
        if (!is_left_) give_back(turns_, account_);
    }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;
    bool taken() const { return taken_; }
    /// It lasts on: somebody else gives it back.
    void leave() { is_left_ = true; }
    static void give_back(Turns& turns, const std::string& account) {
        if (--turns[account] == 0) turns.erase(account);
    }

private:
    Turns& turns_;
    const std::string account_;
    bool taken_ = false;
    bool is_left_ = false;
};

/// A copy of an account, with the turn of who reads it: as long as it is read, wherever that is. If
/// the server stops meanwhile, nobody is there any more to have it back.
class Console::Copy final : public core::HttpFeed {
public:
    Copy(Console& console, core::Context& here, Jid account)
        : console_(console),
          here_(here),
          account_(std::move(account)),
          document_(core::export_account(here, account_, core::Credentials::left_out)) {}
    ~Copy() override {
        here_.shards().post(0, [&console = console_, account = std::string(account_.bare())] {
            Turn::give_back(console.turns_, account);
        });
    }
    Copy(const Copy&) = delete;
    Copy& operator=(const Copy&) = delete;
    End end() const override { return document_->end(); }
    Task<std::string> next() override { return document_->next(); }

private:
    Console& console_;
    core::Context& here_;
    const Jid account_;
    const std::unique_ptr<core::HttpFeed> document_;
};

/// nullopt: nobody, or nobody any more.
Task<std::optional<Console::SignedIn>> Console::who_asks(const HttpRequest& request, Area area) {
    const std::string token(core::cookie(request, cookie_name(request)));
    const WebSession* const found =
        sessions_.find(app_.context().clock().steady(), limits(), token,
                       options().bind_to_address ? request.peer.network : std::string());
    if (!found) co_return std::nullopt;
    SignedIn who{.token = token, .session = *found, .rights = {}};
    const auto mark = co_await core::credentials_mark(app_.context(), who.session.account);
    if (!mark || *mark != who.session.mark) {
        sessions_.end(token);
        co_return std::nullopt;
    }
    if (area == Area::administrators) {
        who.rights = co_await core::rights_of(app_.context(), who.session.account);
        if (who.rights.none()) co_return std::nullopt;
    }
    co_return who;
}

HttpResponse Console::sign_in_page(const HttpRequest& request, Area area, std::string_view problem,
                                   unsigned status) const {
    const bool admin = area == Area::administrators;
    Html said;
    if (!problem.empty()) said = html("<p class=\"bad\" role=\"alert\">{}</p>", problem);
    const std::string action = prefix_of(area) + "sign-in";
    const core::Context& here = app_.context();
    const std::string host = core::http_host(here.domains(), here.config(), request.host)
                                 .value_or(here.domains().hosts().front());
    const std::string back = request.method == "POST" ? prefix_of(area) : request.path;
    Html body = html(
        "<div class=\"narrow card\"><h1>{}</h1>{}<form method=\"post\" action=\"{}\">"
        "<input type=\"hidden\" name=\"back\" value=\"{}\">"
        "<label for=\"address\">Address</label><input id=\"address\" name=\"address\" "
        "autocomplete=\"username\" autocapitalize=\"none\" spellcheck=\"false\" required autofocus "
        "placeholder=\"name@{}\" value=\"{}\">"
        "<label for=\"password\">Password</label><input id=\"password\" name=\"password\" "
        "type=\"password\" autocomplete=\"current-password\" required>"
        "<p><button>Sign in</button></p></form></div>",
        admin ? "Administration" : "Your account", said, action, back, host,
        address_typed(request));
    return core::answer_with_page({.title = admin ? "Sign in: administration" : "Sign in",
                                   .body = std::move(body),
                                   .status = status});
}

Task<HttpResponse> Console::sign_in(const HttpRequest& request, Area area, HttpForm form) {
    core::Context& here = app_.context();
    const auto account = read_address(here, request, form.value("address"));
    Result<std::string> mark = account ? Result<std::string>(std::string()) : account.error();
    if (account)
        mark = co_await core::check_password(here, *account, std::string(form.value("password")),
                                             request.peer.network);
    if (!mark) {
        if (here.refusals().admit(request.peer.network, "sign-in-failed"))
            logger.info("sign-in-failed", {{"account", account ? account->full() : std::string()},
                                           {"address", request.peer.address},
                                           {"error", mark.error().code}});
        co_return sign_in_page(request, area, mark.error().text, 403);
    }
    const core::AdminRights rights = co_await core::rights_of(here, *account);
    if (area == Area::administrators && rights.none()) {
        logger.info("not-an-administrator",
                    {{"account", account->full()}, {"address", request.peer.address}});
        co_return sign_in_page(request, area, "This account administers nothing here.", 403);
    }
    // Whatever token the browser brought is not the one that is signed in.
    sessions_.end(core::cookie(request, cookie_name(request)));
    const std::string token = sessions_.begin(here.clock().steady(), limits(), *account,
                                              std::move(*mark), request.peer.network);
    logger.info("signed-in", {{"account", account->full()},
                              {"address", request.peer.address},
                              {"page", prefix_of(area)}});
    HttpResponse response = core::see_other(page_to_return_to(form.value("back"), prefix_of(area)));
    set_cookie(response, request, token);
    co_return response;
}

HttpResponse Console::sign_out(const HttpRequest& request, Area area, const SignedIn& who) {
    sessions_.end(who.token);
    logger.info("signed-out", {{"account", who.session.account.full()}});
    HttpResponse response = core::see_other(prefix_of(area));
    set_cookie(response, request, {});
    return response;
}

// --- requests -----------------------------------------------------------------------------------

Task<HttpResponse> Console::at_console(core::Context& here, HttpRequest request, Area area) {
    if (!is_on(area)) co_return core::http_text(404, "there is nothing here");
    if (!core::is_confidential(request))
        co_return core::http_text(403, "this page is for https, and for this machine");
    HttpResponse response = core::http_text(503, "the server is stopping");
    std::optional<Jid> exported;
    const std::function<Task<>(core::Context&)> work = [&](core::Context&) -> Task<> {
        if (area == Area::users && request.path == export_path && request.is_get())
            exported = co_await begin_export(request, response);
        else
            response = co_await answer(request, area);
    };
    co_await core::call_on_shard(here, 0, work);
    if (exported) response = copy_of(here, *exported);
    co_return response;
}

/// Takes a turn, which the copy gives back when it was read. nullopt: `response` says why not.
Task<std::optional<Jid>> Console::begin_export(const HttpRequest& request, HttpResponse& response) {
    const std::optional<SignedIn> who = co_await who_asks(request, Area::users);
    if (!who) {
        response = sign_in_page(request, Area::users, {}, 200);
        co_return std::nullopt;
    }
    Turn turn(turns_, who->session.account, options().requests_per_account);
    if (!turn.taken()) {
        response = core::http_text(429, "wait for the answers that you asked for");
        co_return std::nullopt;
    }
    turn.leave();
    logger.info("exported", {{"account", who->session.account.full()}});
    co_return who->session.account;
}

/// What is kept of an account, as a file. Written on the shard that has the connection.
HttpResponse Console::copy_of(core::Context& here, const Jid& account) {
    HttpResponse response;
    response.fields.emplace_back("Content-Type", "application/xml");
    response.fields.emplace_back("Content-Disposition", "attachment; filename=\"account.xml\"");
    response.fields.emplace_back("X-Content-Type-Options", "nosniff");
    response.fields.emplace_back("Cache-Control", "no-store");
    response.body = std::make_unique<Copy>(*this, here, account);
    return response;
}

Task<HttpResponse> Console::answer(const HttpRequest& request, Area area) {
    if (request.path.starts_with(api_prefix)) co_return co_await answer_api(request);
    if (request.is_get()) co_return co_await show(request, area);
    co_return co_await carry_out(request, area);
}

Task<HttpResponse> Console::show(const HttpRequest& request, Area area) {
    std::optional<SignedIn> who = co_await who_asks(request, area);
    if (!who) co_return sign_in_page(request, area, {}, 200);
    const Turn turn(turns_, who->session.account, options().requests_per_account);
    if (!turn.taken()) co_return core::http_text(429, "wait for the answers that you asked for");
    // What is said once is said on the page that it is for, not on one that reloads itself meanwhile.
    if (who->session.notice_page == page_of(request))
        leave_notice(*who, {}, {}, false);
    else
        who->session.notice.clear();
    const Visit visit(app_, request, who->session, who->rights, prefix_of(area));
    if (area == Area::administrators) co_return co_await admin_page(visit);
    co_return co_await account_page(visit);
}

void Console::leave_notice(const SignedIn& who, std::string page, std::string text, bool is_error) {
    WebSession* const session =
        sessions_.find(app_.context().clock().steady(), limits(), who.token);
    if (!session) return;
    session->notice_page = std::move(page);
    session->notice = std::move(text);
    session->notice_is_error = is_error;
}

/// A form was sent.
Task<HttpResponse> Console::carry_out(const HttpRequest& request, Area area) {
    std::optional<HttpForm> form = HttpForm::parse(request.body);
    if (!form || !core::is_of_this_site(request))
        co_return sign_in_page(request, area, "That did not come from a page of this server.", 403);
    const std::string_view page = std::string_view(request.path).substr(prefix_of(area).size());
    if (page == "sign-in") co_return co_await sign_in(request, area, std::move(*form));
    std::optional<SignedIn> who = co_await who_asks(request, area);
    if (!who) co_return sign_in_page(request, area, "You are signed out. Sign in again.", 403);
    if (!has_form_token(who->session, form->value("form_token")))
        co_return sign_in_page(request, area, "That did not come from a page of this server.", 403);
    if (page == "sign-out") co_return sign_out(request, area, *who);
    co_return co_await run_form(request, area, std::move(*who), std::move(*form));
}

/// Those who are signed in with the old one are not any more, but for this browser.
Task<> Console::take_password(const Visit& visit, SignedIn who, HttpForm form) {
    const std::string back = page_to_return_to(form.value("back"), prefix_of(Area::users));
    const auto mark = co_await change_password(visit, form);
    WebSession* const mine =
        mark ? sessions_.find(app_.context().clock().steady(), limits(), who.token) : nullptr;
    if (mine) mine->mark = *mark;
    if (mark) sessions_.end_others(who.session.account, who.token);
    leave_notice(who, back,
                 mark ? "Your password is changed. Log in again with your other devices."
                      : mark.error().text,
                 !mark);
}

Task<HttpResponse> Console::run_form(const HttpRequest& request, Area area, SignedIn who,
                                     HttpForm form) {
    const std::string back = page_to_return_to(form.value("back"), prefix_of(area));
    const Turn turn(turns_, who.session.account, options().requests_per_account);
    if (!turn.taken()) co_return core::http_text(429, "wait for the answers that you asked for");
    WebSession* const session =
        sessions_.find(app_.context().clock().steady(), limits(), who.token);
    if (!session || !session->take_form(form.value("form_number"))) co_return core::see_other(back);
    const Visit visit(app_, request, who.session, who.rights, prefix_of(area));
    if (visit.page() == "password" && area == Area::users) {
        co_await take_password(visit, who, std::move(form));
        co_return core::see_other(back);
    }
    if (visit.page() == "sign-out-others" && area == Area::users) {
        sessions_.end_others(who.session.account, who.token);
        logger.info("signed-out-others", {{"account", who.session.account.full()}});
        leave_notice(who, back, "All other browsers are signed out.", false);
        co_return core::see_other(back);
    }
    if (visit.page() == "invite" && area == Area::users) {
        const auto link = co_await invite_friend(visit);
        leave_notice(who, back,
                     link ? "Give this link to your friend: " + *link : link.error().text, !link);
        co_return core::see_other(back);
    }
    const std::string name(form.value("command"));
    const core::AdminCommand* const command = visit.command(name);
    if (!command) co_return core::http_text(404, "there is no such command here");
    const json::object arguments = arguments_of(*command, form);
    Result<json::value> result = fail(core::not_permitted, "you may not do that");
    if (area == Area::administrators) {
        result = co_await visit.run(name, arguments);
    } else if (const Result<> own = check_own_command(visit, name, arguments);
               own && core::check_arguments(*command, arguments)) {
        const core::AdminAsker asker = visit.asker();
        result = co_await command->run(visit.here(), arguments, asker);
    }
    logger.info("command", {{"account", who.session.account.full()},
                            {"command", name},
                            {"about", core::text(arguments, core::about_argument(*command))},
                            {"outcome", outcome_of(result)}});
    leave_notice(who, back, result ? describe_outcome(*command, *result) : result.error().text,
                 !result || core::ended_badly(*result));
    co_return core::see_other(back);
}

/// The commands of the admin socket, for who has signed in: POST with JSON, and the form token in
/// X-Form-Token.
Task<HttpResponse> Console::answer_api(const HttpRequest& request) {
    std::optional<SignedIn> who = co_await who_asks(request, Area::administrators);
    if (!who) co_return command_refusal(401, fail("not-authorized", "sign in first"));
    if (!core::is_of_this_site(request) ||
        !has_form_token(who->session, request.field("X-Form-Token")))
        co_return command_refusal(403,
                                  fail(core::not_permitted, "the form token is missing or wrong"));
    const Turn turn(turns_, who->session.account, options().requests_per_account);
    if (!turn.taken()) co_return command_refusal(429, fail(error_code::resource_constraint));
    const std::string name = command_name(request.path, api_prefix);
    Result<json::object> arguments = command_arguments(request.body);
    if (!arguments) co_return command_refusal(400, arguments.error());
    const Visit visit(app_, request, who->session, who->rights, prefix_of(Area::administrators));
    const auto result = co_await visit.run(name, *arguments);
    logger.info("command", {{"account", who->session.account.full()},
                            {"command", name},
                            {"about", about_of(visit, name, *arguments)},
                            {"outcome", outcome_of(result)}});
    co_return command_answer(result);
}

void Console::serve(core::HttpRoutes& routes) {
    const auto at = [this](Area area) {
        return [this, area](core::Context& here, HttpRequest request) {
            return at_console(here, std::move(request), area);
        };
    };
    for (const Area area : {Area::administrators, Area::users}) {
        const std::string prefix = prefix_of(area);
        routes.add({.path = prefix.substr(0, prefix.size() - 1),
                    .methods = {"GET"},
                    .handle = [prefix](core::Context&, HttpRequest) -> Task<HttpResponse> {
                        co_return core::see_other(prefix);
                    }});
        routes.add(
            {.path = prefix, .methods = {"GET", "POST"}, .max_body = max_form, .handle = at(area)});
    }
    routes.add({.path = std::string(api_prefix),
                .methods = {"POST"},
                .max_body = max_form,
                .handle = at(Area::administrators)});
}

}  // namespace clarion::app
