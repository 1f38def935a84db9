// IqTarget: whom a request is addressed to.
#pragma once

#include <cstdint>

namespace clarion::core {

enum class IqTarget : std::uint8_t {
    account,  // the bare JID of a local account, or no 'to' at all
    host,     // a local domain itself
    service,  // the domain of a service
    actor,    // an actor of a service, by its bare JID
    /// A bare JID, asked by somebody who may not know whether it is an account: it may be none, and
    /// IqRequest::owner is not set in any case. What is not served so is service-unavailable.
    hidden,
};

}  // namespace clarion::core
