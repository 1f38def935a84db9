// An account's archive in an export of the account (XEP-0227, 4.10), page by page.
#pragma once

#include "server/core/events/export_events.h"

namespace clarion::mam {

void on_exporting(events::AccountExporting& event);

}  // namespace clarion::mam
