// What administrators say to all users of a host who are online (XEP-0133, 4.23): a view of
// `notice send`.
#include "modules/administration/announcements.h"

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include "modules/administration/administration.h"
#include "modules/administration/forms.h"
#include "modules/administration/parts.h"
#include "modules/administration/rows.h"
#include "server/core/accounts/account_directory.h"
#include "server/core/accounts/session.h"
#include "server/core/setup/admin_as_command.h"
#include "server/core/setup/remote_call.h"

namespace clarion::administration {

using core::CommandCall;
using core::CommandNote;
using core::CommandOutcome;
using core::Context;

namespace {

Task<Result<DataForm>> ask_for_announcement(const CommandCall&) {
    DataForm form = make_form("Make an announcement",
                              "Fill out this form to make an announcement to all online users.");
    add_field(form, "announcement", "text-multi", "Announcement").required = true;
    co_return form;
}

/// A headline: nobody keeps it for who is away.
std::shared_ptr<Stanza> make_announcement(std::string_view host, const Jid& to,
                                          std::string_view text) {
    auto message = Stanza::make(StanzaKind::message, StanzaType::headline,
                                Jid::trusted(std::string(host)), to);
    message->root().add_text_child("subject", "Announcement");
    message->root().add_text_child("body", text);
    return message;
}

Task<> announce_here(Context& context, const std::string& host, const std::string& text,
                     std::uint64_t& reached) {
    context.accounts().for_each([&](core::Account& account) {
        if (account.host() != host) return;
        for (const auto& session : account.sessions()) {
            if (!session->is_live() || !session->available()) continue;
            session->send(make_announcement(host, session->jid(), text));
            ++reached;
        }
    });
    co_return;
}

}  // namespace

Task<std::uint64_t> announce_to(Context& here, std::string host, std::string text) {
    std::uint64_t reached = 0;
    co_await core::run_on_all(
        here, [&](Context& context) { return announce_here(context, host, text, reached); });
    co_return reached;
}

namespace {

Task<Result<CommandOutcome>> announce(CommandCall& call) {
    const auto most = static_cast<std::size_t>(
        call.context.options<AdministrationOptions>(call.host).max_text_bytes);
    const auto text = read_text(call.submitted.back(), "announcement", most);
    if (!text) co_return text.error();
    call.about = call.host;
    boost::json::object arguments;
    arguments["domain"] = call.host;
    arguments["text"] = *text;
    const auto done = co_await core::run_row(call, row("notice send"), std::move(arguments));
    if (!done) co_return done.error();
    const auto reached = done->at("sessions").to_number<std::uint64_t>();
    CommandOutcome outcome;
    outcome.notes.push_back(
        {CommandNote::Type::info, "sent to " + std::to_string(reached) + " sessions"});
    co_return outcome;
}

}  // namespace

void install_announcements(core::ModuleSetup& setup) {
    setup.command({.node = node("announce"),
                   .name = "Make an announcement to online users",
                   .forms = {ask_for_announcement},
                   .run = announce});
}

}  // namespace clarion::administration
