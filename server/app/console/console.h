// Console: pages for people with a browser: /admin/ for administrators, /me/ for everybody with an
// account ([console]; docs/console.md).
//
// Here is who may in: only over TLS or from this machine, after signing in with address and password,
// as slowly for whom guesses as any login. What a form changes needs the session's form token, and
// comes from a page of ours. Every request looks up anew whether the account may still be in, and
// what it administers. What is shown is in admin_pages.cpp and account_pages.cpp; all of it is
// what the commands of the admin socket answer (/admin/api/ has them as JSON). All on shard 0.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "server/app/console/console_options.h"
#include "server/app/console/visit.h"
#include "server/app/console/web_sessions.h"
#include "server/core/http/http_routes.h"

namespace clarion::app {

class App;

class Console {
public:
    explicit Console(App& app) : app_(app) {}
    Console(const Console&) = delete;
    Console& operator=(const Console&) = delete;

    /// Adds the routes to those of one shard, which this outlives.
    void serve(core::HttpRoutes& routes);

private:
    enum class Area : std::uint8_t { administrators, users };
    using Turns = std::map<std::string, std::int64_t, std::less<>>;
    class Turn;
    class Copy;
    struct SignedIn {
        std::string token;
        WebSession session;
        core::AdminRights rights;
    };

    Task<core::HttpResponse> at_console(core::Context& here, core::HttpRequest request, Area area);
    Task<std::optional<Jid>> begin_export(const core::HttpRequest& request,
                                          core::HttpResponse& response);
    core::HttpResponse copy_of(core::Context& here, const Jid& account);
    Task<core::HttpResponse> answer(const core::HttpRequest& request, Area area);
    Task<core::HttpResponse> show(const core::HttpRequest& request, Area area);
    Task<core::HttpResponse> carry_out(const core::HttpRequest& request, Area area);
    Task<core::HttpResponse> run_form(const core::HttpRequest& request, Area area, SignedIn who,
                                      core::HttpForm form);
    Task<> take_password(const Visit& visit, SignedIn who, core::HttpForm form);
    Task<core::HttpResponse> answer_api(const core::HttpRequest& request);
    Task<core::HttpResponse> sign_in(const core::HttpRequest& request, Area area,
                                     core::HttpForm form);
    core::HttpResponse sign_out(const core::HttpRequest& request, Area area, const SignedIn& who);
    core::HttpResponse sign_in_page(const core::HttpRequest& request, Area area,
                                    std::string_view problem, unsigned status) const;
    Task<std::optional<SignedIn>> who_asks(const core::HttpRequest& request, Area area);
    /// On that page, once.
    void leave_notice(const SignedIn& who, std::string page, std::string text, bool is_error);

    const ConsoleOptions& options() const;
    WebSessions::Limits limits() const;
    bool is_on(Area area) const;
    static std::string prefix_of(Area area);

    App& app_;
    WebSessions sessions_;
    Turns turns_;  // requests that are being answered, by account
};

}  // namespace clarion::app
