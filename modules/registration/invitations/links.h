// What is handed to people: the URI for clients, and the address of a page for browsers. Pure.
#pragma once

#include <string>
#include <string_view>

#include "modules/registration/invitations/invitation.h"

namespace clarion::registration::invitations {

/// `host` is prepared.
///
///     account   xmpp:juliet@example.org?register;preauth=TOKEN, or without a name
///     contact   xmpp:romeo@example.org?roster;preauth=TOKEN, and ;ibr=y if it may make an account
///     reset     as of an account with a name: to register that again sets its password
std::string uri_of(const Invitation& invitation, std::string_view host, std::string_view token);

/// Where the pages for browsers are (pages.h).
inline constexpr std::string_view landing_path = "/invite/";
/// `base`: HttpRoutes::base_url(). Empty if that is. Says the host where the name in `base` does not.
std::string landing_url(std::string_view base, std::string_view host, std::string_view token);

}  // namespace clarion::registration::invitations
