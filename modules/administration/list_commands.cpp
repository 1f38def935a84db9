// Edit the blacklist and the whitelist (XEP-0133, 4.11 and 4.12).
//
// As with the administrators, what is changed is told by comparing with the list that was offered,
// so that what another administrator did meanwhile stays.
#include <algorithm>

#include "modules/administration/address_lists.h"
#include "modules/administration/administration.h"
#include "modules/administration/forms.h"
#include "modules/administration/parts.h"
#include "server/core/address/domains.h"
#include "server/core/context.h"

namespace clarion::administration {

using core::CommandCall;
using core::CommandOutcome;

namespace {

std::string var_of(Listing which) { return std::string(name_of(which)) + "jids"; }

Task<Result<DataForm>> ask_for_list(const CommandCall& call, Listing which) {
    const auto list = co_await read_list(call.context, call.host, which);
    if (!list) co_return list.error();
    const bool black = which == Listing::blacklist;
    DataForm form = make_form(
        "Edit the " + std::string(name_of(which)),
        black ? "Servers, components and users elsewhere with whom nobody here may talk."
              : "Servers and users elsewhere with whom alone people here may talk; nobody: with "
                "all.");
    add_field(form, var_of(which), "jid-multi", "The " + std::string(name_of(which))).values =
        list->all();
    co_return form;
}

/// Prepared, each once.
Result<std::vector<std::string>> read_addresses(const DataForm& form, const std::string& var) {
    std::vector<std::string> result;
    const DataFormField* field = form.field(var);
    if (!field) return fail(core::bad_payload, var + " is needed");
    for (const std::string& value : field->values) {
        if (value.empty()) continue;
        const auto jid = Jid::parse(value);
        if (!jid) return fail(core::bad_payload, value + ": " + jid.error().text);
        if (std::find(result.begin(), result.end(), jid->full()) == result.end())
            result.push_back(jid->full());
    }
    return result;
}

std::vector<std::string> missing_in(const std::vector<std::string>& from,
                                    const std::vector<std::string>& others) {
    std::vector<std::string> result;
    std::copy_if(from.begin(), from.end(), std::back_inserter(result), [&](const auto& each) {
        return std::find(others.begin(), others.end(), each) == others.end();
    });
    return result;
}

Task<Result<CommandOutcome>> edit(CommandCall& call, Listing which) {
    const auto wanted = read_addresses(call.submitted.back(), var_of(which));
    if (!wanted) co_return wanted.error();
    const auto& before = call.offered.field(var_of(which))->values;
    ListEdit edit{missing_in(*wanted, before), missing_in(before, *wanted)};
    for (const std::string& address : edit.added)
        if (const auto jid = Jid::parse(address); jid)
            if (const auto may = check_listable(call.context.domains(), *jid); !may)
                co_return fail(core::bad_payload, may.error().text);
    for (const std::string& address : edit.added) call.about += "+" + address + " ";
    for (const std::string& address : edit.removed) call.about += "-" + address + " ";
    const Result<> done =
        co_await edit_list(call.context, call.host, which, std::move(edit), call.from.full());
    if (!done) co_return done.error();
    co_return CommandOutcome{};
}

}  // namespace

void install_address_lists(core::ModuleSetup& setup) {
    auto& lists = setup.state<AddressLists>(setup);
    setup.on(events::ServerStarted::Stage::react, lists, &AddressLists::on_started);
    setup.on(AddressListEditing::Stage::change, lists, &AddressLists::on_editing);
    setup.on(AddressListChanged::Stage::remember, lists, &AddressLists::on_changed);
    setup.on(events::StanzaCrossing::Stage::screen, lists, &AddressLists::on_crossing);
    for (const Listing which : {Listing::blacklist, Listing::whitelist})
        setup.command(
            {.node = node("edit-" + std::string(name_of(which))),
             .name = "Edit the " + std::string(name_of(which)),
             .forms = {[which](const CommandCall& call) { return ask_for_list(call, which); }},
             .run = [which](CommandCall& call) { return edit(call, which); }});
}

}  // namespace clarion::administration
