#include "modules/http_upload/slot_request.h"

#include <algorithm>
#include <chrono>

#include "base/text.h"
#include "modules/http_upload/content.h"
#include "proto/ns.h"
#include "proto/unicode_text.h"

namespace clarion::http_upload {

namespace {

using Condition = StanzaErrorCondition;

SlotRefusal bad_request(std::string text) { return {{Condition::bad_request, std::move(text)}}; }

/// The purpose that a request names; nullopt: it has none that we know of.
std::optional<Purpose> purpose_of(const xml::Element& request, const xml::Element*& element) {
    for (const xml::Element& child : request.children()) {
        if (child.ns() != ns::http_upload_purpose) continue;
        element = &child;
        return parse_purpose(child.name());
    }
    return Purpose::message;
}

std::optional<SlotRefusal> read_purpose(const xml::Element& request, const UploadOptions& options,
                                        WallTime now, SlotRequest& wanted) {
    const xml::Element* element = nullptr;
    const auto purpose = purpose_of(request, element);
    // "message" is what says nothing, so that it is always there.
    if (!purpose || (element && *purpose != Purpose::message && !options.keeps(*purpose)))
        return SlotRefusal{{Condition::feature_not_implemented, "files are not kept for that"}};
    wanted.purpose = *purpose;
    if (*purpose != Purpose::ephemeral) return std::nullopt;
    const auto before = parse_datetime(element->attr("expire-before"));
    if (!before) return bad_request("expire-before: expected a date and time");
    if (*before <= now) return bad_request("expire-before is over");
    wanted.expire_before = *before;
    return std::nullopt;
}

std::optional<SlotRefusal> read_type(const xml::Element& request, const UploadOptions& options,
                                     SlotRequest& wanted) {
    if (const auto said = request.find_attr("content-type"); said && !trim(*said).empty()) {
        auto type = media_type(*said);
        if (!type) return bad_request("content-type: expected a type such as image/png");
        wanted.type = std::move(*type);
    }
    if (options.allowed_types.empty() || is_one_of(wanted.type, options.allowed_types))
        return std::nullopt;
    return SlotRefusal{{Condition::not_acceptable, "files of that type are not taken"}};
}

SlotRefusal too_large(std::uint64_t largest) {
    return {
        .error = {Condition::not_acceptable, StanzaErrorType::modify,
                  "File too large. The maximum file size is " + std::to_string(largest) + " bytes"},
        .max_file_size = largest};
}

bool is_control(std::string_view name, std::size_t at) {
    const auto byte = static_cast<unsigned char>(name[at]);
    if (byte < 0x20 || byte == 0x7f) return true;
    return byte == 0xc2 && at + 1 < name.size() &&  // U+0080 to U+009F
           static_cast<unsigned char>(name[at + 1]) < 0xa0;
}

}  // namespace

bool is_file_name(std::string_view name, std::size_t max_bytes) {
    if (name.empty() || name.size() > max_bytes || name == "." || name == "..") return false;
    if (!valid_utf8(name) || name.find_first_of("/\\") != std::string_view::npos) return false;
    for (std::size_t i = 0; i < name.size(); ++i)
        if (is_control(name, i)) return false;
    return true;
}

SlotVerdict judge_request(const xml::Element& request, const UploadOptions& options, WallTime now) {
    SlotRequest wanted;
    wanted.name = request.attr("filename");
    if (!is_file_name(wanted.name, static_cast<std::size_t>(options.max_name_bytes)))
        return bad_request("filename: expected a name of at most " +
                           std::to_string(options.max_name_bytes) +
                           " bytes, without slashes and control characters");
    const auto size = parse_int(request.attr("size"));
    if (!size || *size <= 0) return bad_request("size: expected a number of bytes");
    wanted.size = static_cast<std::uint64_t>(*size);
    if (auto refused = read_purpose(request, options, now, wanted)) return *refused;
    if (const auto largest = options.largest(wanted.purpose); wanted.size > largest)
        return too_large(largest);
    if (auto refused = read_type(request, options, wanted)) return *refused;
    return wanted;
}

std::shared_ptr<Stanza> make_refusal(const Stanza& request, const SlotRefusal& refusal) {
    auto answer = make_error(request, refusal.error);
    xml::Element* const error = answer->root().child(ns::client, "error");
    if (!error) return answer;
    if (refusal.max_file_size)
        error->add("file-too-large", ns::http_upload)
            .add("max-file-size")
            .add_text(std::to_string(*refusal.max_file_size));
    if (refusal.again)
        error->add("retry", ns::http_upload)
            .set_attr("stamp",
                      format_datetime(std::chrono::ceil<std::chrono::seconds>(*refusal.again)));
    return answer;
}

}  // namespace clarion::http_upload
