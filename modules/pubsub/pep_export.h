// An account's nodes in an export of the account (XEP-0227, 4.9): first how all are configured and
// who may what, then the items of one after the other, page by page.
#pragma once

#include <string>

#include "base/task.h"
#include "modules/pubsub/node.h"
#include "server/core/accounts/account.h"
#include "server/core/events/export_events.h"

namespace clarion::pubsub {

/// `nodes`: all of the account, read. `after`: ExportPage::next of the page before. Nothing is
/// changed in `nodes`, nor kept.
Task<Result<events::ExportPage>> export_nodes(core::Account& account, const OwnerNodes& nodes,
                                              std::string after);

}  // namespace clarion::pubsub
