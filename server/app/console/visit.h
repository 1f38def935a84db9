// A request of somebody who has signed in, and what its page needs.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "server/app/console/web_sessions.h"
#include "server/core/http/html.h"
#include "server/core/http/http_form.h"
#include "server/core/setup/admin_rights.h"

namespace boost::json {
class object;
class value;
}  // namespace boost::json

namespace clarion::app {

class App;

using Fields = std::vector<std::pair<std::string, std::string>>;

/// On shard 0. Lasts until its answer is made.
class Visit {
public:
    Visit(App& app, const core::HttpRequest& request, WebSession session, core::AdminRights rights,
          std::string area);

    App& app() const { return app_; }
    core::Context& here() const;
    const core::HttpRequest& request() const { return request_; }
    const WebSession& session() const { return session_; }
    const core::AdminRights& rights() const { return rights_; }
    const Jid& account() const { return session_.account; }
    core::AdminAsker asker() const { return {.name = account().full(), .is_operator = false}; }
    /// "/admin/" or "/me/".
    const std::string& area() const { return area_; }
    /// What is below it: "accounts".
    std::string_view page() const;
    /// A field of the query.
    std::string_view asked(std::string_view name) const { return query_.value(name); }

    /// nullptr: there is no such command, or it is not for the console.
    const core::AdminCommand* command(std::string_view name) const;
    /// Carries out a command, if these rights allow it.
    Task<Result<boost::json::value>> run(std::string_view name,
                                         boost::json::object arguments) const;
    /// Whether a command about that (empty: the server) is allowed.
    bool may(std::string_view name, std::string_view about = {}) const;

    /// A form that posts to a page of this area, with what keeps other sites from sending it and a
    /// browser from sending it twice. `inside`: fields and buttons.
    core::Html form(std::string_view page, const core::Html& inside, const Fields& hidden = {},
                    std::string_view style = {}) const;
    /// A form of one button that runs a command and comes back to this page.
    core::Html button(std::string_view label, std::string_view command, const Fields& arguments,
                      std::string_view question = {}) const;

private:
    App& app_;
    const core::HttpRequest& request_;
    WebSession session_;
    core::AdminRights rights_;
    std::string area_;
    core::HttpForm query_;
};

}  // namespace clarion::app
