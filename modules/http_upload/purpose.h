// What a file is for, as who uploads it says (XEP-0363, "Upload purpose").
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace clarion::http_upload {

/// Stored: never renumber.
enum class Purpose : std::uint8_t { message = 0, profile = 1, ephemeral = 2, permanent = 3 };
inline constexpr std::uint8_t last_purpose = 3;
inline constexpr std::array<std::string_view, 4> purpose_names{"message", "profile", "ephemeral",
                                                               "permanent"};

constexpr std::string_view name(Purpose purpose) {
    return purpose_names[static_cast<std::size_t>(purpose)];
}
constexpr std::optional<Purpose> parse_purpose(std::string_view text) {
    for (std::size_t i = 0; i < purpose_names.size(); ++i)
        if (purpose_names[i] == text) return static_cast<Purpose>(i);
    return std::nullopt;
}

/// Whether its files go when they are old.
constexpr bool ages(Purpose purpose) {
    return purpose == Purpose::message || purpose == Purpose::ephemeral;
}

}  // namespace clarion::http_upload
