// Serialises elements: namespaces re-declared where they change, everything escaped.
//
// Content namespace (RFC 6120, section 4.8.3): inside the server every stanza is in
// 'jabber:client'. A stream whose content namespace differs (jabber:server,
// jabber:component:accept) is written by mapping: the root and the unbroken chain of jabber:client
// elements below it belong to the stream's namespace; a jabber:client element inside another
// namespace (forwarded, carbons) keeps its own. XmlStream does the reverse on the way in.
#pragma once

#include <string>
#include <string_view>

#include "proto/xml.h"

namespace clarion::xml {

/// Appends `element` to `out`. `inherited` is the default namespace in force where it is written:
/// no xmlns is printed for elements that have it. Attributes in a namespace get a generated prefix
/// (xml:lang keeps 'xml'). Allocates nothing but what `out` needs.
void write(std::string& out, const Element& element, std::string_view inherited = {});

/// As write(), for a stanza leaving on a stream with content namespace `content_ns`.
void write_stanza(std::string& out, const Element& stanza, std::string_view content_ns);

/// Appends what `element` contains, as write() and write_stanza() write it between its tags.
void write_content(std::string& out, const Element& element);

/// The element on its own, with its xmlns: for storage and logs of shapes in tests.
std::string to_string(const Element& element);

/// Appends `text` escaped for character data or an attribute value in either quote. A control
/// character that XML forbids becomes U+FFFD.
void escape(std::string& out, std::string_view text);

}  // namespace clarion::xml
