#include "server/app/console/pages.h"

#include <array>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include "server/app/console/tables.h"

namespace clarion::app {

namespace json = boost::json;
using core::Html;
using core::html;

namespace {

struct Entry {
    std::string_view page, title, command;
};
/// What is in the bar, for who may run the command (about one of the hosts, if not of the server).
constexpr std::array entries{Entry{"", "Overview", ""},
                             Entry{"accounts", "Accounts", "user list"},
                             Entry{"sessions", "Sessions", "session list"},
                             Entry{"push", "Push", "push stats"},
                             Entry{"federation", "Federation", "federation list"},
                             Entry{"rooms", "Rooms", "room list"},
                             Entry{"storage", "Storage", "archive stats"},
                             Entry{"invitations", "Invitations", "invite list"},
                             Entry{"reports", "Reports", "report list"},
                             Entry{"log", "Log", "log tail"}};

bool is_for(const Visit& visit, const Entry& entry) {
    if (entry.command.empty() || visit.may(entry.command)) return true;
    for (const std::string& host : visit.rights().hosts)
        if (visit.may(entry.command, host)) return true;
    return false;
}

Html bar(const Visit& visit) {
    Html links;
    if (visit.area() == "/admin/") {
        for (const Entry& entry : entries) {
            if (!is_for(visit, entry)) continue;
            const bool here = visit.page() == entry.page ||
                              (visit.page() == "account" && entry.page == "accounts");
            links += html("<a href=\"{}{}\"{}>{}</a>", visit.area(), entry.page,
                          here ? html(" aria-current=\"page\"") : Html(), entry.title);
        }
    } else {
        links = html("<a href=\"/me/\" aria-current=\"page\">Your account</a>");
    }
    return html(
        "<header class=\"bar\"><div><nav aria-label=\"Pages\">{}</nav><span "
        "class=\"soft\">{}</span>{}</div></header>\n",
        links, visit.account().bare(),
        visit.form("sign-out", html("<button class=\"quiet\">Sign out</button>")));
}

/// "failed 0 of 1 registrations were notified"
std::string outcome_of(const json::object& step) {
    return std::string(core::text(step, "result")) + " " + std::string(core::text(step, "detail"));
}

/// The same with what was tried in front: "connect failed: ..."
std::string step_of(const json::object& step) {
    std::string all;
    for (const auto& [key, value] : step)
        if (const std::string said = text_of(value); !said.empty())
            all += (all.empty() ? "" : " · ") + said;
    return all;
}

}  // namespace

core::HttpResponse console_page(const Visit& visit, std::string title, Html body, unsigned status) {
    Html notice;
    if (!visit.session().notice.empty())
        notice = html("<p class=\"{} lines\" role=\"status\">{}</p>\n",
                      visit.session().notice_is_error ? "bad" : "good", visit.session().notice);
    return core::answer_with_page({.title = title + (visit.area() == "/admin/" ? ": Clarion" : ""),
                                   .body = html("<h1>{}</h1>\n{}{}", title, notice, body),
                                   .header = bar(visit),
                                   .status = status});
}

Html card(std::string_view title, const Html& inside) {
    if (title.empty()) return html("<section class=\"card\">{}</section>\n", inside);
    return html("<section class=\"card\"><h2>{}</h2>{}</section>\n", title, inside);
}

Html problem(const Error& error) { return html("<p class=\"warn\">{}</p>", error.text); }

std::string describe_outcome(const core::AdminCommand& command, const json::value& result) {
    const std::string name(command.name);
    if (result.is_object()) {
        std::string all;
        for (const auto& [key, value] : result.get_object())
            if (!value.is_null())
                all += (all.empty() ? "" : ", ") + std::string(key) + " " + text_of(value);
        return name + ": " + all;
    }
    if (result.is_array() && !result.get_array().empty() && result.get_array().back().is_object()) {
        const json::array& steps = result.get_array();
        std::string all = name + ": " + outcome_of(steps.back().get_object());
        for (std::size_t i = 0; i + 1 < steps.size(); ++i)
            if (steps[i].is_object()) all += "\n" + step_of(steps[i].get_object());
        return all;
    }
    return name + ": done";
}

}  // namespace clarion::app
