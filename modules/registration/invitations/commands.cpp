#include "modules/registration/invitations/commands.h"

#include "base/clock.h"
#include "base/text.h"
#include "modules/registration/invitations/invitations.h"
#include "modules/registration/invitations/options.h"
#include "server/core/accounts/administrators.h"

namespace clarion::registration::invitations {

using core::CommandCall;
using core::CommandNote;
using core::CommandOutcome;

namespace {

constexpr std::string_view form_type = "urn:xmpp:invite#invitation";

DataFormField& add_field(DataForm& form, std::string_view var, std::string_view type,
                         std::string_view label) {
    DataFormField& field = form.add(var, std::vector<std::string>{}, type);
    field.label = label;
    return field;
}

CommandOutcome outcome_of(const Created& created) {
    CommandOutcome outcome;
    DataForm form = DataForm::make("result", form_type);
    form.add("uri", created.uri, "text-single").label = "Link for an app";
    if (!created.url.empty())
        form.add("landing-url", created.url, "text-single").label = "Link for a browser";
    const auto whole = std::chrono::floor<std::chrono::seconds>(created.expires);
    form.add("expire", format_datetime(whole), "text-single").label = "Valid until";
    outcome.form = std::move(form);
    return outcome;
}

Task<Result<CommandOutcome>> make(CommandCall& call, Wish wish) {
    const auto created = co_await create(call.context, std::move(wish), call.from.full());
    if (!created) co_return created.error();
    call.about = "invitation " + created->id;
    co_return outcome_of(*created);
}

// ---- A user invites a contact ------------------------------------------------------------------

Task<Result<CommandOutcome>> invite(CommandCall& call) {
    Wish wish = co_await wish_of_user(call.context, call.from);
    co_return co_await make(call, std::move(wish));
}

bool users_may(const core::Context& context, const Jid&, std::string_view host) {
    return context.options<InvitationOptions>(host).users;
}

// ---- An administrator gives accounts away ------------------------------------------------------

Task<Result<DataForm>> ask_for_account(const CommandCall&) {
    DataForm form = DataForm::make("form");
    form.title = "Create an account";
    form.instructions =
        "Whoever gets the link chooses the password, and the username if none is given.";
    add_field(form, "username", "text-single", "Username");
    DataFormField& both = form.add_boolean("roster-subscription", false);
    both.label = "Become contacts of each other";
    co_return form;
}

Task<Result<CommandOutcome>> create_account(CommandCall& call) {
    const DataForm& form = call.submitted.back();
    Wish wish{.kind = Kind::account, .host = call.host};
    wish.inviter = call.from.bare();
    if (const auto username = form.value("username"); !username.empty()) {
        const auto prepared = prepare_localpart(username);
        if (!prepared) co_return fail(core::bad_payload, "no account can have this username");
        wish.account = *prepared;
    }
    const DataFormField* both = form.field("roster-subscription");
    wish.befriends = both && both->boolean().value_or(false);
    co_return co_await make(call, std::move(wish));
}

// ---- An administrator helps who has forgotten a password ---------------------------------------

Task<Result<DataForm>> ask_for_owner(const CommandCall&) {
    DataForm form = DataForm::make("form");
    form.title = "Reset a password";
    form.instructions =
        "Whoever gets the link may set another password once; all sessions of the account end "
        "then.";
    add_field(form, "accountjid", "jid-single", "The Jabber ID for this account").required = true;
    co_return form;
}

Task<Result<CommandOutcome>> reset(CommandCall& call) {
    const auto jid = Jid::parse(call.submitted.back().value("accountjid"));
    if (!jid || !jid->has_local() || jid->is_full())
        co_return fail(core::bad_payload, "an address such as romeo@example.org is needed");
    Jid from = call.from;
    std::string host(jid->domain());
    const bool may = co_await core::administers(call.context, std::move(from), std::move(host));
    if (!may) co_return fail("forbidden", "you do not administer that host");
    const Result<> below = co_await core::check_rank(call.context, call.from, *jid);
    if (!below) co_return below.error();
    Wish wish{.kind = Kind::reset, .host = std::string(jid->domain())};
    wish.account = jid->local();
    co_return co_await make(call, std::move(wish));
}

}  // namespace

void install_commands(core::ModuleSetup& setup) {
    setup.command({.node = std::string(invite_node),
                   .name = "Invite user",
                   .run = invite,
                   .audience = core::CommandAudience::accounts,
                   .allowed = users_may});
    setup.command({.node = std::string(create_account_node),
                   .name = "Create account",
                   .forms = {ask_for_account},
                   .run = create_account});
    setup.command({.node = std::string(reset_node),
                   .name = "Reset a user's password",
                   .forms = {ask_for_owner},
                   .run = reset});
}

}  // namespace clarion::registration::invitations
