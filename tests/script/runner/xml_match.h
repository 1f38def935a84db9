// Comparing a received stanza with what a script expects.
//
// How close a match must be is decided per element, by the attribute scansion:strict:
//
//   lenient   the expected attributes, children and text must be there; more may be. The default of
//             the stanza itself, and of an element with scansion:strict='false' and all below it.
//   exact     the same attributes, and what the script has inside: if children, then these and no
//             others, in any order; if text, then this. The default of everything in a stanza.
//   strict    as exact, and nothing inside where the script has nothing: scansion:strict='true'.
//   ordered   as strict, with the children in the script's order: scansion:strict='ordered' (ours).
//
// An attribute value or text {scansion:any} matches whatever is there, {scansion:capture:NAME}
// does too and keeps it. xml:lang is compared only where both sides have it: a server may add it
// (RFC 6120, section 8.1.5). White space around text does not count. The <text/> of an error, which
// is for people, is compared in strict and ordered elements only.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "proto/xml.h"

namespace clarion::script {

/// The namespace the prefix scansion: stands for in scripts.
inline constexpr std::string_view scansion_ns = "https://matthewwild.co.uk/projects/scansion";

struct Comparison {
    /// Why it does not match, as a sentence with the path to the element; empty if it does.
    std::optional<std::string> difference;
    /// What {scansion:capture:NAME} took, in document order; only of a match.
    std::vector<std::pair<std::string, std::string>> captures;

    bool matches() const { return !difference.has_value(); }
};

Comparison compare(const xml::Element& expected, const xml::Element& received);

/// Makes the data forms in what is expected lenient, unless the script says how close they must be:
/// another server's form has fields that the script does not know.
void loosen_forms(xml::Element& expected);

/// The elements in the XML of a script step, in a Document whose root is only their wrapper.
/// Elements without xmlns are in jabber:client; the prefixes scansion, stream, db are declared.
/// An empty Document if it is not well-formed.
xml::Document parse_step_xml(std::string_view text);

}  // namespace clarion::script
