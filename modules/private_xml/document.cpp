#include "modules/private_xml/document.h"

#include <algorithm>
#include <utility>

#include "proto/ns.h"
#include "proto/xml_writer.h"
#include "storage/module_data.h"
#include "storage/record_codec.h"

namespace clarion::private_xml {
namespace {

constexpr std::uint8_t version = 1;

}  // namespace

std::string document_key(const xml::Element& root) {
    std::string text(root.name());
    text += ' ';
    text += root.ns();
    return storage::data_key(text);
}

std::string encode_document(std::string_view xml) {
    return storage::Encoder(version, xml.size() + 8).string(xml).take();
}

Result<std::string> decode_document(std::string_view value) {
    storage::Decoder in(value, version);
    std::string xml = in.string();
    if (auto fits = in.finish("private document"); !fits) return fits.error();
    return xml;
}

Result<> check_document(std::string_view key, std::string_view value) {
    const auto text = decode_document(value);
    if (!text) return text.error();
    const xml::Document document = xml::parse_element(*text);
    if (document.empty() || document_key(document.root()) != key)
        return fail("bad-record", "a private document under another key");
    return {};
}

bool is_document(const xml::Element& element) {
    return !element.ns().empty() && element.ns() != ns::private_;
}

std::variant<std::vector<Document>, StanzaError> read_documents(const xml::Element& query,
                                                                const DocumentLimits& limits) {
    std::vector<Document> documents;
    for (const xml::Element& root : query.children()) {
        if (!is_document(root))
            return StanzaError(StanzaErrorCondition::not_acceptable,
                               "a document needs its own namespace");
        Document document{document_key(root), {}};
        if (root.first_node() || root.first_attribute()) document.xml = xml::to_string(root);
        if (document.xml.size() > limits.bytes)
            return StanzaError(StanzaErrorCondition::policy_violation, "the document is too large");
        std::erase_if(documents, [&](const Document& other) { return other.key == document.key; });
        if (documents.size() >= limits.number)
            return StanzaError(StanzaErrorCondition::resource_constraint, "too many documents");
        documents.push_back(std::move(document));
    }
    if (documents.empty())
        return StanzaError(StanzaErrorCondition::not_acceptable, "a document is missing");
    return documents;
}

}  // namespace clarion::private_xml
