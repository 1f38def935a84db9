#include "modules/administration/forms.h"

#include <algorithm>

#include "modules/administration/administration.h"
#include "proto/ns.h"
#include "server/core/accounts/administrators.h"
#include "server/core/address/domains.h"

namespace clarion::administration {

std::string node(std::string_view name) { return std::string(ns::admin) + '#' + std::string(name); }

DataForm make_form(std::string_view title, std::string_view instructions) {
    DataForm form = DataForm::make("form", ns::admin);
    form.title = title;
    form.instructions = instructions;
    return form;
}

DataForm make_result() { return DataForm::make("result", ns::admin); }

DataFormField& add_field(DataForm& form, std::string_view var, std::string_view type,
                         std::string_view label) {
    DataFormField& field = form.add(var, std::vector<std::string>{}, type);
    field.label = label;
    return field;
}

Result<std::vector<Jid>> read_accounts(const DataForm& form, std::string_view var, std::size_t most,
                                       Addresses allowed) {
    std::vector<Jid> result;
    const DataFormField* field = form.field(var);
    for (const std::string& value : field ? field->values : std::vector<std::string>{}) {
        if (value.empty()) continue;
        auto jid = Jid::parse(value);
        if (!jid) return fail(core::bad_payload, value + ": " + jid.error().text);
        if (!jid->has_local() || (jid->is_full() && allowed == Addresses::bare))
            return fail(core::bad_payload, value + ": expected name@domain");
        if (std::find(result.begin(), result.end(), *jid) != result.end()) continue;
        if (result.size() >= most)
            return fail(core::bad_payload, "at most " + std::to_string(most) + " accounts at once");
        result.push_back(std::move(*jid));
    }
    if (result.empty()) return fail(core::bad_payload, std::string(var) + " is needed");
    return result;
}

Result<std::string> read_text(const DataForm& form, std::string_view var, std::size_t most) {
    std::string text;
    const DataFormField* field = form.field(var);
    if (field)
        for (std::size_t i = 0; i < field->values.size(); ++i)
            text += (i == 0 ? "" : "\n") + field->values[i];
    if (text.empty()) return fail(core::bad_payload, std::string(var) + " is needed");
    if (text.size() > most)
        return fail(core::bad_payload, "at most " + std::to_string(most) + " bytes of text");
    return text;
}

Task<Result<>> check_right(const core::CommandCall& call, const std::vector<Jid>& accounts) {
    std::vector<std::string> hosts;
    for (const Jid& account : accounts) {
        std::string host(account.domain());
        if (std::find(hosts.begin(), hosts.end(), host) == hosts.end())
            hosts.push_back(std::move(host));
    }
    for (const std::string& host : hosts) {
        if (!call.context.domains().is_host(host))
            co_return fail(error_code::item_not_found, host + " is not a domain of this server");
        const bool may = co_await core::administers(call.context, call.from, host);
        if (!may) co_return fail("forbidden", "you do not administer " + host);
    }
    for (const Jid& account : accounts) {
        const Result<> below = co_await core::check_rank(call.context, call.from, account);
        if (!below) co_return below;
    }
    co_return Result<>{};
}

Task<Result<std::vector<Jid>>> accounts_of(core::CommandCall& call, std::string_view var,
                                           std::size_t most, Addresses allowed) {
    auto accounts = read_accounts(call.submitted.back(), var, most, allowed);
    if (!accounts) co_return accounts.error();
    for (const Jid& account : *accounts)
        call.about += (call.about.empty() ? "" : " ") + account.full();
    const Result<> may = co_await check_right(call, *accounts);
    if (!may) co_return may.error();
    co_return std::move(*accounts);
}

std::size_t most_accounts(const core::CommandCall& call) {
    return static_cast<std::size_t>(
        call.context.options<AdministrationOptions>(call.host).max_items);
}

}  // namespace clarion::administration
