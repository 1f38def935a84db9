#include "proto/entity_caps.h"

#include <algorithm>
#include <tuple>
#include <utility>
#include <vector>

#include "base/text.h"
#include "proto/crypto.h"
#include "proto/ns.h"
#include "proto/stanza.h"

namespace clarion {

namespace {

constexpr std::size_t longest = 1023;

std::optional<crypto::Hash> hash_named(std::string_view name) {
    if (name == "sha-1") return crypto::Hash::sha1;
    if (name == "sha-256") return crypto::Hash::sha256;
    return std::nullopt;
}

bool is_sane(const CapsTag& tag) {
    if (tag.node.empty() || tag.ver.empty()) return false;
    if (tag.node.size() > longest || tag.ver.size() > longest || tag.hash.size() > longest)
        return false;
    const auto hash = hash_named(tag.hash);
    if (!hash) return true;
    const auto digest = base64_decode(tag.ver);
    return digest && digest->size() == crypto::digest_size(*hash);
}

template <class T>
bool has_twice(const std::vector<T>& sorted) {
    return std::adjacent_find(sorted.begin(), sorted.end()) != sorted.end();
}

Error ill_formed(std::string_view why) { return fail("bad-request", std::string(why)); }

/// A form as it is hashed.
struct Form {
    std::string type;
    const DataForm* form;
    auto operator<=>(const Form& other) const { return type <=> other.type; }
    bool operator==(const Form& other) const { return type == other.type; }
};

/// Those that count: of a FORM_TYPE that is hidden.
Result<std::vector<Form>> forms_of(const DiscoInfo& info) {
    std::vector<Form> forms;
    for (const DataForm& form : info.forms) {
        const DataFormField* type = form.field("FORM_TYPE");
        if (!type || type->type != "hidden" || type->values.empty()) continue;
        for (const std::string& value : type->values)
            if (value != type->value()) return ill_formed("a FORM_TYPE with two values");
        forms.push_back({std::string(type->value()), &form});
    }
    std::sort(forms.begin(), forms.end());
    if (has_twice(forms)) return ill_formed("two forms of one type");
    return forms;
}

void append(std::string& text, std::string_view part) { text.append(part) += '<'; }

void append(std::string& text, const Form& form) {
    append(text, form.type);
    std::vector<std::pair<std::string_view, std::vector<std::string_view>>> fields;
    for (const DataFormField& field : form.form->fields) {
        if (field.var == "FORM_TYPE") continue;
        fields.push_back({field.var, {field.values.begin(), field.values.end()}});
        std::sort(fields.back().second.begin(), fields.back().second.end());
    }
    std::sort(fields.begin(), fields.end());
    for (const auto& [var, values] : fields) {
        append(text, var);
        for (const std::string_view value : values) append(text, value);
    }
}

/// By category, type and language, which the order of its members is not.
bool goes_before(const DiscoIdentity& a, const DiscoIdentity& b) {
    return std::tie(a.category, a.type, a.lang, a.name) <
           std::tie(b.category, b.type, b.lang, b.name);
}

Result<std::string> text_of(DiscoInfo info) {
    std::sort(info.identities.begin(), info.identities.end(), goes_before);
    if (has_twice(info.identities)) return ill_formed("an identity is said twice");
    std::sort(info.features.begin(), info.features.end());
    if (has_twice(info.features)) return ill_formed("a feature is said twice");
    const auto forms = forms_of(info);
    if (!forms) return forms.error();

    std::string text;
    for (const DiscoIdentity& each : info.identities)
        append(text, each.category + '/' + each.type + '/' + each.lang + '/' + each.name);
    for (const std::string& feature : info.features) append(text, feature);
    for (const Form& form : *forms) append(text, form);
    return text;
}

bool has_part(std::string_view text, std::string_view part, std::string_view rest) {
    const std::size_t size = part.size() + rest.size();
    for (auto at = text.find(part); at != std::string_view::npos; at = text.find(part, at + 1)) {
        if (at != 0 && text[at - 1] != '<') continue;
        if (at + size >= text.size()) return false;  // each ends in '<'
        if (text.substr(at + part.size(), rest.size()) == rest && text[at + size] == '<')
            return true;
    }
    return false;
}

}  // namespace

bool CapsTag::can_verify() const { return hash_named(hash).has_value(); }

std::optional<CapsTag> caps_of(const Stanza& presence) {
    const xml::Element* c = presence.root().child(ns::caps, "c");
    if (!c) return std::nullopt;
    CapsTag tag{std::string(c->attr("hash")), std::string(c->attr("node")),
                std::string(c->attr("ver"))};
    if (!is_sane(tag)) return std::nullopt;
    return tag;
}

bool Capabilities::has(std::string_view feature) const {
    return !feature.empty() && has_part(text_, feature, {});
}

bool Capabilities::notifies(std::string_view node) const {
    return !node.empty() && has_part(text_, node, "+notify");
}

Result<std::string> caps_text(const xml::Element& query) {
    auto info = DiscoInfo::from_element(query);
    if (!info) return info.error();
    return text_of(std::move(info).value());
}

std::string caps_text(const DiscoInfo& info) {
    xml::Document query("query", ns::disco_info);
    info.append_to(query.root());  // each once
    return caps_text(query.root()).value();
}

std::optional<std::string> caps_ver(std::string_view hash, std::string_view text) {
    const auto known = hash_named(hash);
    if (!known) return std::nullopt;
    return base64_encode(crypto::digest(*known, text));
}

}  // namespace clarion
