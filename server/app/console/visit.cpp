#include "server/app/console/visit.h"

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include "proto/crypto.h"
#include "server/app/admin_commands.h"
#include "server/app/app.h"
#include "server/core/accounts/administrators.h"

namespace clarion::app {

namespace json = boost::json;
using core::Html;
using core::html;

Visit::Visit(App& app, const core::HttpRequest& request, WebSession session,
             core::AdminRights rights, std::string area)
    : app_(app),
      request_(request),
      session_(std::move(session)),
      rights_(std::move(rights)),
      area_(std::move(area)),
      query_(core::HttpForm::parse(request.query).value_or(core::HttpForm())) {}

core::Context& Visit::here() const { return app_.context(); }

std::string_view Visit::page() const {
    return std::string_view(request_.path).substr(std::min(area_.size(), request_.path.size()));
}

const core::AdminCommand* Visit::command(std::string_view name) const {
    const core::AdminCommand* found = app_.admin_areas().find(name);
    return found && core::is_for_administrators(*found) ? found : nullptr;
}

Task<Result<json::value>> Visit::run(std::string_view name, json::object arguments) const {
    const core::AdminCommand* const wanted = command(name);
    if (!wanted) co_return fail(error_code::item_not_found, "there is no such command here");
    std::string who = account().full();
    co_return co_await core::run_for(here(), rights_, std::move(who), *wanted,
                                     std::move(arguments));
}

bool Visit::may(std::string_view name, std::string_view about) const {
    const core::AdminCommand* const wanted = command(name);
    if (!wanted) return false;
    json::object arguments;
    const std::string_view argument = core::about_argument(*wanted);
    if (!about.empty() && !argument.empty()) arguments[argument] = about;
    return core::check_rights(rights_, here().config(), here().domains(), *wanted, arguments).ok();
}

Html Visit::form(std::string_view page, const Html& inside, const Fields& hidden,
                 std::string_view style) const {
    Html fields;
    for (const auto& [name, value] : hidden)
        fields += html("<input type=\"hidden\" name=\"{}\" value=\"{}\">", name, value);
    const std::string number = base64url_encode(crypto::random_bytes(12));
    return html(
        "<form method=\"post\" action=\"{}\" class=\"{}\">"
        "<input type=\"hidden\" name=\"form_token\" value=\"{}\">"
        "<input type=\"hidden\" name=\"form_number\" value=\"{}\">{}{}</form>\n",
        area_ + std::string(page), style, session_.form_token, number, fields, inside);
}

Html Visit::button(std::string_view label, std::string_view command, const Fields& arguments,
                   std::string_view question) const {
    Fields hidden = arguments;
    hidden.emplace_back("command", command);
    hidden.emplace_back("back",
                        request_.path + (request_.query.empty() ? "" : "?" + request_.query));
    Html inside =
        question.empty()
            ? html("<button class=\"quiet\">{}</button>", label)
            : html("<button class=\"danger\" data-confirm=\"{}\">{}</button>", question, label);
    return form("run", inside, hidden, "inline");
}

}  // namespace clarion::app
