// The namespaces of an account's data in a document (XEP-0227): beside ns.h, as no stream has them.
#pragma once

#include <string_view>

namespace clarion::ns {

inline constexpr std::string_view portable = "urn:xmpp:pie:0";              // XEP-0227
inline constexpr std::string_view portable_scram = "urn:xmpp:pie:0#scram";  // XEP-0227, 4.3
inline constexpr std::string_view portable_archive = "urn:xmpp:pie:0#mam";  // XEP-0227, 4.10

}  // namespace clarion::ns
