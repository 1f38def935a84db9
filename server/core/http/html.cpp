#include "server/core/http/html.h"

namespace clarion::core {

namespace {

void append_escaped(std::string& out, std::string_view text) {
    for (const char c : text) {
        switch (c) {
            case '&': out += "&amp;"; break;
            case '<': out += "&lt;"; break;
            case '>': out += "&gt;"; break;
            case '"': out += "&quot;"; break;
            case '\'': out += "&#39;"; break;
            case '\t':
            case '\n': out += c; break;
            default:
                if (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f) out += c;
        }
    }
}

}  // namespace

detail::HtmlArgument::HtmlArgument(const Html& piece) : text_(piece.text()), is_markup_(true) {}

void detail::HtmlArgument::append_to(std::string& out) const {
    if (is_markup_)
        out += text_;
    else
        append_escaped(out, text_);
}

Html Html::fill(std::string_view pattern,
                std::initializer_list<const detail::HtmlArgument*> arguments) {
    Html filled;
    for (const detail::HtmlArgument* const argument : arguments) {
        const std::size_t hole = pattern.find("{}");
        filled.text_ += pattern.substr(0, hole);
        argument->append_to(filled.text_);
        pattern.remove_prefix(hole + 2);
    }
    filled.text_ += pattern;
    return filled;
}

}  // namespace clarion::core
