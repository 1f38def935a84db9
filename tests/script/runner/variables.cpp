#include "tests/script/runner/variables.h"

#include "proto/xml_writer.h"

namespace clarion::script {

void Variables::set(std::string_view name, std::string_view value) {
    values_.insert_or_assign(std::string(name), std::string(value));
}

const std::string* Variables::find(std::string_view name) const {
    const auto found = values_.find(name);
    return found == values_.end() ? nullptr : &found->second;
}

Result<std::string> Variables::expand(std::string_view text, Escape escape) const {
    std::string out;
    for (;;) {
        const auto start = text.find("${");
        const auto end = start == text.npos ? text.npos : text.find('}', start);
        if (end == text.npos) break;
        const auto name = text.substr(start + 2, end - start - 2);
        const std::string* value = find(name);
        if (value == nullptr) {
            return fail("unknown-variable", "${" + std::string(name) + "} has no value");
        }
        out += text.substr(0, start);
        if (escape == Escape::xml) {
            xml::escape(out, *value);
        } else {
            out += *value;
        }
        text.remove_prefix(end + 1);
    }
    return out.append(text);
}

}  // namespace clarion::script
