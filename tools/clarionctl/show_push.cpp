#include "tools/clarionctl/show_push.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "tools/clarionctl/show.h"

namespace clarion::ctl {

namespace json = boost::json;

namespace {

std::string text(const json::object& record, std::string_view key) {
    const json::value* value = record.if_contains(key);
    return value ? cell(*value) : std::string();
}

std::string padded(std::string text, std::size_t width) {
    text.resize(std::max(width, text.size()), ' ');
    return text;
}

// ---- push test ---------------------------------------------------------------------------------

void show_step(std::ostream& out, const json::object& step) {
    out << "  " << padded(text(step, "step"), 13) << padded(text(step, "result"), 8)
        << text(step, "detail") << '\n';
}

using Steps = std::vector<const json::object*>;

/// Those of one registration, or of the way to its service if `node` is empty.
void show_steps(std::ostream& out, const Steps& steps, const std::string& service,
                const std::string& node) {
    for (const json::object* step : steps)
        if (text(*step, "service") == service && text(*step, "node") == node) show_step(out, *step);
}

/// In the order in which they appear first.
std::vector<std::string> values(const Steps& steps, std::string_view key) {
    std::vector<std::string> all;
    for (const json::object* step : steps) {
        const std::string value = text(*step, key);
        if (!value.empty() && std::find(all.begin(), all.end(), value) == all.end())
            all.push_back(value);
    }
    return all;
}

void show_service(std::ostream& out, const Steps& steps, const std::string& service) {
    Steps here;
    for (const json::object* step : steps)
        if (text(*step, "service") == service) here.push_back(step);
    out << service << '\n';
    show_steps(out, here, service, {});
    for (const auto& node : values(here, "node")) {
        out << service << ", node " << node << '\n';
        show_steps(out, here, service, node);
    }
    out << '\n';
}

// ---- push stats --------------------------------------------------------------------------------

std::string errors(const json::object& service) {
    std::string all;
    for (const auto& [condition, count] : service.at("errors").as_object())
        all += (all.empty() ? "" : ", ") + std::string(condition) + ' ' + cell(count);
    return all.empty() ? "none" : all;
}

std::string back_off(const json::object& service) {
    if (service.at("retry_in_seconds").is_null()) return "none";
    return "since " + text(service, "unreachable_since") +
           ", failed attempts: " + text(service, "failed_in_a_row") + ", next in " +
           text(service, "retry_in_seconds") + " s";
}

void show_statistics(std::ostream& out, const json::object& service) {
    const std::vector<std::pair<std::string, std::string>> lines{
        {"route", text(service, "route")},
        {"sent", text(service, "sent") + ", accepted " + text(service, "answered") +
                     ", unanswered " + text(service, "unanswered")},
        {"errors", errors(service)},
        {"latency", "p50 " + text(service, "latency_p50_ms") + " ms, p99 " +
                        text(service, "latency_p99_ms") + " ms"},
        {"outstanding", text(service, "outstanding")},
        {"waiting", text(service, "waiting")},
        {"back-off", back_off(service)},
        {"disabled", "within a day: " + text(service, "disabled_within_a_day")},
        {"last success", text(service, "last_success")},
        {"last error", text(service, "last_error")}};
    out << text(service, "service") << '\n';
    for (const auto& [name, value] : lines) out << "  " << padded(name, 14) << value << '\n';
    out << '\n';
}

}  // namespace

void show_push_test(std::ostream& out, const json::value& steps) {
    Steps all;
    for (const auto& step : steps.as_array()) all.push_back(&step.as_object());
    for (const auto& service : values(all, "service")) show_service(out, all, service);
    for (const json::object* step : all)  // those of no service
        if (text(*step, "service").empty()) {
            if (step == all.back())
                out << text(*step, "result") << ": " << text(*step, "detail") << " (after "
                    << text(*step, "ms") << " ms)\n";
            else
                out << text(*step, "detail") << '\n';
        }
}

void show_push_stats(std::ostream& out, const json::value& services) {
    const auto& all = services.as_array();
    if (all.empty()) out << "nothing was pushed since the server started\n";
    for (const auto& service : all) show_statistics(out, service.as_object());
}

}  // namespace clarion::ctl
