#include "base/log_tail.h"

#include <algorithm>
#include <utility>

namespace clarion {

namespace {

/// Up to the next space, which is taken off `line` too.
std::string_view take_word(std::string_view& line) {
    const std::size_t end = std::min(line.find(' '), line.size());
    const std::string_view word = line.substr(0, end);
    line.remove_prefix(std::min(end + 1, line.size()));
    return word;
}

}  // namespace

namespace {

/// How many bytes of a text, `most` at most, end where a character of UTF-8 does.
std::size_t whole_characters(std::string_view text, std::size_t most) {
    if (text.size() <= most) return text.size();
    while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xc0) == 0x80) --most;
    return most;
}

}  // namespace

void LogTail::resize(std::size_t lines) {
    if (lines == ring_.size()) return;
    std::vector<std::string> kept = last(lines);
    filled_ = kept.size();
    next_ = lines == 0 ? 0 : filled_ % lines;
    kept.resize(lines);
    ring_ = std::move(kept);
}

void LogTail::add(LogLevel level, std::string_view line) {
    if (ring_.empty() || level < LogLevel::info) return;
    ring_[next_].assign(line.substr(0, whole_characters(line, log_tail_bytes)));
    next_ = (next_ + 1) % ring_.size();
    filled_ = std::min(filled_ + 1, ring_.size());
}

std::vector<std::string> LogTail::last(std::size_t most) const {
    const std::size_t count = std::min(most, filled_);
    std::vector<std::string> lines;
    lines.reserve(count);
    for (std::size_t i = 0; i < count; ++i)
        lines.push_back(ring_[(next_ + ring_.size() - count + i) % ring_.size()]);
    return lines;
}

LogLine split_log_line(std::string_view line) {
    LogLine parts;
    parts.time = take_word(line);
    parts.level = take_word(line);
    parts.area = take_word(line);
    parts.text = line;
    return parts;
}

}  // namespace clarion
