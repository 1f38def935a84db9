#include "modules/contact.h"

#include <algorithm>
#include <array>
#include <utility>

#include "proto/data_form.h"
#include "proto/ns.h"
#include "server/core/events/host_events.h"

namespace clarion::contact {

namespace {

using Addresses = std::vector<std::string> ContactOptions::*;

struct Field {
    std::string_view name;  // of the option; the form's is "NAME-addresses"
    Addresses addresses;
    std::string_view doc;
};

constexpr std::array<Field, 7> fields{{
    {"abuse", &ContactOptions::abuse, "Who hears of abuse."},
    {"admin", &ContactOptions::admin, "Who runs the server."},
    {"feedback", &ContactOptions::feedback, "Who wants to hear what users think."},
    {"sales", &ContactOptions::sales, "Who sells."},
    {"security", &ContactOptions::security, "Who hears of holes."},
    {"status", &ContactOptions::status, "Where it is said whether the server works."},
    {"support", &ContactOptions::support, "Who helps users."},
}};

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

bool is_scheme(std::string_view text) {
    return !text.empty() && is_letter(text[0]) && std::all_of(text.begin(), text.end(), [](char c) {
        return is_letter(c) || (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.';
    });
}

Result<> check(const ContactOptions& options) {
    for (const Field& field : fields)
        for (const std::string& address : options.*field.addresses)
            if (!is_uri(address))
                return fail("config", std::string(field.name) + ": '" + address +
                                          "' is no URI: it begins with mailto:, xmpp:, https: …");
    return {};
}

void describe(events::HostDescribing& event) {
    const auto& options = event.context.options<ContactOptions>(event.host);
    DataForm form = DataForm::make("result", ns::server_info);
    for (const Field& field : fields)
        if (const auto& addresses = options.*field.addresses; !addresses.empty())
            form.add(std::string(field.name) + "-addresses", addresses, "list-multi");
    if (form.fields.size() > 1) event.info.forms.push_back(std::move(form));
}

}  // namespace

bool is_uri(std::string_view text) {
    const auto colon = text.find(':');
    if (colon == std::string_view::npos || !is_scheme(text.substr(0, colon))) return false;
    return colon + 1 < text.size() &&
           std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7f; });
}

void ContactOptions::declare(OptionTable<ContactOptions>& t) {
    t.section("contact",
              "Whom people can write to about the server, as URIs: mailto:, xmpp:, https: "
              "(XEP-0157). Anybody may read it.")
        .per_host()
        .live();
    for (const Field& field : fields)
        t.add(std::string(field.name), field.addresses).doc(std::string(field.doc));
    t.check(check);
}

void declare_options(OptionRegistry& registry) { registry.add<ContactOptions>(); }

void install(core::ModuleSetup& setup) {
    setup.on(events::HostDescribing::Stage::describe, &describe);
}

}  // namespace clarion::contact
