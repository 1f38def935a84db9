#include "tools/bench/stanza_scanner.h"

namespace clarion::bench {

void StanzaScanner::feed(std::string_view bytes) {
    buffer_.erase(0, begin_);
    position_ -= begin_;
    begin_ = 0;
    buffer_ += bytes;
}

void StanzaScanner::restart() {
    begin_ = position_;
    depth_ = 0;
    in_stream_ = false;
}

bool StanzaScanner::skip_to_tag() {
    const auto at = buffer_.find('<', position_);
    position_ = at == std::string::npos ? buffer_.size() : at;
    if (depth_ == 0) begin_ = position_;
    return at != std::string::npos;
}

StanzaScanner::Tag StanzaScanner::next_tag() {
    if (!skip_to_tag()) return Tag::incomplete;
    std::size_t at = position_ + 1;
    for (;; ++at) {
        at = buffer_.find_first_of("'\">", at);
        if (at == std::string::npos) return Tag::incomplete;
        if (buffer_[at] == '>') break;
        at = buffer_.find(buffer_[at], at + 1);
        if (at == std::string::npos) return Tag::incomplete;
    }
    const char first = buffer_[position_ + 1];
    const char last = buffer_[at - 1];
    position_ = at + 1;
    if (first == '/') return Tag::closing;
    if (first == '?') return Tag::declaration;
    return last == '/' ? Tag::empty : Tag::opening;
}

StanzaScanner::Piece StanzaScanner::next(std::string_view& text) {
    for (;;) {
        const auto tag = next_tag();
        if (tag == Tag::incomplete) return Piece::need_more;
        const bool outermost = depth_ == 0;
        if (tag == Tag::opening && in_stream_) ++depth_;
        if (tag == Tag::closing && !outermost) --depth_;
        if (tag == Tag::declaration || depth_ > 0) continue;
        text = std::string_view(buffer_).substr(begin_, position_ - begin_);
        begin_ = position_;
        if (tag == Tag::opening) {
            in_stream_ = true;
            return Piece::header;
        }
        return tag == Tag::closing && outermost ? Piece::end : Piece::element;
    }
}

std::string_view element_name(std::string_view element) {
    return element.substr(1, element.find_first_of(" \t\r\n/>", 1) - 1);
}

std::string_view attribute(std::string_view element, std::string_view name) {
    std::size_t at = element.find_first_of(" \t\r\n/>");
    while (at < element.size() && element[at] != '>' && element[at] != '/') {
        const auto start = element.find_first_not_of(" \t\r\n", at);
        const auto equals = element.find_first_of("=/>", start);
        if (equals >= element.size() || element[equals] != '=') return {};
        const auto quote = element.find_first_of("'\"", equals);
        if (quote >= element.size()) return {};
        const auto end = element.find(element[quote], quote + 1);
        if (end >= element.size()) return {};
        if (element.substr(start, equals - start) == name) {
            return element.substr(quote + 1, end - quote - 1);
        }
        at = end + 1;
    }
    return {};
}

std::string_view inner_text(std::string_view element) {
    const auto start = element.find('>');
    const auto end = element.find("</");
    if (start >= element.size() || end >= element.size() || end < start) return {};
    return element.substr(start + 1, end - start - 1);
}

}  // namespace clarion::bench
