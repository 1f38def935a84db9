// The few elements that server-to-server negotiation writes and reads by hand: stream headers and
// dialback elements, whose 'db:' prefix older servers insist on (XEP-0220, 2).
//
// Pure functions, any thread. Shared by both ends of negotiation_s2s.
#pragma once

#include <string>
#include <string_view>

#include "proto/stanza_error.h"
#include "proto/xml.h"

namespace clarion::s2s {

/// Our stream header (RFC 6120, 4.7). An empty `id` or `to` is left out, as is an empty `version`
/// (the peer is older than XMPP 1.0).
struct HeaderText {
    std::string_view from, to;
    std::string_view id = {};
    std::string_view version = "1.0";
};
void append_header(std::string& out, const HeaderText& header);

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
