#include "modules/vcard/field_kinds.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <vector>

#include "base/text.h"
#include "proto/ns.h"

namespace clarion::vcard {

namespace {

using View = std::string_view;

// ---- Reading -----------------------------------------------------------------------------------

View temp_text(const xml::Element& field, View name) {
    return trim(field.child_text(ns::vcard, name));
}

/// The first value of a property; nullptr: it has none.
const xml::Element* value_of(const xml::Element& property) {
    for (const xml::Element& child : property.children())
        if (child.ns() == ns::vcard4 && child.name() != "parameters") return &child;
    return nullptr;
}

/// What comes behind the scheme ("tel:", "xmpp:"); nothing: the value is no such URI.
std::optional<View> behind_scheme(const xml::Element& property, View scheme) {
    const xml::Element* const value = value_of(property);
    const View text = text_of_property(property);
    if (!value || value->name() != "uri") return std::nullopt;
    if (to_lower_ascii(text.substr(0, scheme.size())) != scheme) return std::nullopt;
    return text.substr(scheme.size());
}

/// Components of a name or an address that are there several times: a list, as vcard-temp has it.
std::string component(const xml::Element& property, View name) {
    std::string joined;
    for (const xml::Element& child : property.children()) {
        if (!child.is(ns::vcard4, name) || trim(child.text()).empty()) continue;
        if (!joined.empty()) joined += ',';
        joined += trim(child.text());
    }
    return joined;
}

std::vector<std::string> types_of(const xml::Element& property) {
    std::vector<std::string> types;
    const xml::Element* const parameters = property.child(ns::vcard4, "parameters");
    const xml::Element* const type = parameters ? parameters->child(ns::vcard4, "type") : nullptr;
    if (!type) return types;
    for (const xml::Element& text : type->children())
        types.push_back(to_lower_ascii(trim(text.text())));
    return types;
}

/// The most preferred one of its kind (RFC 6350, 5.3), which is all that vcard-temp can say.
bool is_preferred(const xml::Element& property) {
    const xml::Element* const parameters = property.child(ns::vcard4, "parameters");
    const xml::Element* const pref = parameters ? parameters->child(ns::vcard4, "pref") : nullptr;
    if (!pref) return false;
    return trim(pref->has_children() ? pref->first_child()->text() : pref->text()) == "1";
}

// ---- Writing -----------------------------------------------------------------------------------

bool add_value(xml::Element& vcard4, View name, View type, View value) {
    if (value.empty()) return false;
    vcard4.add(name).add_text_child(type, value);
    return true;
}

bool add_field(xml::Element& vcard, View name, View value) {
    if (value.empty()) return false;
    vcard.add_text_child(name, value);
    return true;
}

std::string join(View scheme, View rest) { return std::string(scheme) += rest; }

/// A word for what kind of address or number it is: HOME in the one, home in the other.
struct Type {
    View temp;
    View vcard4;
};
constexpr std::array types{
    Type{"HOME", "home"},   Type{"WORK", "work"},   Type{"TEXT", "text"},
    Type{"VOICE", "voice"}, Type{"FAX", "fax"},     Type{"CELL", "cell"},
    Type{"VIDEO", "video"}, Type{"PAGER", "pager"}, Type{"TEXTPHONE", "textphone"}};
/// Of an address only the first two (RFC 6350, 5.6).
constexpr std::size_t types_of_places = 2;

void add_parameters(const xml::Element& field, xml::Element& property, std::size_t known) {
    const auto last = types.begin() + static_cast<std::ptrdiff_t>(known);
    const auto said = [&](const Type& type) {
        return field.child(ns::vcard, type.temp) != nullptr;
    };
    const bool has_type = std::any_of(types.begin(), last, said);
    const bool preferred = field.child(ns::vcard, "PREF") != nullptr;
    if (!has_type && !preferred) return;
    xml::Element& parameters = property.add("parameters");
    if (has_type) {
        xml::Element& list = parameters.add("type");
        for (auto type = types.begin(); type != last; ++type)
            if (said(*type)) list.add_text_child("text", type->vcard4);
    }
    if (preferred) parameters.add("pref").add_text_child("integer", "1");
}

void add_types(const xml::Element& property, xml::Element& field, std::size_t known) {
    const std::vector<std::string> said = types_of(property);
    for (std::size_t i = 0; i < known; ++i)
        if (std::find(said.begin(), said.end(), types[i].vcard4) != said.end())
            field.add(types[i].temp);
    if (is_preferred(property)) field.add("PREF");
}

// ---- Names and addresses -----------------------------------------------------------------------

struct Component {
    View temp;
    View vcard4;
};
constexpr std::array name_parts{Component{"FAMILY", "surname"}, Component{"GIVEN", "given"},
                                Component{"MIDDLE", "additional"}, Component{"PREFIX", "prefix"},
                                Component{"SUFFIX", "suffix"}};
constexpr std::array address_parts{Component{"POBOX", "pobox"},   Component{"EXTADD", "ext"},
                                   Component{"STREET", "street"}, Component{"LOCALITY", "locality"},
                                   Component{"REGION", "region"}, Component{"PCODE", "code"},
                                   Component{"CTRY", "country"}};

/// All components are there, or the schema of RFC 6351 does not allow it.
template <std::size_t N>
void add_components(const xml::Element& field, xml::Element& property,
                    const std::array<Component, N>& parts) {
    for (const Component& part : parts)
        property.add_text_child(part.vcard4, temp_text(field, part.temp));
}

template <std::size_t N>
bool has_components(const xml::Element& field, const std::array<Component, N>& parts) {
    return std::any_of(parts.begin(), parts.end(),
                       [&](const Component& part) { return !temp_text(field, part.temp).empty(); });
}

template <std::size_t N>
void add_fields(const xml::Element& property, xml::Element& field,
                const std::array<Component, N>& parts) {
    for (const Component& part : parts)
        add_field(field, part.temp, component(property, part.vcard4));
}

template <std::size_t N>
bool has_values(const xml::Element& property, const std::array<Component, N>& parts) {
    return std::any_of(parts.begin(), parts.end(), [&](const Component& part) {
        return !component(property, part.vcard4).empty();
    });
}

/// The texts of the children of that name, those without any as well.
std::vector<View> texts_of(const xml::Element& element, View ns, View name) {
    std::vector<View> texts;
    for (const xml::Element& child : element.children())
        if (child.is(ns, name)) texts.push_back(trim(child.text()));
    return texts;
}

bool any_text(const std::vector<View>& texts) {
    return std::any_of(texts.begin(), texts.end(), [](View text) { return !text.empty(); });
}

/// Whether a number may stand in a tel: URI (RFC 3966) as it is: without spaces, for one.
bool fits_tel_uri(View number) {
    constexpr View allowed = "0123456789-.();=";
    const View rest = number.substr(number.starts_with('+') ? 1 : 0);
    return !rest.empty() && rest.find_first_not_of(allowed) == View::npos;
}

/// A picture or sound: here, or elsewhere.
bool media_to_vcard4(const xml::Element& field, xml::Element& vcard4, View name, View usual_type) {
    const View link = temp_text(field, "EXTVAL");
    if (!link.empty()) return add_value(vcard4, name, "uri", link);
    const View data = temp_text(field, "BINVAL");
    if (data.empty()) return false;
    const View type = temp_text(field, "TYPE");
    return add_value(
        vcard4, name, "uri",
        join("data:", type.empty() ? usual_type : type) + ";base64," + std::string(data));
}

bool media_to_temp(const xml::Element& property, xml::Element& vcard, View name) {
    constexpr View encoding = ";base64,";
    const View uri = text_of_property(property);
    if (uri.empty()) return false;
    const View data = behind_scheme(property, "data:").value_or(View());
    const std::size_t at = std::min(data.find(encoding), data.size());
    const View bytes = trim(data.substr(std::min(at + encoding.size(), data.size())));
    xml::Element& field = vcard.add(name);
    if (bytes.empty()) {
        field.add_text_child("EXTVAL", uri);
        return true;
    }
    field.add_text_child("TYPE", data.substr(0, at)).add_text_child("BINVAL", bytes);
    return true;
}

}  // namespace

View text_of_property(const xml::Element& property) {
    const xml::Element* const value = value_of(property);
    return value ? trim(value->text()) : View();
}

bool name_to_vcard4(const xml::Element& field, xml::Element& vcard4) {
    if (!has_components(field, name_parts)) return false;
    add_components(field, vcard4.add("n"), name_parts);
    return true;
}

bool name_to_temp(const xml::Element& property, xml::Element& vcard) {
    if (!has_values(property, name_parts)) return false;
    add_fields(property, vcard.add("N"), name_parts);
    return true;
}

bool address_to_vcard4(const xml::Element& field, xml::Element& vcard4) {
    if (!has_components(field, address_parts)) return false;
    xml::Element& property = vcard4.add("adr");
    add_parameters(field, property, types_of_places);
    add_components(field, property, address_parts);
    return true;
}

bool address_to_temp(const xml::Element& property, xml::Element& vcard) {
    if (!has_values(property, address_parts)) return false;
    xml::Element& field = vcard.add("ADR");
    add_types(property, field, types_of_places);
    add_fields(property, field, address_parts);
    return true;
}

// ---- How somebody is reached -------------------------------------------------------------------

bool phone_to_vcard4(const xml::Element& field, xml::Element& vcard4) {
    const View number = temp_text(field, "NUMBER");
    if (number.empty()) return false;
    xml::Element& property = vcard4.add("tel");
    add_parameters(field, property, types.size());
    if (fits_tel_uri(number))
        property.add_text_child("uri", join("tel:", number));
    else
        property.add_text_child("text", number);
    return true;
}

bool phone_to_temp(const xml::Element& property, xml::Element& vcard) {
    const View number = behind_scheme(property, "tel:").value_or(text_of_property(property));
    if (number.empty()) return false;
    xml::Element& field = vcard.add("TEL");
    add_types(property, field, types.size());
    field.add_text_child("NUMBER", number);
    return true;
}

bool email_to_vcard4(const xml::Element& field, xml::Element& vcard4) {
    const View address = temp_text(field, "USERID");
    if (address.empty()) return false;
    xml::Element& property = vcard4.add("email");
    add_parameters(field, property, types_of_places);
    property.add_text_child("text", address);
    return true;
}

bool email_to_temp(const xml::Element& property, xml::Element& vcard) {
    const View address = behind_scheme(property, "mailto:").value_or(text_of_property(property));
    if (address.empty()) return false;
    xml::Element& field = vcard.add("EMAIL");
    add_types(property, field, types_of_places);
    field.add("INTERNET");
    field.add_text_child("USERID", address);
    return true;
}

bool jabber_id_to_vcard4(const xml::Element& field, xml::Element& vcard4) {
    const View jid = trim(field.text());
    return !jid.empty() && add_value(vcard4, "impp", "uri", join("xmpp:", jid));
}

/// Other networks have no field.
bool jabber_id_to_temp(const xml::Element& property, xml::Element& vcard) {
    return add_field(vcard, "JABBERID", behind_scheme(property, "xmpp:").value_or(View()));
}

// ---- The rest ----------------------------------------------------------------------------------

bool birthday_to_vcard4(const xml::Element& field, xml::Element& vcard4) {
    const View date = trim(field.text());
    const bool numbers = date.find_first_not_of("0123456789-") == View::npos;
    const bool with_time =
        !date.empty() && date.find_first_not_of("0123456789-:.+TZ") == View::npos;
    return add_value(vcard4, "bday", numbers ? "date" : with_time ? "date-time" : "text", date);
}

bool place_to_vcard4(const xml::Element& field, xml::Element& vcard4) {
    const View latitude = temp_text(field, "LAT");
    const View longitude = temp_text(field, "LON");
    constexpr View degrees = "0123456789.+-";
    if (latitude.empty() || longitude.empty()) return false;
    if (join(latitude, longitude).find_first_not_of(degrees) != View::npos) return false;
    return add_value(vcard4, "geo", "uri", join("geo:", latitude) + ',' + std::string(longitude));
}

/// RFC 5870: a height and parameters may follow.
bool place_to_temp(const xml::Element& property, xml::Element& vcard) {
    const View place = behind_scheme(property, "geo:").value_or(View());
    const std::vector<View> parts = split(place.substr(0, place.find(';')), ',');
    if (parts.size() < 2 || parts[0].empty() || parts[1].empty()) return false;
    xml::Element& field = vcard.add("GEO");
    field.add_text_child("LAT", parts[0]).add_text_child("LON", parts[1]);
    return true;
}

/// Units follow the name (RFC 6350, 6.6.4).
bool organization_to_vcard4(const xml::Element& field, xml::Element& vcard4) {
    const View name = temp_text(field, "ORGNAME");
    const std::vector<View> units = texts_of(field, ns::vcard, "ORGUNIT");
    if (name.empty() && !any_text(units)) return false;
    xml::Element& property = vcard4.add("org");
    property.add_text_child("text", name);
    for (const View unit : units) add_field(property, "text", unit);
    return true;
}

bool organization_to_temp(const xml::Element& property, xml::Element& vcard) {
    const std::vector<View> texts = texts_of(property, ns::vcard4, "text");
    if (!any_text(texts)) return false;
    xml::Element& field = vcard.add("ORG");
    add_field(field, "ORGNAME", texts.front());
    for (std::size_t i = 1; i < texts.size(); ++i) add_field(field, "ORGUNIT", texts[i]);
    return true;
}

bool categories_to_vcard4(const xml::Element& field, xml::Element& vcard4) {
    const std::vector<View> keywords = texts_of(field, ns::vcard, "KEYWORD");
    if (!any_text(keywords)) return false;
    xml::Element& property = vcard4.add("categories");
    for (const View keyword : keywords) add_field(property, "text", keyword);
    return true;
}

bool categories_to_temp(const xml::Element& property, xml::Element& vcard) {
    const std::vector<View> texts = texts_of(property, ns::vcard4, "text");
    if (!any_text(texts)) return false;
    xml::Element& field = vcard.add("CATEGORIES");
    for (const View text : texts) add_field(field, "KEYWORD", text);
    return true;
}

bool key_to_vcard4(const xml::Element& field, xml::Element& vcard4) {
    return add_value(vcard4, "key", "text", temp_text(field, "CRED"));
}

/// A key that is elsewhere has no field.
bool key_to_temp(const xml::Element& property, xml::Element& vcard) {
    const xml::Element* const text = property.child(ns::vcard4, "text");
    if (!text || trim(text->text()).empty()) return false;
    vcard.add("KEY").add_text_child("CRED", trim(text->text()));
    return true;
}

bool logo_to_vcard4(const xml::Element& field, xml::Element& vcard4) {
    return media_to_vcard4(field, vcard4, "logo", "image/png");
}
bool logo_to_temp(const xml::Element& property, xml::Element& vcard) {
    return media_to_temp(property, vcard, "LOGO");
}
bool sound_to_vcard4(const xml::Element& field, xml::Element& vcard4) {
    return media_to_vcard4(field, vcard4, "sound", "audio/basic");
}
bool sound_to_temp(const xml::Element& property, xml::Element& vcard) {
    return media_to_temp(property, vcard, "SOUND");
}

}  // namespace clarion::vcard
