// Html: a piece of a page in which everything that is not ours is escaped.
//
//     Html row = html("<tr><td>{}</td><td>{}</td></tr>", account, make_link(account));
//
// The pattern is a literal; each {} takes the next argument: text and numbers are escaped (as text
// and as the value of a quoted attribute alike), Html goes in as it is. So nothing that a stranger
// wrote can become markup, however it got there. An attribute that is an address (href, action) gets
// only addresses that we made.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <type_traits>

namespace clarion::core {

class Html;

namespace detail {

/// A literal with as many {} as there are arguments; another one does not compile.
template <std::size_t arguments>
struct HtmlPattern {
    consteval HtmlPattern(const char* literal) : text(literal) {
        std::size_t holes = 0;
        for (std::size_t i = 0; i + 1 < text.size(); ++i)
            holes += text[i] == '{' && text[i + 1] == '}' ? 1 : 0;
        if (holes != arguments) throw "as many arguments as {} are needed";
    }
    std::string_view text;
};

class HtmlArgument {
public:
    template <class Text>
    requires std::convertible_to<const Text&, std::string_view> HtmlArgument(const Text& text)
        : text_(text) {}
    HtmlArgument(const Html& piece);
    HtmlArgument(std::integral auto number) : own_(std::to_string(number)), text_(own_) {}
    HtmlArgument(const HtmlArgument&) = delete;
    HtmlArgument& operator=(const HtmlArgument&) = delete;

    void append_to(std::string& out) const;

private:
    std::string own_;
    std::string_view text_;
    bool is_markup_ = false;
};

}  // namespace detail

class Html {
public:
    Html() = default;
    const std::string& text() const { return text_; }
    bool empty() const { return text_.empty(); }
    Html& operator+=(const Html& piece) {
        text_ += piece.text_;
        return *this;
    }

private:
    template <class... Arguments>
    friend Html html(detail::HtmlPattern<sizeof...(Arguments)> pattern,
                     const Arguments&... arguments);
    static Html fill(std::string_view pattern,
                     std::initializer_list<const detail::HtmlArgument*> arguments);
    std::string text_;
};

template <class... Arguments>
Html html(detail::HtmlPattern<sizeof...(Arguments)> pattern, const Arguments&... arguments) {
    const auto fill = [&](const auto&... each) { return Html::fill(pattern.text, {&each...}); };
    return fill(detail::HtmlArgument(arguments)...);
}

}  // namespace clarion::core
