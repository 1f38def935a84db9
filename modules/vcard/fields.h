// What a field of vcard-temp (XEP-0054) is in vCard4 (RFC 6351), and the other way round. Pure.
//
// Source: XEP-0292, "Mapping from vcard-temp to vCard4". What one of the two forms has no word for
// stays in the other: there is no place for a LABEL in vCard4, nor for a gender in vcard-temp. A
// photo is no field: it is the avatar (photo.h).
#pragma once

#include <string>

#include "proto/xml.h"

namespace clarion::vcard {

/// Whether vCard4 has a word for such a field, be it empty.
bool has_vcard4_form(const xml::Element& field);

/// Adds to a <vcard/> what the field of a <vCard/> is there. False: nothing was added, for it is
/// empty, or has no form there.
bool add_vcard4(const xml::Element& field, xml::Element& vcard4);

/// Adds to a <vCard/> what the property of a <vcard/> is there. False: as above.
bool add_temp(const xml::Element& property, xml::Element& vcard);

/// What makes two fields of vcard-temp the same, however they are written: their form in vCard4.
/// Empty: it has none.
std::string key_of_field(const xml::Element& field);
/// The same of the field that the property is in vcard-temp.
std::string key_of_property(const xml::Element& property);

}  // namespace clarion::vcard
