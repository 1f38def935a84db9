// What the parts of push tell each other about registrations, on the bus. Private to modules/push.
#pragma once

#include <cstdint>
#include <string_view>

#include "server/core/events/push_registration.h"
#include "server/runtime/event_bus.h"

namespace clarion::core {
class Account;
}

namespace clarion::push {

/// A registration is gone, and what was kept for it may go. `successor`: the one that its client
/// enabled in its place, which goes on with what it was notified of; 0: none.
struct RegistrationRemoved {
    enum class Stage { forget };
    static constexpr std::string_view name = "RegistrationRemoved";
    core::Account& account;
    const events::PushRegistration& registration;
    std::uint64_t successor;
};

/// A device got a registration or lost one.
struct DeviceChanged {
    enum class Stage { react };
    static constexpr std::string_view name = "DeviceChanged";
    core::Account& account;
    std::string_view device;
};

}  // namespace clarion::push
