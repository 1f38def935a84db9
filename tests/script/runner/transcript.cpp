#include "tests/script/runner/transcript.h"

#include <cstdio>

namespace clarion::script {

namespace {

constexpr std::size_t longest_entry = 4000;

}  // namespace

void Transcript::add(std::string_view who, std::string_view sign, std::string_view text) {
    const auto since = std::chrono::steady_clock::now() - start_;
    char stamp[32];
    std::snprintf(stamp, sizeof stamp, "%8.3f  ", std::chrono::duration<double>(since).count());
    std::string line = stamp;
    line.append(who).append(sign).append(text.substr(0, longest_entry));
    if (text.size() > longest_entry) line += "... " + std::to_string(text.size()) + " bytes";
    if (echo_) std::printf("%s\n", line.c_str());
    lines_.push_back(std::move(line));
}

std::string Transcript::text() const {
    std::string all;
    for (const auto& line : lines_) all.append(line).append("\n");
    return all;
}

std::string indented_xml(std::string_view xml, std::size_t margin) {
    std::string out;
    std::size_t depth = 0;
    while (!xml.empty()) {
        const bool closing = xml.starts_with("</");
        if (closing && depth > 0) --depth;
        auto end = xml.find('>');
        if (end == xml.npos) end = xml.size() - 1;
        const bool opening = xml.front() == '<' && !closing && xml[end - (end > 0)] != '/';
        if (opening) {  // text and the closing tag stay on the line of an element without children
            const auto next = xml.find('<', end);
            if (next != xml.npos && xml.substr(next).starts_with("</")) end = xml.find('>', next);
        }
        const bool complete = opening && xml.substr(0, end).rfind("</") != xml.npos;
        out.append(margin + 2 * depth, ' ').append(xml.substr(0, end + 1)).append("\n");
        if (opening && !complete) ++depth;
        xml.remove_prefix(end + 1);
    }
    return out;
}

}  // namespace clarion::script
