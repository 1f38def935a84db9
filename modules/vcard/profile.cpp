#include "modules/vcard/profile.h"

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <string_view>
#include <vector>

#include "modules/vcard/fields.h"
#include "proto/ns.h"
#include "proto/xml_writer.h"

namespace clarion::vcard {
namespace {

bool is_image(const xml::Element& field) {
    return field.is(ns::vcard, "PHOTO") && has_image(field);
}

bool holds(const std::vector<std::uint32_t>& indexes, std::uint32_t index) {
    return std::binary_search(indexes.begin(), indexes.end(), index);
}

/// A copy with those of its children only that `stays` says, by element and place.
xml::Document filtered(const xml::Element& vcard,
                       const std::function<bool(const xml::Element&, std::uint32_t)>& stays) {
    xml::Document copy(vcard.name(), vcard.ns());
    for (const xml::Attribute* each = vcard.first_attribute(); each; each = each->next)
        copy.root().set_attr(each->name, each->value, each->ns);
    std::uint32_t index = 0;
    for (const xml::Element& child : vcard.children())
        if (stays(child, index++)) copy.root().add_copy(child);
    return copy;
}

std::string text_of(const xml::Document& vcard) {
    return vcard.root().has_children() ? xml::to_string(vcard.root()) : std::string();
}

/// Properties by what they are in vcard-temp; those that are nothing there have an empty key, and
/// so have those behind the first `most`.
using Properties = std::multimap<std::string, const xml::Element*>;

Properties properties_of(const xml::Element* vcard4, std::size_t most) {
    Properties properties;
    if (!vcard4) return properties;
    std::size_t count = 0;
    for (const xml::Element& each : vcard4->children())
        properties.emplace(count++ < most ? key_of_property(each) : std::string(), &each);
    return properties;
}

/// Of each child, in order.
std::vector<std::string> keys_of(const xml::Element& vcard) {
    std::vector<std::string> keys;
    for (const xml::Element& field : vcard.children()) keys.push_back(key_of_field(field));
    return keys;
}

/// Whether the vCard says what the node does, as far as both can.
bool says_the_same(const std::vector<std::string>& keys, const Properties& properties) {
    std::multiset<std::string_view> here, there;
    for (const std::string& key : keys)
        if (!key.empty()) here.insert(key);
    for (const auto& [key, property] : properties)
        if (!key.empty()) there.insert(key);
    return here == there;
}

/// The fields that anybody was shown.
std::set<std::string> public_keys(const Before& before) {
    std::set<std::string> keys;
    if (!before.kept || before.fields_in_node) return keys;
    const xml::Document vcard = xml::parse_element(before.kept->xml);
    if (vcard.empty()) return keys;
    std::uint32_t index = 0;
    for (const xml::Element& field : vcard.root().children())
        if (!holds(before.kept->from_node, index++)) keys.insert(key_of_field(field));
    return keys;
}

/// The fields as properties: what was there stays as it was written, and so does what vcard-temp
/// has no word for. `keys`: of the fields.
std::string merged(const xml::Element& vcard, const std::vector<std::string>& keys,
                   const Properties& properties) {
    xml::Document merged("vcard", ns::vcard4);
    std::map<std::string_view, Properties::const_iterator> next;  // of those with a key, which
    auto key = keys.begin();
    for (const xml::Element& field : vcard.children()) {
        const std::string& wanted = *key++;
        if (wanted.empty()) continue;
        auto& [unused, at] = *next.emplace(wanted, properties.lower_bound(wanted)).first;
        if (at != properties.end() && at->first == wanted)
            merged.root().add_copy(*(at++)->second);
        else
            add_vcard4(field, merged.root());
    }
    const auto [first, last] = properties.equal_range({});
    for (auto kept = first; kept != last; ++kept) merged.root().add_copy(*kept->second);
    return text_of(merged);
}

}  // namespace

std::string shown_vcard(const StoredVcard* kept, const Standing& standing,
                        const Readable& readable) {
    const bool whole = kept && kept->from_node.empty() && !standing.fields_in_node;
    if (whole && !standing.photo_in_node) return kept->xml;
    xml::Document vcard("vCard", ns::vcard);
    const xml::Document stored = kept ? xml::parse_element(kept->xml) : xml::Document();
    if (!stored.empty())
        vcard = filtered(stored.root(), [&](const xml::Element& field, std::uint32_t index) {
            if (field.is(ns::vcard, "PHOTO"))
                return !standing.photo_in_node || (!readable.avatar && !has_image(field));
            if (!has_vcard4_form(field)) return true;
            if (standing.fields_in_node) return false;
            return readable.may_read_node || !holds(kept->from_node, index);
        });
    if (standing.fields_in_node && readable.vcard4) {
        std::size_t count = 0;
        for (const xml::Element& property : readable.vcard4->children())
            if (count++ < readable.most_properties) add_temp(property, vcard.root());
    }
    if (standing.photo_in_node && readable.avatar) add_photo(vcard.root(), *readable.avatar);
    return text_of(vcard);
}

Fields fields_of(const xml::Element& vcard, const Before& before, bool without_photo) {
    const Properties properties = properties_of(before.vcard4, before.most_properties);
    const std::vector<std::string> keys = keys_of(vcard);
    const auto stays = [&](const xml::Element& field) {
        return !without_photo || !is_image(field);
    };
    if (before.fields_in_node && says_the_same(keys, properties)) {
        const auto rest = filtered(vcard, [&](const xml::Element& field, std::uint32_t) {
            return stays(field) && !has_vcard4_form(field);
        });
        return {.kept = {.xml = text_of(rest)}, .fields_in_node = true};
    }
    Fields fields;
    const std::set<std::string> known = public_keys(before);
    std::uint32_t place = 0;
    const auto kept = filtered(vcard, [&](const xml::Element& field, std::uint32_t index) {
        if (!stays(field)) return false;
        if (properties.contains(keys[index]) && !keys[index].empty() &&
            !known.contains(keys[index]))
            fields.kept.from_node.push_back(place);
        ++place;
        return true;
    });
    fields.kept.xml = text_of(kept);
    std::string vcard4 = merged(vcard, keys, properties);
    if (vcard4 != (before.vcard4 ? xml::to_string(*before.vcard4) : ""))
        fields.vcard4 = std::move(vcard4);
    return fields;
}

}  // namespace clarion::vcard
