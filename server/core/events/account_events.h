// Events in the life of an account in memory and in storage.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/result.h"
#include "proto/jid.h"
#include "server/runtime/event_bus.h"
#include "storage/accounts.h"

namespace clarion::core {
class Account;
class Context;
class Session;
enum class SessionEnd : std::uint8_t;
}  // namespace clarion::core

namespace clarion::events {

/// Who has invited the user of a new account.
enum class Invited : std::uint8_t { no, by_user, by_host };

/// A client that has not logged in wants to make an account (XEP-0077). Who sets `refusal` and
/// stops, prevents it. Fired on the shard that owns `network`, wherever the account will live, so
/// that what is counted per network is counted in one place.
struct AccountRegistering {
    enum class Stage { check };
    static constexpr std::string_view name = "AccountRegistering";
    static constexpr auto kind = core::EventKind::stoppable;
    core::Context& context;
    std::string_view host;
    const Jid& jid;
    std::string_view network;        // the client's IPv4 address or IPv6 /64 network
    Invited invited = Invited::no;   // by somebody of the host
    std::optional<Error> refusal{};  // its code: a condition of RFC 6120
};

/// Just loaded: modules fill their slots from the snapshot.
struct AccountLoaded {
    enum class Stage { load };
    static constexpr std::string_view name = "AccountLoaded";
    core::Account& account;
    const storage::AccountSnapshot& snapshot;
};

/// May it be evicted now? Stop: no (a push is pending and not yet stored, ...).
struct AccountEvicting {
    enum class Stage { ask };
    static constexpr std::string_view name = "AccountEvicting";
    static constexpr auto kind = core::EventKind::stoppable;
    core::Account& account;
};

/// Whoever logged in before must do so again: the password was changed, or the account was
/// disabled. Its sessions end next, but not the one that changed the password.
struct LoginsRevoked {
    enum class Stage { forget };
    static constexpr std::string_view name = "LoginsRevoked";
    core::Account& account;
    core::Session* stays;  // nullptr: none
    core::SessionEnd why;
};

/// The account is being deleted: drop what is pending for it. Its sessions have ended.
struct AccountDeleted {
    enum class Stage { drop };
    static constexpr std::string_view name = "AccountDeleted";
    core::Account& account;
};

}  // namespace clarion::events
