// The kinds of fields that are written differently in vcard-temp and in vCard4, one by one
// (fields.cpp has the table). Pure.
//
// ..._to_vcard4() adds to a <vcard/> what a field is there, ..._to_temp() to a <vCard/> what a
// property is there. False: nothing was added, for there is nothing in it, or nothing that the
// other form has a word for.
#pragma once

#include <string_view>

#include "proto/xml.h"

namespace clarion::vcard {

/// The first value of a property, whatever its type; empty: it has none.
std::string_view text_of_property(const xml::Element& property);

bool name_to_vcard4(const xml::Element& field, xml::Element& vcard4);
bool name_to_temp(const xml::Element& property, xml::Element& vcard);
bool address_to_vcard4(const xml::Element& field, xml::Element& vcard4);
bool address_to_temp(const xml::Element& property, xml::Element& vcard);
bool phone_to_vcard4(const xml::Element& field, xml::Element& vcard4);
bool phone_to_temp(const xml::Element& property, xml::Element& vcard);
bool email_to_vcard4(const xml::Element& field, xml::Element& vcard4);
bool email_to_temp(const xml::Element& property, xml::Element& vcard);
bool jabber_id_to_vcard4(const xml::Element& field, xml::Element& vcard4);
bool jabber_id_to_temp(const xml::Element& property, xml::Element& vcard);
bool birthday_to_vcard4(const xml::Element& field, xml::Element& vcard4);
bool place_to_vcard4(const xml::Element& field, xml::Element& vcard4);
bool place_to_temp(const xml::Element& property, xml::Element& vcard);
bool organization_to_vcard4(const xml::Element& field, xml::Element& vcard4);
bool organization_to_temp(const xml::Element& property, xml::Element& vcard);
bool categories_to_vcard4(const xml::Element& field, xml::Element& vcard4);
bool categories_to_temp(const xml::Element& property, xml::Element& vcard);
bool key_to_vcard4(const xml::Element& field, xml::Element& vcard4);
bool key_to_temp(const xml::Element& property, xml::Element& vcard);
bool logo_to_vcard4(const xml::Element& field, xml::Element& vcard4);
bool logo_to_temp(const xml::Element& property, xml::Element& vcard);
bool sound_to_vcard4(const xml::Element& field, xml::Element& vcard4);
bool sound_to_temp(const xml::Element& property, xml::Element& vcard);

}  // namespace clarion::vcard
