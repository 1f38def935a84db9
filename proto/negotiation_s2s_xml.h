// The few elements that server-to-server negotiation writes and reads by hand: dialback
// elements, whose 'db:' prefix older servers insist on (XEP-0220, 2).
//
// Pure functions, any thread. Shared by both ends of negotiation_s2s.
#pragma once

#include <string>
#include <string_view>

#include "proto/stanza_error.h"
#include "proto/xml.h"

namespace clarion::s2s {

/// <db:result/> or <db:verify/>; empty attributes are left out.
struct DialbackText {
    std::string_view element, from, to;
    std::string_view id = {};
    std::string_view type = {};
};
void append_dialback(std::string& out, const DialbackText& head, std::string_view content);
/// The same with type='error' and the condition in it.
void append_dialback_error(std::string& out, DialbackText head, StanzaErrorCondition condition);

/// The condition in a dialback element of type error; "undefined-condition" if it says none.
std::string_view dialback_condition(const xml::Element& element);
/// The condition in a <stream:error/>.
std::string_view stream_error_condition(const xml::Element& error);

}  // namespace clarion::s2s
