// Push registrations (XEP-0357; PUSH.md, "Registrations") and notifications that are owed.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "server/base/clock.h"
#include "storage/batch.h"

namespace clarion::storage {

struct PushRegistration {
    std::uint64_t seq = 0;  // order of enabling within the account; the key under which it is kept
    std::string service;    // jid
    bool has_node = false;
    std::string node;
    std::string device;           // SASL2 user-agent id, else resource
    std::string publish_options;  // the <x/> form as XML, verbatim; empty: none
    std::string extensions;       // other children of <enable/> as XML, verbatim
    std::string attributes;       // other attributes of <enable/> as an XML element's attributes
    std::string lang;
    WallTime created{};
    WallTime last_used{};      // last publish answered with a result
    WallTime failing_since{};  // zero: not failing
    std::uint32_t errors = 0;  // in a row
};

/// A notification that must still go out: kept with the stanza that caused it (PUSH.md R9).
struct OwedPush {
    std::uint64_t registration = 0;  // seq
    bool important = false;
};

class PushRegistrations {
public:
    virtual ~PushRegistrations() = default;
    virtual void put(Batch& batch, AccountId account, const PushRegistration& registration) = 0;
    virtual void remove(Batch& batch, AccountId account, std::uint64_t seq) = 0;
};

}  // namespace clarion::storage
