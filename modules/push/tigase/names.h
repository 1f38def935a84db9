// Names of the extensions of Tigase, which Siskin, Beagle and Snikket iOS ask for in <enable/>.
//
// https://xeps.tigase.net/docs/push-notifications/; what is deployed differs.
// Each is the namespace of an element and, announced on the account, the name of the feature.
// An app asks for encryption only if encryption, priority and all filters are announced.
#pragma once

#include <string_view>

#include "proto/ns.h"

namespace clarion::push::tigase {

inline constexpr std::string_view ns_encrypt = ns::tigase_push_encrypt;
inline constexpr std::string_view ns_priority = "tigase:push:priority:0";
inline constexpr std::string_view ns_ignore_unknown = "tigase:push:filter:ignore-unknown:0";
inline constexpr std::string_view ns_muted = "tigase:push:filter:muted:0";
inline constexpr std::string_view ns_groupchat = "tigase:push:filter:groupchat:0";
inline constexpr std::string_view ns_jingle = "tigase:push:jingle:0";
inline constexpr std::string_view ns_muc_offline = "http://tigase.org/protocol/muc#offline";
inline constexpr std::string_view aes_128_gcm_feature = "tigase:push:encrypt:aes-128-gcm";
inline constexpr std::string_view away_feature = "tigase:push:away:0";

}  // namespace clarion::push::tigase
