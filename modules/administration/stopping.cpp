// Restart and shut down (XEP-0133, 4.30 and 4.31): for administrators of the whole server, and only
// where the configuration allows it.
#include <chrono>

#include "base/log.h"
#include "base/text.h"
#include "modules/administration/administration.h"
#include "modules/administration/announcements.h"
#include "modules/administration/forms.h"
#include "modules/administration/parts.h"
#include "server/core/accounts/administrators.h"
#include "server/core/address/domains.h"
#include "server/core/events/server_events.h"
#include "server/runtime/event_bus.h"
#include "server/runtime/scope.h"
#include "server/runtime/shard.h"

namespace clarion::administration {

using core::CommandCall;
using core::CommandOutcome;
using core::Context;

namespace {

constexpr Logger logger{"administration"};
constexpr std::int64_t usual_delay = 30, longest_delay = 3600;  // seconds

Task<Result<DataForm>> ask_when(DataForm form) {
    DataFormField& delay = add_field(form, "delay", "list-single", "Time delay");
    delay.values = {std::to_string(usual_delay)};
    for (const int seconds : {30, 60, 90, 120, 180, 240, 300})
        delay.options.push_back(
            {format_duration(std::chrono::seconds(seconds)), std::to_string(seconds)});
    add_field(form, "announcement", "text-multi", "Announcement");
    co_return form;
}

Result<Duration> read_delay(const DataForm& form) {
    if (form.value("delay").empty()) return Duration(std::chrono::seconds(usual_delay));
    const auto seconds = parse_int(form.value("delay"));
    if (!seconds || *seconds < 0 || *seconds > longest_delay)
        return fail(core::bad_payload,
                    "delay: expected 0 to " + std::to_string(longest_delay) + " seconds");
    return Duration(std::chrono::seconds(*seconds));
}

Task<> stop_later(Context& context, Duration delay, bool restart) {
    co_await context.shard().sleep(delay);
    context.bus().fire(events::StopOrdered{restart});
}

Task<Result<CommandOutcome>> stop(CommandCall& call, bool restart) {
    const DataForm& form = call.submitted.back();
    const auto delay = read_delay(form);
    if (!delay) co_return delay.error();
    call.about = format_duration(*delay);
    if (!form.value("announcement").empty()) {
        const auto most = static_cast<std::size_t>(
            call.context.options<AdministrationOptions>(call.host).max_text_bytes);
        const auto text = read_text(form, "announcement", most);
        if (!text) co_return text.error();
        for (const std::string& host : call.context.domains().hosts())
            co_await announce_to(call.context, host, *text);
    }
    logger.warning(restart ? "restart-ordered" : "stop-ordered",
                   {{"by", call.from.full()}, {"in", call.about}});
    call.context.scope().spawn("stop-later", stop_later(call.context, *delay, restart));
    co_return CommandOutcome{};
}

bool may_stop(const Context& context, const Jid& who, std::string_view host) {
    return context.options<AdministrationOptions>(host).allow_stop &&
           core::is_server_administrator(context.config(), who);
}

}  // namespace

void install_stopping(core::ModuleSetup& setup) {
    const DataForm restart = make_form("Restart the server", "Fill out this form to restart.");
    const DataForm shut_down = make_form("Shut down the server", "Fill out this form to stop.");
    setup.command({.node = node("restart"),
                   .name = restart.title,
                   .forms = {[restart](const CommandCall&) { return ask_when(restart); }},
                   .run = [](CommandCall& call) { return stop(call, true); },
                   .allowed = may_stop});
    setup.command({.node = node("shutdown"),
                   .name = shut_down.title,
                   .forms = {[shut_down](const CommandCall&) { return ask_when(shut_down); }},
                   .run = [](CommandCall& call) { return stop(call, false); },
                   .allowed = may_stop});
}

}  // namespace clarion::administration
