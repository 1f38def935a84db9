// Events of the archive.
#pragma once

#include <string_view>

#include "server/core/account.h"
#include "server/core/envelope.h"
#include "server/runtime/event_bus.h"

namespace clarion::events {

/// A message for this account was written to its archive (envelope.meta.archive_id says where). Not
/// fired for own outgoing messages. (archive-message-added)
struct Archived {
    enum class Stage { push };
    static constexpr std::string_view name = "Archived";
    core::Account& account;
    const core::Envelope& envelope;
};

}  // namespace clarion::events
