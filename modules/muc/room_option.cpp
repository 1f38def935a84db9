#include "modules/muc/room_option.h"

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <algorithm>
#include <utility>
#include <vector>

#include "base/text.h"
#include "modules/muc/owner_requests.h"
#include "modules/muc/room.h"
#include "modules/muc/room_form.h"
#include "proto/ns.h"

namespace clarion::muc {

namespace json = boost::json;

namespace {

/// Which values an option takes, for who gave another; empty: any text.
std::string values_of(const Room& room, const std::string& option) {
    const DataForm form = config_form(room.config(), {});
    const DataFormField* const field = form.field("muc#roomconfig_" + option);
    if (!field) return {};
    if (field->type == "boolean") return "1 or 0";
    std::string all;
    for (const auto& choice : field->options) all += (all.empty() ? "" : ", ") + choice.value;
    return all;
}

}  // namespace

json::object options_of(const Room& room) {
    json::object fields;
    const DataForm form = config_form(room.config(), {});
    for (const DataFormField& field : form.fields) {
        const std::string_view prefix = "muc#roomconfig_";
        if (!field.var.starts_with(prefix) || field.type == "text-private") continue;
        if (field.type == "jid-multi") continue;  // those have a command of their own
        std::string all;
        for (const std::string& value : field.values) all += (all.empty() ? "" : " ") + value;
        fields[field.var.substr(prefix.size())] = all;
    }
    return fields;
}

std::string option_typed(std::string_view typed) {
    const std::string_view prefix = "muc#roomconfig_";
    if (typed.starts_with(prefix)) typed.remove_prefix(prefix.size());
    std::string option(typed);
    std::replace(option.begin(), option.end(), ' ', '_');
    return option;
}

Result<> change_option(Room& room, const std::string& option, std::string value) {
    DataForm form = DataForm::make("submit", ns::muc_roomconfig);
    std::vector<std::string> values;
    const bool is_list = option == "presencebroadcast" || option == "getmemberlist";
    if (is_list)
        for (const std::string_view each : split(value, ' ')) values.emplace_back(each);
    else
        values.push_back(std::move(value));
    form.add("muc#roomconfig_" + option, std::move(values));
    auto done = configure(room, form);
    if (done) return {};
    Error error = done.error();
    if (const std::string possible = values_of(room, option); !possible.empty())
        error.text += ". Expected: " + possible;
    if (option == "passwordprotectedroom")
        error.text += ". Set the password first, with the option roomsecret";
    return error;
}

}  // namespace clarion::muc
