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
#include "server/core/events/account_events.h"
#include "server/core/events/client_events.h"
#include "server/core/events/session_events.h"

namespace clarion::push {

class Counters;

class Registrations {
public:
    Registrations(core::Context& context, core::ResidentSpace kept,
                  core::AccountSlot<AccountPush> accounts, Counters& counters)
        : context_(context), kept_(kept), accounts_(accounts), counters_(counters) {}

    /// From what is resident with the account.
    void on_loaded(const events::AccountLoaded& event);
    /// A device that has to log in again may be in strange hands: nothing is pushed to it until it
    /// has logged in, and asks for it as every client does then.
    void on_logins_revoked(const events::LoginsRevoked& event);
    void on_clients_sought(events::ClientsSought& event) const;
    void on_signing_out(events::ClientSigningOut& event);
    /// The device is here again: it will read what it missed.
    void on_bound(const events::SessionBound& event) { forget_unread(event.session); }
    void on_resumed(const events::SessionResumed& event) { forget_unread(event.session); }

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
    void forget_unread(core::Session& session);
    Registration make(core::Account& account, events::PushRegistration record) const;
    std::string take_over(core::Account& account, Registration& added);
    /// Removes it and says of which device it was; that this changed is the caller's to say.
    std::string drop(core::Account& account, std::uint64_t seq, std::uint64_t successor = 0);
    void evict(core::Account& account);

    core::Context& context_;
    core::ResidentSpace kept_;
    core::AccountSlot<AccountPush> accounts_;
    Counters& counters_;
};

/// What its client asked for beyond XEP-0357: an <enable/> with the other attributes and children.
xml::Document asked_of(const events::PushRegistration& record);

/// Whether the device has a session, live or hibernating.
bool has_session(const core::Account& account, std::string_view device);

}  // namespace clarion::push
