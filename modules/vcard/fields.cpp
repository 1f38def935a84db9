#include "modules/vcard/fields.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "base/text.h"
#include "modules/vcard/field_kinds.h"
#include "proto/ns.h"
#include "proto/xml_writer.h"

namespace clarion::vcard {
namespace {

using View = std::string_view;

/// One kind of field. Without functions it is a text, the same in both.
struct Kind {
    View temp;
    View vcard4;
    View type = "text";  // of the value in vCard4
    bool (*to_vcard4)(const xml::Element& field, xml::Element& vcard4) = nullptr;
    bool (*to_temp)(const xml::Element& property, xml::Element& vcard) = nullptr;
};

/// Of two fields that are one property the first is what the property is.
constexpr std::array kinds{
    Kind{"FN", "fn"},
    Kind{"N", "n", {}, name_to_vcard4, name_to_temp},
    Kind{"NICKNAME", "nickname"},
    Kind{"BDAY", "bday", {}, birthday_to_vcard4},
    Kind{"ADR", "adr", {}, address_to_vcard4, address_to_temp},
    Kind{"TEL", "tel", {}, phone_to_vcard4, phone_to_temp},
    Kind{"EMAIL", "email", {}, email_to_vcard4, email_to_temp},
    Kind{"JABBERID", "impp", {}, jabber_id_to_vcard4, jabber_id_to_temp},
    Kind{"TZ", "tz"},
    Kind{"GEO", "geo", {}, place_to_vcard4, place_to_temp},
    Kind{"TITLE", "title"},
    Kind{"ROLE", "role"},
    Kind{"LOGO", "logo", {}, logo_to_vcard4, logo_to_temp},
    Kind{"ORG", "org", {}, organization_to_vcard4, organization_to_temp},
    Kind{"CATEGORIES", "categories", {}, categories_to_vcard4, categories_to_temp},
    Kind{"DESC", "note"},
    Kind{"NOTE", "note"},
    Kind{"PRODID", "prodid"},
    Kind{"REV", "rev", "timestamp"},
    Kind{"SOUND", "sound", {}, sound_to_vcard4, sound_to_temp},
    Kind{"UID", "uid", "uri"},
    Kind{"URL", "url", "uri"},
    Kind{"KEY", "key", {}, key_to_vcard4, key_to_temp},
};

const Kind* kind_of(View name, View ns, View Kind::*in, View wanted_ns) {
    if (ns != wanted_ns) return nullptr;
    const auto found = std::find_if(kinds.begin(), kinds.end(),
                                    [&](const Kind& kind) { return kind.*in == name; });
    return found == kinds.end() ? nullptr : &*found;
}

const Kind* kind_of_field(const xml::Element& field) {
    return kind_of(field.name(), field.ns(), &Kind::temp, ns::vcard);
}

}  // namespace

bool has_vcard4_form(const xml::Element& field) {
    // How a name sounds, in letters, is lost.
    return kind_of_field(field) && !field.child(ns::vcard, "PHONETIC");
}

bool add_vcard4(const xml::Element& field, xml::Element& vcard4) {
    if (!has_vcard4_form(field)) return false;
    const Kind& kind = *kind_of_field(field);
    if (kind.to_vcard4) return kind.to_vcard4(field, vcard4);
    const View text = trim(field.text());
    if (text.empty()) return false;
    vcard4.add(kind.vcard4).add_text_child(kind.type, text);
    return true;
}

bool add_temp(const xml::Element& property, xml::Element& vcard) {
    const Kind* const kind = kind_of(property.name(), property.ns(), &Kind::vcard4, ns::vcard4);
    if (!kind) return false;
    if (kind->to_temp) return kind->to_temp(property, vcard);
    const View text = text_of_property(property);
    if (text.empty()) return false;
    vcard.add_text_child(kind->temp, text);
    return true;
}

std::string key_of_field(const xml::Element& field) {
    xml::Document vcard4("vcard", ns::vcard4);
    if (!add_vcard4(field, vcard4.root())) return {};
    return xml::to_string(*vcard4.root().first_child());
}

std::string key_of_property(const xml::Element& property) {
    xml::Document vcard("vCard", ns::vcard);
    if (!add_temp(property, vcard.root())) return {};
    return key_of_field(*vcard.root().first_child());
}

}  // namespace clarion::vcard
