#include "modules/registration/invitations/clients.h"

#include <array>

namespace clarion::registration::invitations {

namespace {

constexpr std::array android{
    SuggestedClient{"Conversations", "https://conversations.im/", "in F-Droid and Google Play"},
    SuggestedClient{"Cheogram", "https://cheogram.com/", "in F-Droid and Google Play"}};
constexpr std::array ios{SuggestedClient{"Monal", "https://monal-im.org/", "in the App Store"},
                         SuggestedClient{"Siskin", "https://siskin.im/", "in the App Store"}};
constexpr std::array macos{SuggestedClient{"Monal", "https://monal-im.org/", "in the App Store"},
                           SuggestedClient{"Beagle", "https://beagle.im/", "in the App Store"}};
constexpr std::array windows{
    SuggestedClient{"Gajim", "https://gajim.org/", "in the Microsoft Store, or to download"}};
constexpr std::array linux_clients{
    SuggestedClient{"Dino", "https://dino.im/", "in most distributions and on Flathub"},
    SuggestedClient{"Gajim", "https://gajim.org/", "in most distributions and on Flathub"}};

bool has(std::string_view text, std::string_view word) {
    return text.find(word) != std::string_view::npos;
}

}  // namespace

Platform platform_of(std::string_view user_agent) {
    if (has(user_agent, "Android")) return Platform::android;
    if (has(user_agent, "iPhone") || has(user_agent, "iPad")) return Platform::ios;
    if (has(user_agent, "Macintosh")) return Platform::macos;
    if (has(user_agent, "Windows")) return Platform::windows;
    return Platform::linux;
}

std::string_view name_of(Platform platform) {
    switch (platform) {
        case Platform::android: return "Android";
        case Platform::ios: return "iPhone and iPad";
        case Platform::macos: return "Mac";
        case Platform::windows: return "Windows";
        case Platform::linux: break;
    }
    return "Linux";
}

std::span<const SuggestedClient> clients_for(Platform platform) {
    switch (platform) {
        case Platform::android: return android;
        case Platform::ios: return ios;
        case Platform::macos: return macos;
        case Platform::windows: return windows;
        case Platform::linux: break;
    }
    return linux_clients;
}

}  // namespace clarion::registration::invitations
