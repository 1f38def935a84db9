#include "modules/mam/preferences.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "proto/ns.h"
#include "storage/record_codec.h"

namespace clarion::mam {
namespace {

constexpr std::uint8_t version = 1;

constexpr std::array names{std::pair{ArchiveDefault::always, std::string_view("always")},
                           std::pair{ArchiveDefault::never, std::string_view("never")},
                           std::pair{ArchiveDefault::roster, std::string_view("roster")}};

std::optional<ArchiveDefault> find_default(std::string_view text) {
    for (const auto& [rule, name] : names)
        if (name == text) return rule;
    return std::nullopt;
}

bool lists(const std::vector<std::string>& list, const Jid& jid) {
    return std::any_of(list.begin(), list.end(), [&](const std::string& entry) {
        return entry == jid.full() || entry == jid.bare();
    });
}

/// The addresses in <always/> or <never/>; nullopt: one is no address.
std::optional<std::vector<std::string>> read_list(const xml::Element& prefs,
                                                  std::string_view name) {
    std::vector<std::string> list;
    const xml::Element* element = prefs.child(ns::mam, name);
    if (!element) return list;
    for (const xml::Element& entry : element->children()) {
        if (!entry.is(ns::mam, "jid")) continue;
        auto jid = Jid::parse(entry.text());
        if (!jid) return std::nullopt;
        list.push_back(jid->full());
    }
    return list;
}

void add_list(xml::Element& prefs, std::string_view name, const std::vector<std::string>& list) {
    xml::Element& element = prefs.add(name);
    for (const std::string& jid : list) element.add_text_child("jid", jid);
}

}  // namespace

std::string encode(const ArchivePreferences& preferences) {
    return storage::Encoder(version)
        .boolean(preferences.set)
        .u8(static_cast<std::uint8_t>(preferences.otherwise))
        .strings(preferences.always)
        .strings(preferences.never)
        .take();
}

Result<ArchivePreferences> decode_preferences(std::string_view value) {
    storage::Decoder in(value, version);
    ArchivePreferences preferences;
    preferences.set = in.boolean();
    preferences.otherwise = static_cast<ArchiveDefault>(
        in.enumerator(static_cast<std::uint8_t>(ArchiveDefault::roster)));
    preferences.always = in.strings();
    preferences.never = in.strings();
    if (auto fits = in.finish("archive preference"); !fits) return fits.error();
    return preferences;
}

std::string_view name(ArchiveDefault rule) {
    for (const auto& [each, name] : names)
        if (each == rule) return name;
    return "always";
}

ArchiveDefault parse_default(std::string_view name) {
    return find_default(name).value_or(ArchiveDefault::always);
}

bool wants_archived(const ArchivePreferences& preferences, ArchiveDefault otherwise,
                    const Jid& with, bool in_roster) {
    if (lists(preferences.never, with)) return false;
    if (lists(preferences.always, with)) return true;
    const ArchiveDefault rule = preferences.set ? preferences.otherwise : otherwise;
    return rule == ArchiveDefault::always || (rule == ArchiveDefault::roster && in_roster);
}

std::variant<ArchivePreferences, StanzaError> read_preferences(const xml::Element& prefs,
                                                               std::size_t limit) {
    const auto rule = find_default(prefs.attr("default"));
    if (!rule)
        return StanzaError(StanzaErrorCondition::bad_request,
                           "'default' is always, never or roster");
    auto always = read_list(prefs, "always");
    auto never = read_list(prefs, "never");
    if (!always || !never) return StanzaError(StanzaErrorCondition::jid_malformed);
    if (always->size() + never->size() > limit)
        return StanzaError(StanzaErrorCondition::policy_violation, "too many addresses");
    return ArchivePreferences{
        .set = true, .otherwise = *rule, .always = std::move(*always), .never = std::move(*never)};
}

void add_preferences(xml::Element& parent, const ArchivePreferences& preferences,
                     ArchiveDefault otherwise) {
    xml::Element& prefs = parent.add("prefs", ns::mam);
    prefs.set_attr("default", name(preferences.set ? preferences.otherwise : otherwise));
    add_list(prefs, "always", preferences.always);
    add_list(prefs, "never", preferences.never);
}

}  // namespace clarion::mam
