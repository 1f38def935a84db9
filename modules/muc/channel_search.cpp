#include "modules/muc/channel_search.h"

#include <algorithm>
#include <array>
#include <optional>
#include <tuple>
#include <utility>

#include "base/text.h"
#include "proto/data_form.h"
#include "proto/nickname.h"
#include "proto/ns.h"

namespace clarion::muc {

using Condition = StanzaErrorCondition;

namespace {

constexpr std::string_view type_of_rooms = "xep-0045";
constexpr std::size_t most_terms = 10;
constexpr std::size_t shortest_term = 2;  // bytes: one letter is in nearly everything

StanzaError error(Condition condition, std::string_view detail, std::string text) {
    StanzaError made(condition, StanzaErrorType::modify, std::move(text));
    made.app_ns = ns::channel_search_error;
    made.app_name = detail;
    return made;
}

std::string order_name(ChannelOrder order) {
    const std::string_view name = order == ChannelOrder::address ? "address" : "nusers";
    return "{" + std::string(ns::channel_search_order) + "}" + std::string(name);
}

// ---- Reading -----------------------------------------------------------------------------------

/// A value that is none is as good as none.
bool flag(const DataForm& form, std::string_view var, bool otherwise) {
    const DataFormField* const field = form.field(var);
    return field ? field->boolean().value_or(otherwise) : otherwise;
}

std::vector<std::string> read_terms(std::string_view text) {
    std::vector<std::string> terms;
    for (const std::string_view each : split(text, ' ')) {
        std::string term = folded(each);
        if (term.size() >= shortest_term && terms.size() < most_terms)
            terms.push_back(std::move(term));
    }
    return terms;
}

std::optional<StanzaError> read_keywords(const DataForm& form, ChannelQuery& query) {
    const std::string_view keywords = form.value("q");
    const bool all = flag(form, "all", false);
    if (all && !keywords.empty())
        return error(Condition::bad_request, "conflicting-fields",
                     "\"Return all entries\" and \"Search for\" exclude each other");
    if (all) return std::nullopt;
    if (keywords.empty())
        return error(Condition::bad_request, "no-search-conditions", "what is searched for?");
    query.in_name = flag(form, "sinname", true);
    query.in_description = flag(form, "sindescription", true);
    // The table of the specification has one name for it, its example another.
    query.in_address = flag(form, "sinaddress", flag(form, "sinaddr", true));
    if (!query.in_name && !query.in_description && !query.in_address)
        return error(Condition::bad_request, "conflicting-fields",
                     "words are searched for in the name, the description or the address");
    query.terms = read_terms(keywords);
    if (query.terms.empty())
        return error(Condition::bad_request, "invalid-search-terms",
                     "a word has two letters at least");
    return std::nullopt;
}

std::optional<StanzaError> read_order(const DataForm& form, ChannelQuery& query) {
    const std::string_view key = form.value("key");
    if (key.empty()) return std::nullopt;
    for (const ChannelOrder order : {ChannelOrder::address, ChannelOrder::occupants}) {
        if (key != order_name(order)) continue;
        query.order = order;
        return std::nullopt;
    }
    return error(Condition::feature_not_implemented, "invalid-sort-key",
                 "rooms are sorted by address or by the number of users");
}

void read_limits(const DataForm& form, ChannelQuery& query) {
    const DataFormField* const types = form.field("types");
    if (types && !types->values.empty())
        query.any_type = std::find(types->values.begin(), types->values.end(), type_of_rooms) !=
                         types->values.end();
    const auto least = parse_int(form.value("min_users"));
    constexpr std::int64_t most = 1 << 30;
    if (least && *least > 0)
        query.min_occupants = static_cast<std::uint32_t>(std::min(*least, most));
}

// ---- Finding -----------------------------------------------------------------------------------

bool has_term(const Channel& channel, const ChannelQuery& query, const std::string& term) {
    const auto has = [&](std::string_view text) {
        return text.find(term) != std::string_view::npos;
    };
    return (query.in_name && has(channel.folded_name)) ||
           (query.in_description && has(channel.folded_description)) ||
           (query.in_address && has(channel.address));
}

bool fits(const Channel& channel, const ChannelQuery& query) {
    return query.any_type && channel.occupants >= query.min_occupants &&
           std::all_of(query.terms.begin(), query.terms.end(),
                       [&](const std::string& term) { return has_term(channel, query, term); });
}

/// Where a room is among others. By address alone the number is always the same.
struct Place {
    std::uint32_t occupants = 0;
    std::string_view address{};
    bool operator<(const Place& other) const {
        if (occupants != other.occupants) return occupants > other.occupants;
        return address < other.address;
    }
};

Place place_of(const Channel& channel, ChannelOrder order) {
    return {order == ChannelOrder::address ? 0 : channel.occupants, channel.address};
}

/// A room may have gone that a page ended with, so a page says where it ended.
std::string cursor_of(const Channel& channel, ChannelOrder order) {
    if (order == ChannelOrder::address) return channel.address;
    return std::to_string(channel.occupants) + " " + channel.address;
}

Place read_cursor(std::string_view cursor, ChannelOrder order) {
    if (order == ChannelOrder::address) return {0, cursor};
    const std::size_t space = std::min(cursor.find(' '), cursor.size());
    const auto occupants = parse_int(cursor.substr(0, space));
    const std::string_view address = cursor.substr(std::min(space + 1, cursor.size()));
    if (!occupants || *occupants < 0) return {0, address};
    return {static_cast<std::uint32_t>(*occupants), address};
}

/// From which one to before which one a page is.
std::pair<std::size_t, std::size_t> bounds_of(const std::vector<const Channel*>& found,
                                              const ChannelQuery& query, std::size_t limit) {
    const auto is_before = [&](const Channel* each, const Place& place) {
        return place_of(*each, query.order) < place;
    };
    const auto is_behind = [&](const Place& place, const Channel* each) {
        return place < place_of(*each, query.order);
    };
    const auto position = [&](auto at) { return static_cast<std::size_t>(at - found.begin()); };
    const RsmRequest& page = query.page;
    std::size_t first = std::min<std::size_t>(page.index.value_or(0), found.size());
    std::size_t end = found.size();
    if (page.after)
        first = position(std::upper_bound(found.begin(), found.end(),
                                          read_cursor(*page.after, query.order), is_behind));
    if (page.before && !page.before->empty())
        end = position(std::lower_bound(found.begin(), found.end(),
                                        read_cursor(*page.before, query.order), is_before));
    end = std::max(first, end);
    if (end - first <= limit) return {first, end};
    return page.before ? std::pair(end - limit, end) : std::pair(first, first + limit);
}

}  // namespace

std::string folded(std::string_view text) { return nickname_key(text); }

std::variant<ChannelQuery, StanzaError> read_channel_query(const xml::Element& search) {
    ChannelQuery query;
    const auto form = DataForm::find_in(search, ns::channel_search_params);
    if (!form || form->type != "submit")
        return error(Condition::bad_request, "no-search-conditions", "a form is needed");
    if (auto refused = read_keywords(*form, query)) return std::move(*refused);
    if (auto refused = read_order(*form, query)) return std::move(*refused);
    read_limits(*form, query);
    auto page = read_rsm(search);
    if (!page) return to_stanza_error(page.error());
    query.page = std::move(*page);
    return query;
}

void add_search_form(xml::Element& search) {
    DataForm form = DataForm::make("form", ns::channel_search_params);
    form.add("q", std::vector<std::string>(), "text-single").label = "Search for";
    form.add_boolean("all", false).label = "Return all entries";
    form.add_boolean("sinname", true).label = "Search in name";
    form.add_boolean("sindescription", true).label = "Search in description";
    form.add_boolean("sinaddress", true).label = "Search in address";
    form.add("min_users", "0", "text-single").label = "Minimum number of users";
    DataFormField& types = form.add("types", type_of_rooms, "list-multi");
    types.label = "Service types";
    types.options.push_back({"XEP-0045 Multi-User Chats", std::string(type_of_rooms)});
    DataFormField& key = form.add("key", order_name(ChannelOrder::occupants), "list-single");
    key.label = "Sort results by";
    key.options.push_back({"Number of online users", order_name(ChannelOrder::occupants)});
    key.options.push_back({"Address", order_name(ChannelOrder::address)});
    form.append_to(search);
}

ChannelPage find_channels(const std::vector<Channel>& all, const ChannelQuery& query,
                          std::size_t limit) {
    std::vector<const Channel*> found;
    for (const Channel& each : all)
        if (fits(each, query)) found.push_back(&each);
    std::sort(found.begin(), found.end(), [&](const Channel* a, const Channel* b) {
        return place_of(*a, query.order) < place_of(*b, query.order);
    });
    const auto [first, end] = bounds_of(found, query, limit);
    ChannelPage page;
    page.set.count = static_cast<std::uint32_t>(found.size());
    for (std::size_t i = first; i < end; ++i) page.channels.push_back(found[i]);
    if (first == end) return page;
    page.set.first = cursor_of(*found[first], query.order);
    page.set.last = cursor_of(*found[end - 1], query.order);
    page.set.index = static_cast<std::uint32_t>(first);
    return page;
}

void add_channel(xml::Element& result, const Channel& channel) {
    xml::Element& item = result.add("item");
    item.set_attr("address", channel.address);
    item.add_text_child("name", channel.name);
    if (!channel.description.empty()) item.add_text_child("description", channel.description);
    if (!channel.language.empty()) item.add_text_child("language", channel.language);
    item.add_text_child("nusers", std::to_string(channel.occupants));
    item.add_text_child("service-type", type_of_rooms);
    // Some look whether it is there, some what it says.
    if (channel.is_open) item.add_text_child("is-open", "true");
    item.add_text_child("anonymity-mode", channel.is_semianonymous
                                              ? "muc_semianonymous"
                                              : "{urn:xmpp:channel-search:0:anonymity}none");
}

}  // namespace clarion::muc
