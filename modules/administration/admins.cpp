// The administrators of a host, edited by one of them (XEP-0133, 4.29).
//
// Those whom the configuration names are shown and stay. What is changed is told by comparing with
// the list that was offered, so that what another administrator did meanwhile stays, too. A host is
// never left without an administrator. Each change is `user admin`.
#include <algorithm>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include "modules/administration/forms.h"
#include "modules/administration/parts.h"
#include "modules/administration/rows.h"
#include "server/core/accounts/administrators.h"
#include "server/core/setup/admin_rights.h"

namespace clarion::administration {

using core::CommandCall;
using core::CommandNote;
using core::CommandOutcome;

namespace {

using Names = std::vector<std::string>;

bool contains(const Names& names, std::string_view name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

Task<Result<DataForm>> ask_for_administrators(const CommandCall& call) {
    auto names = co_await core::all_administrators(call.context, call.host);
    if (!names) co_return names.error();
    DataForm form = make_form("Edit the list of administrators",
                              "Who administers " + call.host + ", one Jabber ID a line.");
    add_field(form, "adminjids", "jid-multi", "The administrators").values = std::move(*names);
    co_return form;
}

struct Edit {
    Names added, removed;
};

Result<Edit> read_edit(const CommandCall& call) {
    const DataFormField* field = call.submitted.back().field("adminjids");
    if (!field) return fail(core::bad_payload, "adminjids is needed");
    Names wanted;
    const bool none = std::all_of(field->values.begin(), field->values.end(),
                                  [](const std::string& value) { return value.empty(); });
    if (!none) {
        auto read = read_accounts(call.submitted.back(), "adminjids", most_accounts(call));
        if (!read) return read.error();
        for (const Jid& jid : *read) wanted.push_back(jid.full());
    }
    const Names& before = call.offered.field("adminjids")->values;
    Edit edit;
    for (const std::string& name : wanted)
        if (!contains(before, name)) edit.added.push_back(name);
    for (const std::string& name : before)
        if (!contains(wanted, name)) edit.removed.push_back(name);
    return edit;
}

/// Before anything is changed: who is to be added has an account of the host, and somebody stays.
Task<Result<>> check_edit(const CommandCall& call, const Edit& edit, const Names& configured) {
    for (const std::string& name : edit.added) {
        if (Jid::trusted(name).domain() != call.host)
            co_return fail(core::bad_payload, name + " is no account of " + call.host);
        const auto can = co_await core::is_usable_account(call.context, name);
        if (!can) co_return can.error();
        if (!*can) co_return fail(error_code::item_not_found, "nobody can log in to " + name);
    }
    const auto usable = co_await core::usable_administrators(call.context, call.host);
    if (!usable) co_return usable.error();
    const bool somebody = !edit.added.empty() ||
                          std::any_of(usable->begin(), usable->end(), [&](const std::string& name) {
                              return contains(configured, name) || !contains(edit.removed, name);
                          });
    if (!somebody) co_return fail("not-allowed", call.host + " would have no administrator left");
    co_return Result<>{};
}

/// Of who runs the command, as they were when it began: who takes them from themselves may have to
/// get them back.
struct Editor {
    const CommandCall& call;
    core::AdminRights rights;
};

Task<Result<>> set_administrator(const Editor& editor, std::string name, bool on) {
    boost::json::object arguments;
    arguments["jid"] = name;
    arguments["state"] = on ? "on" : "off";
    core::AdminRights rights = editor.rights;
    std::string who = editor.call.from.full();
    const auto answer =
        co_await core::run_for(editor.call.context, std::move(rights), std::move(who),
                               row("user admin"), std::move(arguments));
    if (!answer) co_return answer.error();
    co_return Result<>{};
}

/// Of who runs the command. Two who do so at the same time may both have seen the other: then it is
/// undone.
Task<Result<>> remove_oneself(const Editor& editor, const std::string& name) {
    const CommandCall& call = editor.call;
    const Result<> removed = co_await set_administrator(editor, name, false);
    if (!removed) co_return removed;
    const auto usable = co_await core::usable_administrators(call.context, call.host);
    if (usable && !usable->empty()) co_return removed;
    const Result<> undone = co_await set_administrator(editor, name, true);
    if (!undone) co_return undone;
    co_return fail("not-allowed", call.host + " would have no administrator left");
}

/// One after the other, oneself last.
Task<Result<>> apply_edit(const CommandCall& call, const Edit& edit, const Names& configured) {
    core::AdminRights rights = co_await core::rights_of(call.context, call.from);
    const Editor editor{call, std::move(rights)};
    const std::string own(call.from.bare());
    for (const std::string& name : edit.added) {
        const Result<> done = co_await set_administrator(editor, name, true);
        if (!done) co_return done;
    }
    for (const std::string& name : edit.removed) {
        if (name == own || contains(configured, name)) continue;
        const Result<> done = co_await set_administrator(editor, name, false);
        if (!done && !done.error().is(error_code::item_not_found)) co_return done;
    }
    if (!contains(edit.removed, own) || contains(configured, own)) co_return Result<>{};
    co_return co_await remove_oneself(editor, own);
}

Task<Result<CommandOutcome>> edit_administrators(CommandCall& call) {
    const auto edit = read_edit(call);
    if (!edit) co_return edit.error();
    for (const std::string& name : edit->added) call.about += "+" + name + " ";
    for (const std::string& name : edit->removed) call.about += "-" + name + " ";
    const Names configured = core::configured_administrators(call.context.config(), call.host);
    const Result<> possible = co_await check_edit(call, *edit, configured);
    if (!possible) co_return possible.error();
    const Result<> done = co_await apply_edit(call, *edit, configured);
    if (!done) co_return done.error();
    CommandOutcome outcome;
    for (const std::string& name : edit->removed)
        if (contains(configured, name))
            outcome.notes.push_back(
                {CommandNote::Type::warn, name + " stays: the configuration says so"});
    co_return outcome;
}

}  // namespace

void install_administrators(core::ModuleSetup& setup) {
    setup.command({.node = node("edit-admin"),
                   .name = "Edit the list of administrators",
                   .forms = {ask_for_administrators},
                   .run = edit_administrators});
}

}  // namespace clarion::administration
