// Document: what a client keeps for itself (XEP-0049): read from a request, and as it is stored. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "proto/stanza_error.h"
#include "proto/xml.h"

namespace clarion::private_xml {

/// `xml` empty: it has no content.
struct Document {
    std::string key;
    std::string xml;
};

/// Under which key a document with that root is kept.
std::string document_key(const xml::Element& root);
/// The value of the entry (docs/formats.md).
std::string encode_document(std::string_view xml);
/// Error "bad-record".
Result<std::string> decode_document(std::string_view value);
/// Whether it is an entry with its own key. Error "bad-record".
Result<> check_document(std::string_view key, std::string_view value);

/// Whether an element in <query/> is a document: it has a namespace of its own (XEP-0049, 2.3).
bool is_document(const xml::Element& element);

struct DocumentLimits {
    std::size_t bytes = 0;  // of each
    std::size_t number = 0;
};
/// What a set holds; of two with the same root the last. Errors: not-acceptable (there is none, or
/// something that is no document), policy-violation (one is too large), resource-constraint (there
/// are too many).
std::variant<std::vector<Document>, StanzaError> read_documents(const xml::Element& query,
                                                                const DocumentLimits& limits);

}  // namespace clarion::private_xml
