// Add, delete, disable, re-enable users; end their sessions; change a password (XEP-0133, 4.1 to
// 4.5, 4.7).
#include <algorithm>

#include "modules/administration/forms.h"
#include "modules/administration/parts.h"
#include "server/core/accounts/account_directory.h"
#include "server/core/accounts/account_registry.h"
#include "server/core/accounts/session.h"
#include "server/core/setup/remote_call.h"

namespace clarion::administration {

using core::CommandCall;
using core::CommandNote;
using core::CommandOutcome;
using core::Context;

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

Task<Result<CommandOutcome>> done(Task<Result<>> change) {
    const Result<> changed = co_await std::move(change);
    if (!changed) co_return changed.error();
    co_return CommandOutcome{};
}

Task<Result<CommandOutcome>> add_user(CommandCall& call) {
    const DataForm& form = call.submitted.back();
    const auto accounts = co_await accounts_of(call, "accountjid", 1);
    if (!accounts) co_return accounts.error();
    const Jid jid = accounts->front();
    const std::string password(form.value("password"));
    const DataFormField* again = form.field("password-verify");
    if (again && again->value() != password)
        co_return fail(core::bad_payload, "the passwords differ");
    co_return co_await done(core::ask_at_home<void>(call.context, jid.full(), [&](Context& home) {
        return home.account_registry().create(jid, password);
    }));
}

Task<Result<CommandOutcome>> change_password(CommandCall& call) {
    const auto accounts = co_await accounts_of(call, "accountjid", 1);
    if (!accounts) co_return accounts.error();
    const Jid jid = accounts->front();
    const std::string password(call.submitted.back().value("password"));
    co_return co_await done(core::ask_at_home<void>(call.context, jid.full(), [&](Context& home) {
        return home.account_registry().set_password(jid, password);
    }));
}

// ---- Some accounts -----------------------------------------------------------------------------

using Change = Task<Result<>> (*)(Context& home, Jid jid);

Task<Result<>> remove(Context& home, Jid jid) { return home.account_registry().remove(jid); }
Task<Result<>> disable(Context& home, Jid jid) {
    return home.account_registry().set_disabled(jid, true);
}
Task<Result<>> enable(Context& home, Jid jid) {
    return home.account_registry().set_disabled(jid, false);
}

/// Of a bare JID all, of a full one that one.
Task<Result<>> end_sessions(Context& home, Jid jid) {
    auto pin = co_await home.accounts().load(std::string(jid.bare()));
    if (!pin) co_return pin.error();
    bool found = false;
    for (const auto& session : std::vector((*pin)->sessions())) {
        if (jid.is_full() && session->jid() != jid) continue;
        found = true;
        session->end(core::SessionEnd::kicked);
    }
    if (!found) co_return fail(error_code::item_not_found, "there is no such session");
    co_return Result<>{};
}

/// One after the other. What failed of several is told in notes; if nothing was done, it is an
/// error.
Task<Result<CommandOutcome>> change_all(CommandCall& call, const std::vector<Jid>& accounts,
                                        Change change) {
    CommandOutcome outcome;
    std::optional<Error> first;
    for (const Jid& jid : accounts) {
        const Result<> changed =
            co_await core::ask_at_home<void>(call.context, std::string(jid.bare()),
                                             [&](Context& home) { return change(home, jid); });
        if (changed) continue;
        if (!first) first = changed.error();
        outcome.notes.push_back(
            {CommandNote::Type::error, jid.full() + ": " + changed.error().text});
    }
    if (first && outcome.notes.size() == accounts.size()) co_return *first;
    co_return outcome;
}

Task<Result<CommandOutcome>> change_accounts(CommandCall& call, Change change, Addresses allowed) {
    const auto accounts = co_await accounts_of(call, "accountjids", most_accounts(call), allowed);
    if (!accounts) co_return accounts.error();
    co_return co_await change_all(call, *accounts, change);
}

/// Not the account of who runs the command: an administrator leaves no server without any.
Task<Result<CommandOutcome>> change_others(CommandCall& call, Change change) {
    const auto accounts = co_await accounts_of(call, "accountjids", most_accounts(call));
    if (!accounts) co_return accounts.error();
    if (std::find(accounts->begin(), accounts->end(), call.from.to_bare()) != accounts->end())
        co_return fail("not-allowed", "this is the account you are using");
    co_return co_await change_all(call, *accounts, change);
}

Task<Result<CommandOutcome>> delete_users(CommandCall& call) { return change_others(call, remove); }
Task<Result<CommandOutcome>> disable_users(CommandCall& call) {
    return change_others(call, disable);
}
Task<Result<CommandOutcome>> reenable_users(CommandCall& call) {
    return change_accounts(call, enable, Addresses::bare);
}
Task<Result<CommandOutcome>> end_user_sessions(CommandCall& call) {
    return change_accounts(call, end_sessions, Addresses::full);
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
