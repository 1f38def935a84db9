// Add, delete, disable, re-enable users; end their sessions; change a password (XEP-0133, 4.1 to
// 4.5, 4.7). Views of the commands `user …` and `session kick`.
#include <algorithm>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include "modules/administration/forms.h"
#include "modules/administration/parts.h"
#include "modules/administration/rows.h"
#include "server/core/setup/admin_as_command.h"

namespace clarion::administration {

using core::CommandCall;
using core::CommandNote;
using core::CommandOutcome;

namespace {

// ---- Forms -------------------------------------------------------------------------------------

DataForm ask_for_account(std::string_view title, std::string_view instructions,
                         std::string_view label) {
    DataForm form = make_form(title, instructions);
    add_field(form, "accountjid", "jid-single", label).required = true;
    add_field(form, "password", "text-private", "The password for this account").required = true;
    return form;
}

Task<Result<DataForm>> ask_for_new_account(const CommandCall&) {
    DataForm form = ask_for_account("Add a user", "Fill out this form to add a user.",
                                    "The Jabber ID for the account to be added");
    add_field(form, "password-verify", "text-private", "Retype password");
    co_return form;
}

Task<Result<DataForm>> ask_for_password(const CommandCall&) {
    co_return ask_for_account("Change a user's password",
                              "All sessions of the user end; their devices log in again with the "
                              "new password.",
                              "The Jabber ID for this account");
}

/// The form that asks for accounts, with this title.
core::CommandForm ask_for_accounts(std::string_view title, std::string_view instructions,
                                   std::string_view label) {
    struct Ask {
        static Task<Result<DataForm>> ask(DataForm form) { co_return form; }
    };
    DataForm form = make_form(title, instructions);
    add_field(form, "accountjids", "jid-multi", label).required = true;
    return [form](const CommandCall&) { return Ask::ask(form); };
}

// ---- One account -------------------------------------------------------------------------------

Task<Result<>> run_about(const CommandCall& call, const core::AdminCommand& command, Jid account,
                         std::string password) {
    boost::json::object arguments;
    arguments["jid"] = account.full();
    if (!password.empty()) arguments["password"] = password;
    const auto answer = co_await core::run_row(call, command, std::move(arguments));
    if (!answer) co_return answer.error();
    co_return Result<>{};
}

Task<Result<CommandOutcome>> change_one(CommandCall& call, std::string_view name) {
    const DataForm& form = call.submitted.back();
    const auto accounts = co_await accounts_of(call, "accountjid", 1);
    if (!accounts) co_return accounts.error();
    Jid account = accounts->front();
    std::string password(form.value("password"));
    const DataFormField* again = form.field("password-verify");
    if (again && again->value() != password)
        co_return fail(core::bad_payload, "the passwords differ");
    const Result<> done =
        co_await run_about(call, row(name), std::move(account), std::move(password));
    if (!done) co_return done.error();
    co_return CommandOutcome{};
}

// ---- Some accounts -----------------------------------------------------------------------------

/// One after the other. What failed of several is told in notes; if nothing was done, it is an
/// error.
Task<Result<CommandOutcome>> change_all(CommandCall& call, const std::vector<Jid>& accounts,
                                        const core::AdminCommand& command) {
    CommandOutcome outcome;
    std::optional<Error> first;
    for (const Jid& each : accounts) {
        Jid account = each;
        const Result<> changed =
            co_await run_about(call, command, std::move(account), std::string());
        if (changed) continue;
        if (!first) first = changed.error();
        outcome.notes.push_back(
            {CommandNote::Type::error, each.full() + ": " + changed.error().text});
    }
    if (first && outcome.notes.size() == accounts.size()) co_return *first;
    co_return outcome;
}

enum class Oneself : bool { refused, allowed };

/// Of who runs the command itself, where that is no slip of the hand.
Task<Result<CommandOutcome>> change_some(CommandCall& call, std::string_view name,
                                         Addresses addresses, Oneself oneself) {
    const auto accounts = co_await accounts_of(call, "accountjids", most_accounts(call), addresses);
    if (!accounts) co_return accounts.error();
    const bool own =
        std::find(accounts->begin(), accounts->end(), call.from.to_bare()) != accounts->end();
    if (own && oneself == Oneself::refused)
        co_return fail("not-allowed", "this is the account you are using");
    co_return co_await change_all(call, *accounts, row(name));
}

Task<Result<CommandOutcome>> add_user(CommandCall& call) { return change_one(call, "user add"); }
Task<Result<CommandOutcome>> change_password(CommandCall& call) {
    return change_one(call, "user passwd");
}
Task<Result<CommandOutcome>> delete_users(CommandCall& call) {
    return change_some(call, "user delete", Addresses::bare, Oneself::refused);
}
Task<Result<CommandOutcome>> disable_users(CommandCall& call) {
    return change_some(call, "user disable", Addresses::bare, Oneself::refused);
}
Task<Result<CommandOutcome>> reenable_users(CommandCall& call) {
    return change_some(call, "user enable", Addresses::bare, Oneself::allowed);
}
Task<Result<CommandOutcome>> end_user_sessions(CommandCall& call) {
    return change_some(call, "session kick", Addresses::full, Oneself::allowed);
}

}  // namespace

void install_accounts(core::ModuleSetup& setup) {
    setup.command({.node = node("add-user"),
                   .name = "Add a user",
                   .forms = {ask_for_new_account},
                   .run = add_user});
    setup.command(
        {.node = node("delete-user"),
         .name = "Delete users",
         .forms = {ask_for_accounts("Delete users", "The accounts and everything kept for them go.",
                                    "The Jabber ID(s) to delete")},
         .run = delete_users});
    setup.command({.node = node("disable-user"),
                   .name = "Disable users",
                   .forms = {ask_for_accounts("Disable users",
                                              "Their sessions end, and they cannot log in; what "
                                              "comes for them is kept.",
                                              "The Jabber ID(s) to disable")},
                   .run = disable_users});
    setup.command({.node = node("reenable-user"),
                   .name = "Re-enable users",
                   .forms = {ask_for_accounts("Re-enable users", "They can log in again.",
                                              "The Jabber ID(s) to re-enable")},
                   .run = reenable_users});
    setup.command({.node = node("end-user-session"),
                   .name = "End user sessions",
                   .forms = {ask_for_accounts("End user sessions",
                                              "A Jabber ID without a resource: all its sessions.",
                                              "The Jabber ID(s) for which to end sessions")},
                   .run = end_user_sessions});
    setup.command({.node = node("change-user-password"),
                   .name = "Change a user's password",
                   .forms = {ask_for_password},
                   .run = change_password});
}

}  // namespace clarion::administration
