// Transcript: what was sent and received, for the person who reads why a script failed.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace clarion::script {

class Transcript {
public:
    /// `echo`: also to standard output as it happens.
    explicit Transcript(bool echo) : echo_(echo) {}

    void sent(std::string_view who, std::string_view xml) { add(who, " > ", xml); }
    void received(std::string_view who, std::string_view xml) { add(who, " < ", xml); }
    void note(std::string_view who, std::string_view text) { add(who, " * ", text); }
    std::string text() const;

private:
    void add(std::string_view who, std::string_view sign, std::string_view text);

    std::vector<std::string> lines_;
    std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
    bool echo_;
};

/// XML with a line per element, indented by `margin` spaces.
std::string indented_xml(std::string_view xml, std::size_t margin);

}  // namespace clarion::script
