#include "proto/disco_info.h"

#include <algorithm>
#include <utility>

#include "proto/ns.h"

namespace clarion {

namespace {

template <class T>
std::vector<T> sorted_unique(std::vector<T> list) {
    std::sort(list.begin(), list.end());
    list.erase(std::unique(list.begin(), list.end()), list.end());
    return list;
}

void write_identity(xml::Element& query, const DiscoIdentity& identity) {
    xml::Element& element = query.add("identity", ns::disco_info);
    element.set_attr("category", identity.category).set_attr("type", identity.type);
    if (!identity.name.empty()) element.set_attr("name", identity.name);
    if (!identity.lang.empty()) element.set_attr("lang", identity.lang, ns::xml);
}

}  // namespace

DiscoInfo& DiscoInfo::add_identity(std::string_view category, std::string_view type,
                                   std::string_view name, std::string_view lang) {
    identities.push_back(
        {std::string(category), std::string(type), std::string(name), std::string(lang)});
    return *this;
}

DiscoInfo& DiscoInfo::add_feature(std::string_view feature) {
    features.emplace_back(feature);
    return *this;
}

bool DiscoInfo::has_feature(std::string_view feature) const {
    return std::find(features.begin(), features.end(), feature) != features.end();
}

void DiscoInfo::append_to(xml::Element& query) const {
    for (const DiscoIdentity& each : sorted_unique(identities)) write_identity(query, each);
    for (const std::string& feature : sorted_unique(features)) {
        query.add("feature", ns::disco_info).set_attr("var", feature);
    }
    for (const DataForm& form : forms) form.append_to(query);
}

Result<DiscoInfo> DiscoInfo::from_element(const xml::Element& query) {
    if (!query.is(ns::disco_info, "query")) return fail("bad-request", "not a disco#info query");
    DiscoInfo info;
    for (const xml::Element& child : query.children()) {
        if (child.is(ns::disco_info, "identity")) {
            if (child.attr("category").empty() || child.attr("type").empty()) {
                return fail("bad-request", "an identity needs category and type");
            }
            info.add_identity(child.attr("category"), child.attr("type"), child.attr("name"),
                              child.find_attr("lang", ns::xml).value_or(""));
        } else if (child.is(ns::disco_info, "feature")) {
            info.add_feature(child.attr("var"));
        } else if (auto form = DataForm::from_element(child); form.ok()) {
            info.forms.push_back(std::move(form).value());
        }
    }
    return info;
}

}  // namespace clarion
