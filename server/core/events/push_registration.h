// PushRegistration: what a device asked of a push service (XEP-0357), as events about push show it.
// Kept by modules/push; docs/push-rules.md, "Registrations".
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/time.h"
#include "storage/ids.h"

namespace clarion::events {

struct PushRegistration {
    std::uint64_t seq = 0;  // order of enabling within the account; what it is known by
    std::string service;    // jid
    bool has_node = false;
    std::string node;
    std::string device;           // SASL2 user-agent id, else resource
    std::string publish_options;  // the <x/> form as XML, verbatim; empty: none
    std::string extensions;       // other children of <enable/> as XML, verbatim
    std::string attributes;       // other attributes of <enable/> as an XML element's attributes
    std::string lang;
    WallTime created{};
    WallTime last_used{};           // last publish answered with a result
    LastingTime failing_since{};    // zero: not failing
    std::uint32_t errors = 0;       // in a row
    std::uint32_t unreachable = 0;  // how many of them were no answers
    std::uint64_t unread = 0;       // important messages since the device was last here
    /// It has been notified of what the archive got up to here while its device was away.
    storage::ArchiveId notified_up_to = storage::ArchiveId::none;
    /// It has been notified of these stanzas too, which no archive has, as the push module knows
    /// them.
    std::vector<std::uint64_t> notified;
};

}  // namespace clarion::events
