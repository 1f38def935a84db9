// redact(): an element as an operator may see it in a trace: its structure, without what people
// wrote and without secrets.
//
// Two things are kept back. Content, which is what somebody wrote to somebody (bodies, vCards,
// encrypted payloads, and every text that is not known to be the protocol's own), becomes
// "[12 characters]" unless the operator asked for bodies. Secrets, which let somebody in or read
// what is encrypted (passwords, tokens, SASL data, dialback keys, private XML), become "[hidden]"
// whatever was asked. What is what says the table in redact.cpp: who adds an element that carries a
// secret adds its row there. Names that the table does not know are judged by what they say
// ("password", "token"), rather once too often.
// Pure. Sources of the secrets: RFC 6120, 6; XEP-0004, 0049, 0077, 0078, 0114, 0133, 0215, 0220,
// 0249, 0357, 0363, 0379, 0388, 0389, 0401, 0445, 0480, 0484.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "proto/xml.h"

namespace clarion {

enum class Bodies : std::uint8_t { hidden, shown };

/// A copy of `element` that may be shown.
xml::Document redact(const xml::Element& element, Bodies bodies);

/// redact() for text that is written to a stream: its header, its end, and the elements between
/// them, which use the prefixes "stream" and "db" (or none); each is one string. Of what is none of
/// that, only how long it is.
std::vector<std::string> redact_stream_text(std::string_view text, Bodies bodies);

/// Whether something of this name (an element, an attribute, a field of a form) must be taken for a
/// secret, whoever defined it: "password", "preauth-token", "apiKey".
bool says_secret(std::string_view name);

/// `text` with the values of secret parameters of URIs hidden ("xmpp:a@b?register;preauth=T"), and
/// with the query of every "http://" or "https://" URL, which may be signed.
/// `fragments`: also what follows '#' in any URL (aesgcm:// has the key of the file there).
std::string redact_uris(std::string_view text, bool fragments);

}  // namespace clarion
