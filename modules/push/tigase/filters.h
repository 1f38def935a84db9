// push_filters: what a registration does not want to be notified of (tigase:push:filter:*).
//
//     <ignore-unknown xmlns='tigase:push:filter:ignore-unknown:0'/>
//     <muted xmlns='tigase:push:filter:muted:0'><item jid='romeo@example.com'/></muted>
//     <groupchat xmlns='tigase:push:filter:groupchat:0'>
//       <room jid='room@muc.example.com' allow='always | mentioned | never' nick='Juliet'/>
//     </groupchat>
//
// Judged is the message that is carried, not the carbon around it; what the account itself says
// passes the first two. Calls are filtered like messages. Where Tigase and Prosody differ, it is as
// the apps expect: unknown is who is not in the roster; of a room that is not
// listed nothing is told. `nick` in the text is a mention, and so is a reference (XEP-0372) to the
// account or to the occupant. Pure, except install_filters().
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "modules/push/policy.h"
#include "server/core/setup/module.h"

namespace clarion::push::tigase {

void install_filters(core::ModuleSetup& setup);

enum class Filtered : std::uint8_t { no, unknown_sender, muted, room_not_allowed, not_mentioned };
inline constexpr std::size_t filtered_count = static_cast<std::size_t>(Filtered::not_mentioned) + 1;
std::string_view name(Filtered filtered);

/// bad-request if a filter cannot be understood: an item or room without a valid address, `allow`
/// of another value, `mentioned` without `nick`.
std::optional<StanzaError> check_filters(const xml::Element& enable);

/// `in_roster`: the bare address of who sent it is a contact.
Filtered filter(const xml::Element& enable, const Stanza& cause, std::string_view account,
                bool in_roster);

}  // namespace clarion::push::tigase
