// stage_name(): how an enumerator is written, for the printed order of the event bus. C++20 has no
// other way to it than the text by which the compiler calls a function that was made for it.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>
#include <utility>

namespace clarion::core {

/// An event has no more stages than these.
inline constexpr std::size_t most_stages = 8;

/// "copy" for Stage::copy; empty if the enumeration has no such value.
template <auto value>
constexpr std::string_view enumerator_name() {
    // "... [with auto value = clarion::events::MessageSending::Stage::copy; ...]", or by another
    // compiler "... [value = clarion::events::MessageSending::Stage::copy]".
    std::string_view text = __PRETTY_FUNCTION__;
    text = text.substr(text.find("value = "));
    text = text.substr(0, text.find_first_of(";]"));
    const std::size_t name = text.rfind("::");
    // What has no name is printed as a cast: "(clarion::events::MessageSending::Stage)7".
    return text.find(')') == text.npos && name != text.npos ? text.substr(name + 2) : "";
}

template <class Stage>
constexpr std::string_view stage_name(Stage stage) {
    constexpr auto names = []<std::size_t... I>(std::index_sequence<I...>) {
        return std::array{enumerator_name<static_cast<Stage>(I)>()...};
    }
    (std::make_index_sequence<most_stages>{});
    const auto index = static_cast<std::size_t>(stage);
    return index < names.size() ? names[index] : "";
}

}  // namespace clarion::core
