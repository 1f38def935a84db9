#include "modules/muc/room_form.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

#include "base/text.h"
#include "proto/jid.h"
#include "proto/ns.h"

namespace clarion::muc {

namespace {

constexpr std::string_view prefix = "muc#roomconfig_";
constexpr std::array<std::string_view, 2> who_is_names{"moderators", "anyone"};
constexpr std::array<std::string_view, 4> allow_pm_names{"anyone", "participants", "moderators",
                                                         "none"};
constexpr std::size_t most_contacts = 50;
constexpr std::uint32_t longest_pause = 86400;
constexpr std::string_view slow_mode_field = "muc#roomconfig_slow_mode_duration";

struct Flag {
    std::string_view field;  // behind the prefix
    bool RoomConfig::*value;
    std::string_view label;
};
constexpr std::array<Flag, 8> flags{{
    {"persistentroom", &RoomConfig::is_persistent, "Keep the room when nobody is in it"},
    {"publicroom", &RoomConfig::is_public, "Let anybody find the room"},
    {"membersonly", &RoomConfig::is_members_only, "Let only members in"},
    {"moderatedroom", &RoomConfig::is_moderated, "Let only those speak who were given voice"},
    {"allowinvites", &RoomConfig::allows_invites, "Let occupants invite others"},
    {"changesubject", &RoomConfig::changes_subject, "Let participants change the subject"},
    {"enablearchiving", &RoomConfig::is_archived, "Keep what is said in an archive"},
    {"allowvoicerequests", &RoomConfig::allows_voice_requests, "Let visitors ask for voice"},
}};

std::string var(std::string_view field) { return std::string(prefix) + std::string(field); }

// ---- Writing -----------------------------------------------------------------------------------

void add_text(DataForm& form, std::string_view field, std::string_view label,
              std::string_view value, std::string_view type = "text-single") {
    form.add(var(field), value, type).label = label;
}

template <std::size_t N>
void add_choice(DataForm& form, std::string_view field, std::string_view label,
                const std::array<std::string_view, N>& names, std::size_t chosen) {
    DataFormField& added = form.add(var(field), names[chosen], "list-single");
    added.label = label;
    for (const std::string_view each : names)
        added.options.push_back({std::string(each), std::string(each)});
}

void add_roles(DataForm& form, std::string_view field, std::string_view label, Roles roles) {
    std::vector<std::string> chosen;
    std::vector<DataFormOption> options;
    for (const Role role : {Role::moderator, Role::participant, Role::visitor}) {
        const std::string each(name(role));
        if (roles.contains(role)) chosen.push_back(each);
        options.push_back({each, each});
    }
    DataFormField& added = form.add(var(field), std::move(chosen), "list-multi");
    added.label = label;
    added.options = std::move(options);
}

void add_addresses(DataForm& form, std::string_view field, std::string_view label,
                   std::vector<std::string> addresses) {
    form.add(var(field), std::move(addresses), "jid-multi").label = label;
}

void add_numbers(DataForm& form, const RoomConfig& config) {
    add_text(form, "maxusers", "How many may be in the room (0: as many as there is room for)",
             std::to_string(config.max_users));
    add_text(form, "historylength", "How many messages who enters is sent at most",
             std::to_string(config.history));
    form.add(slow_mode_field, std::to_string(config.slow_mode), "text-single").label =
        "Seconds between two messages of one participant (0: no wait)";
}

// ---- Reading -----------------------------------------------------------------------------------

Error bad(const DataFormField& field) {
    return fail("bad-request", field.var + " has a value that makes no sense");
}

Result<> read_number(const DataForm& form, std::string_view field, std::uint32_t most,
                     std::uint32_t& into) {
    const DataFormField* const found = form.field(var(field));
    if (!found) return {};
    if (found->value().empty() || found->value() == "none") {
        into = 0;
        return {};
    }
    const auto number = parse_int(found->value());
    if (!number || *number < 0) return bad(*found);
    into = static_cast<std::uint32_t>(std::min<std::int64_t>(*number, most));
    return {};
}

template <class E, std::size_t N>
Result<> read_choice(const DataForm& form, std::string_view field,
                     const std::array<std::string_view, N>& names, E& into) {
    const DataFormField* const found = form.field(var(field));
    if (!found) return {};
    const auto at = std::find(names.begin(), names.end(), found->value());
    if (at == names.end()) return bad(*found);
    into = static_cast<E>(at - names.begin());
    return {};
}

Result<> read_roles(const DataForm& form, std::string_view field, Roles& into) {
    const DataFormField* const found = form.field(var(field));
    if (!found) return {};
    into = Roles::none();
    for (const std::string& value : found->values) {
        if (value.empty()) continue;
        const auto role = parse_role(value);
        if (!role || *role == Role::none) return bad(*found);
        into.add(*role);
    }
    return {};
}

/// Addresses, bare. nullopt: the form has no such field.
Result<std::optional<std::vector<std::string>>> read_addresses(const DataForm& form,
                                                               std::string_view field) {
    const DataFormField* const found = form.field(var(field));
    if (!found) return std::optional<std::vector<std::string>>();
    std::vector<std::string> addresses;
    for (const std::string& value : found->values) {
        if (value.empty()) continue;
        const auto jid = Jid::parse(value);
        if (!jid) return bad(*found);
        std::string address(jid->bare());
        if (std::find(addresses.begin(), addresses.end(), address) == addresses.end())
            addresses.push_back(std::move(address));
    }
    return std::optional(std::move(addresses));
}

Result<> read_texts(const DataForm& form, RoomConfig& config, const MucOptions& options) {
    const std::pair<std::string_view, std::string RoomConfig::*> texts[] = {
        {"roomname", &RoomConfig::name},
        {"roomdesc", &RoomConfig::description},
        {"lang", &RoomConfig::language},
        {"roomsecret", &RoomConfig::password}};
    for (const auto& [field, text] : texts) {
        const DataFormField* const found = form.field(var(field));
        if (!found) continue;
        if (found->value().size() > static_cast<std::size_t>(options.max_subject_bytes))
            return fail("not-acceptable", found->var + " is too long");
        config.*text = found->value();
    }
    const DataFormField* const protects = form.field(var("passwordprotectedroom"));
    if (!protects) return {};
    const auto wanted = protects->boolean();
    if (!wanted) return bad(*protects);
    if (*wanted && config.password.empty())
        return fail("not-acceptable", "a password is needed for that");
    if (!*wanted) config.password.clear();
    return {};
}

Result<> read_flags(const DataForm& form, RoomConfig& config) {
    for (const Flag& flag : flags) {
        const DataFormField* const found = form.field(var(flag.field));
        if (!found) continue;
        const auto value = found->boolean();
        if (!value) return bad(*found);
        config.*flag.value = *value;
    }
    return {};
}

Result<> read_rest(const DataForm& form, RoomConfig& config, const MucOptions& options) {
    constexpr auto any = std::numeric_limits<std::uint32_t>::max();
    const auto history = static_cast<std::uint32_t>(options.max_history);
    if (auto read = read_number(form, "maxusers", any, config.max_users); !read) return read;
    if (auto read = read_number(form, "historylength", history, config.history); !read) return read;
    if (auto read = read_number(form, "slow_mode_duration", longest_pause, config.slow_mode); !read)
        return read;
    if (auto read = read_choice(form, "whois", who_is_names, config.who_is); !read) return read;
    if (auto read = read_choice(form, "allowpm", allow_pm_names, config.allow_pm); !read)
        return read;
    if (auto read = read_roles(form, "presencebroadcast", config.presence_broadcast); !read)
        return read;
    return read_roles(form, "getmemberlist", config.member_list);
}

}  // namespace

DataForm config_form(const RoomConfig& config, const RoomStaff& staff) {
    DataForm form = DataForm::make("form", ns::muc_roomconfig);
    form.title = "Configuration of the room";
    add_text(form, "roomname", "Name", config.name);
    add_text(form, "roomdesc", "Description", config.description);
    add_text(form, "lang", "Language", config.language);
    for (const Flag& flag : flags)
        form.add_boolean(var(flag.field), config.*flag.value).label = flag.label;
    form.add_boolean(var("passwordprotectedroom"), !config.password.empty()).label =
        "Ask for a password";
    add_text(form, "roomsecret", "Password", config.password, "text-private");
    add_choice(form, "whois", "Who sees the real addresses of occupants", who_is_names,
               static_cast<std::size_t>(config.who_is));
    add_choice(form, "allowpm", "Who may send private messages", allow_pm_names,
               static_cast<std::size_t>(config.allow_pm));
    add_roles(form, "presencebroadcast", "Of whom others see that they are there",
              config.presence_broadcast);
    add_roles(form, "getmemberlist", "Who may see the list of members", config.member_list);
    add_numbers(form, config);
    form.add("muc#roominfo_contactjid", config.contacts, "jid-multi").label = "Whom to ask";
    add_addresses(form, "roomadmins", "Administrators", staff.admins);
    add_addresses(form, "roomowners", "Owners", staff.owners);
    return form;
}

void add_config_form(xml::Element& parent, const RoomConfig& config, const RoomStaff& staff) {
    xml::Element& x = config_form(config, staff).append_to(parent);
    for (xml::Element* field = x.first_child(); field; field = field->next_sibling()) {
        if (field->attr("var") != slow_mode_field) continue;
        xml::Element& validate = field->add("validate", ns::data_form_validate);
        validate.set_attr("datatype", "xs:integer");
        validate.add("range").set_attr("min", "0").set_attr("max", std::to_string(longest_pause));
    }
}

Result<ConfigRead> read_config(const DataForm& form, const RoomConfig& before,
                               const MucOptions& options) {
    ConfigRead read{.config = before};
    if (auto done = read_texts(form, read.config, options); !done) return done.error();
    if (auto done = read_flags(form, read.config); !done) return done.error();
    if (auto done = read_rest(form, read.config, options); !done) return done.error();
    if (const DataFormField* contacts = form.field("muc#roominfo_contactjid")) {
        if (contacts->values.size() > most_contacts) return bad(*contacts);
        read.config.contacts.clear();
        for (const std::string& value : contacts->values) {
            if (value.empty()) continue;
            const auto jid = Jid::parse(value);
            if (!jid) return bad(*contacts);
            read.config.contacts.push_back(jid->full());
        }
    }
    auto admins = read_addresses(form, "roomadmins");
    if (!admins) return admins.error();
    auto owners = read_addresses(form, "roomowners");
    if (!owners) return owners.error();
    if (*owners && (*owners)->empty()) return fail("not-acceptable", "a room has an owner");
    read.admins = std::move(*admins);
    read.owners = std::move(*owners);
    return read;
}

// ---- Discovery ---------------------------------------------------------------------------------

std::vector<std::string_view> config_features(const RoomConfig& config) {
    return {config.is_public ? "muc_public" : "muc_hidden",
            config.is_persistent ? "muc_persistent" : "muc_temporary",
            config.is_members_only ? "muc_membersonly" : "muc_open",
            config.is_moderated ? "muc_moderated" : "muc_unmoderated",
            config.who_is == WhoIs::anyone ? "muc_nonanonymous" : "muc_semianonymous",
            config.password.empty() ? "muc_unsecured" : "muc_passwordprotected"};
}

namespace {

std::string two_decimals(double number) {
    std::array<char, 32> text{};
    const auto end = std::to_chars(text.begin(), text.end(), number, std::chars_format::fixed, 2);
    return {text.begin(), end.ptr};
}

}  // namespace

DataForm info_form(const RoomConfig& config, const RoomFacts& facts) {
    DataForm form = DataForm::make("result", ns::muc_roominfo);
    form.add("muc#roominfo_description", config.description, "text-single");
    form.add("muc#roominfo_lang", config.language, "text-single");
    form.add("muc#roominfo_occupants", std::to_string(facts.occupants), "text-single");
    if (facts.subject) form.add("muc#roominfo_subject", *facts.subject, "text-single");
    form.add_boolean("muc#roominfo_subjectmod", config.changes_subject);
    form.add_boolean("muc#roomconfig_changesubject", config.changes_subject);
    form.add_boolean("muc#roomconfig_allowinvites", config.allows_invites);
    form.add_boolean("muc#roomconfig_enablearchiving", config.is_archived);
    form.add("muc#roomconfig_roomname", config.name, "text-single");
    form.add("muc#roomconfig_allowpm", allow_pm_names[static_cast<std::size_t>(config.allow_pm)],
             "list-single");
    form.add("muc#maxhistoryfetch", std::to_string(config.history), "text-single");
    if (!facts.logs.empty()) form.add("muc#roominfo_logs", facts.logs, "text-single");
    if (config.slow_mode > 0)
        form.add("muc#roominfo_slow_mode_duration", std::to_string(config.slow_mode),
                 "text-single");
    if (!config.contacts.empty()) form.add("muc#roominfo_contactjid", config.contacts, "jid-multi");
    if (facts.messages_per_hour)
        form.add("{" + std::string(ns::muc_activity) + "}message-activity",
                 two_decimals(*facts.messages_per_hour), "text-single")
            .label = "Messages per hour";
    if (!facts.pictures.empty())
        form.add("muc#roominfo_avatarhash", facts.pictures, "text-multi").label = "Avatar hash";
    return form;
}

std::vector<int> codes_of_change(const RoomConfig& before, const RoomConfig& after) {
    std::vector<int> codes;
    if (before.is_archived != after.is_archived)
        codes.push_back(after.is_archived ? status::logging_on : status::logging_off);
    if (before.who_is != after.who_is)
        codes.push_back(after.who_is == WhoIs::anyone ? status::now_non_anonymous
                                                      : status::now_semi_anonymous);
    RoomConfig rest = before;
    rest.is_archived = after.is_archived;
    rest.who_is = after.who_is;
    if (!(rest == after)) codes.push_back(status::config_changed);
    return codes;
}

}  // namespace clarion::muc
