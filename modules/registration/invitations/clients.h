// Clients that a page suggests to who has none, by what they use it with.
#pragma once

#include <span>
#include <string_view>

namespace clarion::registration::invitations {

enum class Platform : std::uint8_t { android, ios, macos, windows, linux };

/// By the field User-Agent; linux if it says nothing.
Platform platform_of(std::string_view user_agent);
std::string_view name_of(Platform platform);

struct SuggestedClient {
    std::string_view name;
    std::string_view url;   // where to get it
    std::string_view what;  // in a few words
};
std::span<const SuggestedClient> clients_for(Platform platform);

}  // namespace clarion::registration::invitations
