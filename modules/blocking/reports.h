// Abuse reports that come with a block (XEP-0377): a line in the log for the operator and a count,
// without what the user wrote. Nothing is passed on to anybody. One shard.
#pragma once

#include <cstdint>

#include "base/clock.h"
#include "proto/jid.h"
#include "proto/xml.h"

namespace clarion::blocking {

/// How many reports of one account were taken in the current hour.
struct ReportCount {
    SteadyTime since{};
    std::int64_t count = 0;
};

/// Logs and counts `report` of `by` about `of`, unless that is one more than `limit` in an hour.
void take_report(ReportCount& hour, SteadyTime now, std::int64_t limit, const Jid& by,
                 const Jid& of, const xml::Element& report);

}  // namespace clarion::blocking
