// What users tell of themselves: images of which the size is read, and fields of vcard-temp and
// vCard4, whose conversion is the same however often it is made. First byte of the input: which.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "modules/vcard/fields.h"
#include "modules/vcard/image_header.h"
#include "proto/ns.h"
#include "proto/xml.h"

namespace {

using namespace clarion;

void check_image(std::string_view image) {
    const auto header = vcard::read_image_header(image);
    if (header && !header->type.starts_with("image/")) std::abort();
}

std::string round(const std::string& property) {
    const xml::Document document = xml::parse_element(property);
    if (document.empty()) std::abort();
    return vcard::key_of_property(document.root());
}

void check_key(const std::string& key) {
    if (key.empty()) return;
    const std::string once = round(key);
    if (!once.empty() && round(once) != once) std::abort();
}

void check_fields(std::string_view text, std::string_view ns, bool temp) {
    const auto document = xml::parse_element(text, ns);
    if (document.empty()) return;
    for (const xml::Element& each : document.root().children())
        check_key(temp ? vcard::key_of_field(each) : vcard::key_of_property(each));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
    switch (data[0] % 3) {
        case 0: check_image(bytes); break;
        case 1: check_fields(bytes, ns::vcard, true); break;
        default: check_fields(bytes, ns::vcard4, false);
    }
    return 0;
}
