// Events of the archive.
#pragma once

#include <string_view>

#include "server/core/account.h"
#include "server/core/event_bus.h"
#include "server/core/session.h"
#include "server/core/transit.h"

namespace clarion::events {

/// A message for this account was written to its archive (transit.archive_id says where). Not fired for own
/// outgoing messages. (archive-message-added)
struct Archived {
    enum class Stage { push };
    static constexpr std::string_view name = "Archived";
    core::Account& account;
    const core::Transit& transit;
};

/// A client is about to be sent a page of its own archive: it knows how to find there what it missed, so that
/// archived messages up to `up_to` need not be delivered to it a second time from offline storage (XEP-0313,
/// 5.1.1). What is archived later it cannot know of. Fired again with a later id if the page has one.
struct ArchiveQueried {
    enum class Stage { react };
    static constexpr std::string_view name = "ArchiveQueried";
    core::Session& session;
    storage::ArchiveId up_to;
};

}  // namespace clarion::events
