// Events of service discovery (XEP-0030).
#pragma once

#include <cstdint>
#include <string_view>

#include "proto/jid.h"
#include "proto/xml.h"
#include "server/runtime/event_bus.h"

namespace clarion::core {
class Account;
}  // namespace clarion::core

namespace clarion::events {

/// An account is asked for its disco#info or disco#items, by somebody who may ask: add what is
/// yours.
struct AccountDiscovered {
    enum class Stage { add };
    static constexpr std::string_view name = "AccountDiscovered";
    static constexpr auto kind = core::EventKind::fill_in;
    enum class What : std::uint8_t { info, items };
    core::Account& account;
    const Jid& by;
    What what;
    std::string_view node;  // empty: the account itself
    xml::Element& query;    // of the answer
    /// Set by whoever has such a node, which its `by` may know of; else there is none.
    bool known = false;
};

}  // namespace clarion::events
