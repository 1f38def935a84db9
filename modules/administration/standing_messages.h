// StandingMessages: the message of the day and the welcome message of each host, on one shard
// (XEP-0133, 4.24 to 4.28).
//
// The message of the day is shown to who is online when it is set, and to everybody else at their
// next login, each account once. The welcome message is shown at the first login of an account that
// was made since there is one. Messages are stored with the host and in memory on every shard; that
// one was shown is a mark in the account.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "modules/administration/standing_message.h"
#include "server/core/accounts/roster.h"
#include "server/core/events/presence_events.h"
#include "server/core/events/server_events.h"
#include "server/core/setup/module.h"

namespace clarion::administration {

enum class Standing : std::uint8_t { motd, welcome };

/// Fired on every shard: an administrator has set, changed or deleted a message (nothing).
struct StandingMessageChanged {
    enum class Stage { remember };
    static constexpr std::string_view name = "StandingMessageChanged";
    std::string_view host;
    Standing which;
    const std::optional<StandingMessage>& message;
};

class StandingMessages {
public:
    explicit StandingMessages(core::ModuleSetup& setup);

    /// nullptr: there is none.
    const StandingMessage* find(std::string_view host, Standing which) const;
    /// Stores it, then tells all shards. nothing: deletes it. Durable when it returns.
    static Task<Result<>> set(core::Context& here, std::string host, Standing which,
                              std::optional<StandingMessage> message);

    /// As it is stored; nothing: there is none. Any shard. Storage errors.
    static Task<Result<std::optional<StandingMessage>>> read(core::Context& here, std::string host,
                                                             Standing which);

    void on_started(const events::ServerStarted& event);
    void on_changed(const StandingMessageChanged& event);
    void on_available(const events::AvailabilityChanged& event);

private:
    using Messages = std::map<std::string, StandingMessage, std::less<>>;  // by host

    Messages& of(Standing which) { return which == Standing::motd ? motd_ : welcome_; }
    Task<> load(core::Context& context);
    /// Whether it was shown; marks it so.
    bool was_shown(core::Account& account, Standing which, const StandingMessage& message);
    void show_to_online(const std::string& host, const StandingMessage& message);

    core::Context& context_;
    core::ResidentSpace shown_;
    Messages motd_, welcome_;
};

}  // namespace clarion::administration
