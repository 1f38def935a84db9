// Registrations: what the devices of an account asked for. Kept with the account, written with its
// batches.
//
// A registration is (account, service, node); it belongs to a device: SASL2 user-agent id, else
// resource. The order is that of enabling. One per shard.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "modules/push/state.h"

namespace clarion::push {

class Registrations {
public:
    explicit Registrations(Push& push) : push_(push) {}

    /// From what is resident with the account, which was just loaded.
    void load(core::Account& account);

    /// Adds a registration, or replaces the one of the same service and node: it becomes the most
    /// recently enabled one, with a clean error state. One too many ([push] max_devices): the least
    /// recently enabled goes.
    /// Error "resource-constraint": it is too large to be kept beside the others.
    Result<> put(core::Account& account, events::PushRegistration record);
    /// Writes its record again.
    void save(core::Account& account, Registration& registration);
    /// Those of the account with something unsaved: it leaves memory, or the server stops.
    void save_changed(core::Account& account);

    /// Removes the client's choice, or all nodes at `service` if `node` is nullptr. Returns how
    /// many there were.
    std::size_t remove(core::Account& account, std::string_view service,
                       const std::string_view* node);
    /// Removes one, with everything pending for it.
    void remove(core::Account& account, std::uint64_t seq);
    /// The same because of errors or at the service's wish: logged, counted, PushDisabled fired.
    void disable(core::Account& account, std::uint64_t seq, std::string_view why);

    /// Sequence numbers: registrations may go while one works through them.
    std::vector<std::uint64_t> all(core::Account& account) const;
    std::vector<std::uint64_t> of_device(core::Account& account, std::string_view device) const;
    bool has_any(core::Account& account, std::string_view device) const;

private:
    Registration make(core::Account& account, events::PushRegistration record) const;
    std::string take_over(core::Account& account, Registration& added);
    /// Removes it and says whose it was; the hibernating sessions of that device are the caller's.
    std::string drop(core::Account& account, std::uint64_t seq);
    void evict(core::Account& account);
    Push& push_;
};

/// What its client asked for beyond XEP-0357: an <enable/> with the other attributes and children.
xml::Document asked_of(const events::PushRegistration& record);

/// Whether the device has a session, live or hibernating.
bool has_session(const core::Account& account, std::string_view device);

}  // namespace clarion::push
