// Set, edit and delete the message of the day and the welcome message (XEP-0133, 4.24 to 4.28). Views of
// `notice set` and `notice delete`.
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include "base/text.h"
#include "modules/administration/administration.h"
#include "modules/administration/forms.h"
#include "modules/administration/parts.h"
#include "modules/administration/rows.h"
#include "modules/administration/standing_messages.h"
#include "server/core/setup/admin_as_command.h"

namespace clarion::administration {

using core::CommandCall;
using core::CommandOutcome;

namespace {

std::string_view var_of(Standing which) { return which == Standing::motd ? "motd" : "welcome"; }
std::string_view name_of(Standing which) {
    return which == Standing::motd ? "message of the day" : "welcome message";
}

/// With what is said now, if there is anything.
DataForm ask_for(Standing which, std::string_view title, const StandingMessage* now) {
    DataForm form =
        make_form(title, "Fill out this form to set the " + std::string(name_of(which)) + ".");
    DataFormField& field = add_field(form, var_of(which), "text-multi", name_of(which));
    field.required = true;
    if (now)
        for (const std::string_view line : split(now->text, '\n')) field.values.emplace_back(line);
    return form;
}

Task<Result<DataForm>> ask_for_motd(const CommandCall&, StandingMessages&) {
    co_return ask_for(Standing::motd, "Set the message of the day", nullptr);
}

Task<Result<DataForm>> ask_for_motd_again(const CommandCall& call, StandingMessages& messages) {
    const StandingMessage* now = messages.find(call.host, Standing::motd);
    if (!now) co_return fail(error_code::item_not_found, "there is no message of the day");
    co_return ask_for(Standing::motd, "Edit the message of the day", now);
}

Task<Result<DataForm>> ask_for_welcome(const CommandCall& call, StandingMessages& messages) {
    co_return ask_for(Standing::welcome, "Set the welcome message",
                      messages.find(call.host, Standing::welcome));
}

enum class Since : bool { now, before };

std::string_view kind_of(Standing which) {
    return which == Standing::motd ? motd_key : welcome_key;
}

/// `since`: whether it is another message, or the one before in other words.
Task<Result<CommandOutcome>> set(CommandCall& call, StandingMessages& messages, Standing which,
                                 Since since) {
    call.about = call.host;
    const auto most = static_cast<std::size_t>(
        call.context.options<AdministrationOptions>(call.host).max_text_bytes);
    const auto text = read_text(call.submitted.back(), var_of(which), most);
    if (!text) co_return text.error();
    boost::json::object arguments;
    arguments["domain"] = call.host;
    arguments["kind"] = kind_of(which);
    arguments["text"] = *text;
    arguments["edit"] = since == Since::before && messages.find(call.host, which) != nullptr;
    const auto done = co_await core::run_row(call, row("notice set"), std::move(arguments));
    if (!done) co_return done.error();
    co_return CommandOutcome{};
}

Task<Result<CommandOutcome>> remove(CommandCall& call, Standing which) {
    call.about = call.host;
    boost::json::object arguments;
    arguments["domain"] = call.host;
    arguments["kind"] = kind_of(which);
    const auto done = co_await core::run_row(call, row("notice delete"), std::move(arguments));
    if (!done) co_return done.error();
    co_return CommandOutcome{};
}

using Form = Task<Result<DataForm>> (*)(const CommandCall&, StandingMessages&);

core::Command setter(StandingMessages& messages, std::string_view name, std::string title,
                     Form form, Standing which, Since since) {
    return {.node = node(name),
            .name = std::move(title),
            .forms = {[&messages, form](const CommandCall& call) { return form(call, messages); }},
            .run = [&messages, which, since](CommandCall& call) {
                return set(call, messages, which, since);
            }};
}

core::Command remover(std::string_view name, std::string title, Standing which) {
    return {.node = node(name), .name = std::move(title), .run = [which](CommandCall& call) {
                return remove(call, which);
            }};
}

}  // namespace

void install_standing_messages(core::ModuleSetup& setup) {
    auto& messages = setup.state<StandingMessages>(setup);
    setup.on(events::ServerStarted::Stage::react, messages, &StandingMessages::on_started);
    setup.on(StandingMessageChanged::Stage::remember, messages, &StandingMessages::on_changed);
    setup.on(events::AvailabilityChanged::Stage::notify, messages, &StandingMessages::on_available);
    setup.command(setter(messages, "set-motd", "Set the message of the day", ask_for_motd,
                         Standing::motd, Since::now));
    setup.command(setter(messages, "edit-motd", "Edit the message of the day", ask_for_motd_again,
                         Standing::motd, Since::before));
    setup.command(remover("delete-motd", "Delete the message of the day", Standing::motd));
    setup.command(setter(messages, "set-welcome", "Set the welcome message", ask_for_welcome,
                         Standing::welcome, Since::before));
    setup.command(remover("delete-welcome", "Delete the welcome message", Standing::welcome));
}

}  // namespace clarion::administration
