#include "proto/xml_expat.h"

#include <expat.h>

#include <new>

namespace clarion::xml {

namespace {

XmlEvents& events_of(void* user) { return *static_cast<XmlEvents*>(user); }

void start_element(void* user, const XML_Char* name, const XML_Char** attributes) {
    events_of(user).on_start(name, attributes);
}

void end_element(void* user, const XML_Char*) { events_of(user).on_end(); }

void character_data(void* user, const XML_Char* text, int length) {
    events_of(user).on_text({text, static_cast<std::size_t>(length)});
}

void start_namespace(void* user, const XML_Char* prefix, const XML_Char* uri) {
    events_of(user).on_namespace(prefix == nullptr ? "" : prefix, uri == nullptr ? "" : uri);
}

void start_doctype(void* user, const XML_Char*, const XML_Char*, const XML_Char*, int) {
    events_of(user).on_forbidden(StreamErrorCondition::restricted_xml, "document type");
}

void comment(void* user, const XML_Char*) {
    events_of(user).on_forbidden(StreamErrorCondition::restricted_xml, "comment");
}

void processing_instruction(void* user, const XML_Char*, const XML_Char*) {
    events_of(user).on_forbidden(StreamErrorCondition::restricted_xml, "processing instruction");
}

bool is_utf8(std::string_view encoding) {
    if (encoding.size() != 5) return false;
    constexpr std::string_view lower = "utf-8";
    for (std::size_t i = 0; i < lower.size(); ++i) {
        const char c = encoding[i];
        if ((c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c) != lower[i]) return false;
    }
    return true;
}

/// `version` is null for the text declaration of an external entity, which there is none of.
void xml_declaration(void* user, const XML_Char* version, const XML_Char* encoding, int) {
    if (encoding != nullptr && !is_utf8(encoding)) {
        events_of(user).on_forbidden(StreamErrorCondition::unsupported_encoding,
                                     "an encoding other than UTF-8");
    } else if (version != nullptr && std::string_view(version) != "1.0") {
        events_of(user).on_forbidden(StreamErrorCondition::restricted_xml,
                                     "an XML version other than 1.0");
    }
}

/// Since 2.6 (and in Debian's 2.5) expat delays parsing of a token that arrives in pieces: a start
/// tag would be reported only with the next read. The library may lack the call, hence the test.
template <class Parser>
void report_at_once(Parser parser) {
    if constexpr (requires { XML_SetReparseDeferralEnabled(parser, XML_FALSE); }) {
        XML_SetReparseDeferralEnabled(parser, XML_FALSE);
    }
}

}  // namespace

// "UTF-8" here overrides what the document says, but not what its first bytes look like: expat
// would still take "<\0" for UTF-16. So every document begins with our own byte order mark.
constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

ExpatParser::ExpatParser() : parser_(XML_ParserCreateNS("UTF-8", name_separator)) {
    if (parser_ == nullptr) throw std::bad_alloc();
}

ExpatParser::~ExpatParser() { XML_ParserFree(parser_); }

void ExpatParser::prepare(XmlEvents& events, std::uint64_t salt) {
    if (used_) XML_ParserReset(parser_, "UTF-8");
    used_ = true;
    fed_ = 0;
    XML_SetHashSalt(parser_, static_cast<unsigned long>(salt));
    report_at_once(parser_);
    XML_SetUserData(parser_, &events);
    XML_SetElementHandler(parser_, start_element, end_element);
    XML_SetCharacterDataHandler(parser_, character_data);
    XML_SetStartNamespaceDeclHandler(parser_, start_namespace);
    XML_SetStartDoctypeDeclHandler(parser_, start_doctype);
    XML_SetCommentHandler(parser_, comment);
    XML_SetProcessingInstructionHandler(parser_, processing_instruction);
    XML_SetXmlDeclHandler(parser_, xml_declaration);
    parse(byte_order_mark);
}

ExpatParser::Status ExpatParser::parse(std::string_view bytes, bool is_last) {
    fed_ += bytes.size();
    lifetime_ += bytes.size();
    return status(XML_Parse(parser_, bytes.data(), static_cast<int>(bytes.size()), is_last));
}

ExpatParser::Status ExpatParser::resume() { return status(XML_ResumeParser(parser_)); }

ExpatParser::Status ExpatParser::status(int expat_status) const {
    switch (expat_status) {
        case XML_STATUS_OK: return Status::ok;
        case XML_STATUS_SUSPENDED: return Status::suspended;
        default: return Status::failed;
    }
}

void ExpatParser::suspend() { XML_StopParser(parser_, XML_TRUE); }
void ExpatParser::abort() { XML_StopParser(parser_, XML_FALSE); }

std::size_t ExpatParser::token_start() const {
    const XML_Index index = XML_GetCurrentByteIndex(parser_);
    return index < 0 ? fed_ : static_cast<std::size_t>(index);
}

std::size_t ExpatParser::token_end() const {
    return token_start() + static_cast<std::size_t>(XML_GetCurrentByteCount(parser_));
}

std::string_view ExpatParser::raw_token() const {
    int offset = 0;
    int size = 0;
    const char* buffer = XML_GetInputContext(parser_, &offset, &size);
    const int length = XML_GetCurrentByteCount(parser_);
    if (buffer == nullptr || offset + length > size) return {};
    return {buffer + offset, static_cast<std::size_t>(length)};
}

std::string_view ExpatParser::incomplete() const {
    int offset = 0;
    int size = 0;
    const char* buffer = XML_GetInputContext(parser_, &offset, &size);
    if (buffer == nullptr || offset > size) return {};
    return {buffer + offset, static_cast<std::size_t>(size - offset)};
}

StreamErrorCondition ExpatParser::condition() const {
    switch (XML_GetErrorCode(parser_)) {
        case XML_ERROR_UNBOUND_PREFIX:
        case XML_ERROR_UNDECLARING_PREFIX:
        case XML_ERROR_RESERVED_PREFIX_XML:
        case XML_ERROR_RESERVED_PREFIX_XMLNS:
        case XML_ERROR_RESERVED_NAMESPACE_URI: return StreamErrorCondition::bad_namespace_prefix;
        case XML_ERROR_UNDEFINED_ENTITY: return StreamErrorCondition::restricted_xml;
        case XML_ERROR_UNKNOWN_ENCODING:
        case XML_ERROR_INCORRECT_ENCODING: return StreamErrorCondition::unsupported_encoding;
        case XML_ERROR_NO_MEMORY: return StreamErrorCondition::resource_constraint;
        default: return StreamErrorCondition::not_well_formed;
    }
}

std::string_view ExpatParser::message() const {
    const XML_LChar* text = XML_ErrorString(XML_GetErrorCode(parser_));
    return text == nullptr ? "no error" : text;
}

}  // namespace clarion::xml
