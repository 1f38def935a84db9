// BytestreamPort: what relays the bytes of streams that go through a proxy of ours (XEP-0065).
//
// The module proxy65 speaks XMPP with those who want one, net speaks SOCKS 5 with their connections;
// this is all that the one knows of the other.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace clarion::core {

/// One per shard. Implemented by net; DomainLinks has it.
class BytestreamPort {
public:
    virtual ~BytestreamPort() = default;
    /// The TCP port to which both ends connect; 0: nothing listens.
    virtual std::uint16_t port() const = 0;
    /// The shard on which the connections meet that ask for this address
    /// (socks5::stream_address()): there, and only there, it may be activated.
    virtual unsigned meeting_shard(std::string_view address) const = 0;
    /// From now on what one end sends is passed on to the other; again: nothing. `account`: on
    /// whose account its bytes are. Errors: "item-not-found" (no end is connected), "not-allowed"
    /// (only one is), "resource-constraint" (a limit is reached).
    virtual Result<> activate(std::string_view address, const std::string& account) = 0;
};

}  // namespace clarion::core
