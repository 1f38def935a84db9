// Data forms, disco#info and the text that its hash is made of: any XML is refused or read, what is
// read survives being written, and what somebody says they can do is what they are known for.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "proto/data_form.h"
#include "proto/disco_info.h"
#include "proto/entity_caps.h"
#include "proto/ns.h"
#include "proto/xml.h"
#include "proto/xml_writer.h"

namespace {

using namespace clarion;

void check_form(const xml::Element& element) {
    const auto form = DataForm::from_element(element);
    if (!form) return;
    xml::Document once("query", ns::disco_info), twice("query", ns::disco_info);
    form->append_to(once.root());
    const auto again = DataForm::from_element(*once.root().first_child());
    if (!again) std::abort();
    again->append_to(twice.root());
    if (xml::to_string(once.root()) != xml::to_string(twice.root())) std::abort();
}

void check_caps(const xml::Element& query) {
    const auto text = caps_text(query);
    if (!text) return;
    if (!text->empty() && text->back() != '<') std::abort();
    const Capabilities can(*text);
    for (const std::string& feature : DiscoInfo::from_element(query)->features)
        if (!feature.empty() && !can.has(feature)) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    const auto document = xml::parse_element(bytes, ns::disco_info);
    if (document.empty()) return 0;
    check_caps(document.root());
    for (const xml::Element& child : document.root().children()) check_form(child);
    return 0;
}
