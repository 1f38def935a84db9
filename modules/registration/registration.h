// In-band registration (XEP-0077): an account is made, gets another password, is deleted, all from
// a client.
//
// Making one happens on a stream that has not logged in, where [auth] registration allows it or the
// stream has presented an invitation (invitations/), and only where that stream might log in too
// (encrypted, if encryption is required). How many one network may make is limited; a name that is
// taken is answered as slowly as a wrong password, as both tell what accounts there are
// (account_maker.h). Changing the password and deleting the account is the owner's
// right on every host that has this module.
//
// tombstones.h: the names of deleted accounts.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "modules/registration/counts.h"
#include "server/core/setup/module.h"

namespace clarion::core {
class C2sStream;
}
namespace clarion::events {
struct AccountRegistering;
}

namespace clarion::registration {

/// Of [auth].
struct RegistrationOptions {
    bool registration = false;
    Duration reserve_deleted_names = std::chrono::hours(60 * 24);  // zero: not at all
    static void declare(OptionTable<RegistrationOptions>& table);
};
/// Of [limits].
struct RegistrationLimits {
    std::int64_t registrations_per_address = 5;
    std::int64_t invited_per_address = 20;
    static void declare(OptionTable<RegistrationLimits>& table);
};

/// The account that a filled-in <query/> asks for. Errors: "not-acceptable" (the username or the
/// password is missing or not possible), "unexpected-request" (<remove/>).
Result<Jid> read_application(const xml::Element& query, std::string_view host);

/// Fired when a stream asks to make an account, or how: whether it has presented an invitation
/// (XEP-0445).
struct PresentedSought {
    enum class Stage { find };
    static constexpr std::string_view name = "PresentedSought";
    static constexpr auto kind = core::EventKind::fill_in;
    std::string_view host;
    core::C2sStream& stream;
    /// Under which the invitation is kept; nullptr or empty: none was. As long as the stream.
    std::string* key = nullptr;
};

/// What somebody who has an account may want of it.
enum class Wish : std::uint8_t { change_password, remove };

/// Errors: "bad-request" (not all that is needed, or <remove/> not alone), "not-allowed" (the
/// username is not `owner`'s).
Result<Wish> read_wish(const xml::Element& query, const Jid& owner);

/// Counts the accounts made from each network. One per shard, counting the networks that are at
/// home there.
class RegistrationLimit : public Counts {
public:
    /// Most networks remembered; when so many have registered within the hour, no others may.
    explicit RegistrationLimit(std::size_t most = 20000)
        : Counts(most, std::chrono::hours(1)), invited_(most, std::chrono::hours(24)) {}

    /// Stops it if that is not within [limits] registrations_per_address or, of who was invited by a
    /// user, invited_per_address.
    core::Flow on_registering(events::AccountRegistering& event);

private:
    Counts invited_;
};

void declare_options(OptionRegistry& registry);
/// Whether an entry that the module keeps can be read (ModuleRow::check_entry).
Result<> check_entry(storage::DataKind kind, std::string_view key, std::string_view value);
void install(core::ModuleSetup& setup);

}  // namespace clarion::registration
