// Book: the invitations of the hosts that are at home on this shard.
//
// Those of a host are module data of the host, one entry each, and in memory from their first use
// on, as long as the host is at home here. All changes are made there, in one turn each, and are
// durable when they return. Errors of all: "item-not-found" and storage errors; "moved": the host is
// at home elsewhere by now, and nothing was done.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/task.h"
#include "modules/registration/counts.h"
#include "modules/registration/invitations/invitations.h"
#include "modules/registration/invitations/open_invitations.h"
#include "server/core/events/account_events.h"
#include "server/core/events/partition_events.h"
#include "server/core/setup/module.h"
#include "server/core/setup/remote_call.h"
#include "server/runtime/signal.h"

namespace clarion::registration::invitations {

class Book;

/// Fired at the home of a host: whether it has invitations, and who keeps them.
struct BookSought {
    enum class Stage { find };
    static constexpr std::string_view name = "BookSought";
    static constexpr auto kind = core::EventKind::fill_in;
    std::string_view host;
    Book* found = nullptr;
};

/// Those that are over are looked for this long after the start, then at intervals.
inline constexpr Duration first_clearing = std::chrono::minutes(5);
inline constexpr Duration clearing_interval = std::chrono::hours(1);

class Book {
public:
    explicit Book(core::ModuleSetup& setup);

    /// Errors also as OpenInvitations::add().
    Task<Result<>> add(std::string host, std::string key, Invitation invitation);
    /// Of open ones.
    Task<Result<Invitation>> find(std::string host, std::string key);
    Task<Result<Invitation>> begin(std::string host, std::string key, OpenInvitations::Late late);
    Task<Result<>> finish(std::string host, std::string key);
    Task<Result<>> give_back(std::string host, std::string key);
    /// An account is about to be made with a user's invitation. Error "resource-constraint": as many
    /// as [invitations] max_accounts_per_user were within a day.
    Task<Result<>> admit_newcomer(std::string host, std::string inviter);
    /// It was not made.
    Task<Result<>> excuse_newcomer(std::string inviter);
    Task<Result<bool>> reserves(std::string host, std::string localpart);

    /// Open ones, in the order in which they were made.
    Task<Result<std::vector<Listed>>> list(std::string host);
    /// By its id, or more digits of it. Error also "conflict": several begin so.
    Task<Result<Listed>> revoke(std::string host, std::string id);
    /// Those by an account, and about it: it is deleted.
    Task<Result<>> forget_account(std::string host, Jid account);

    void on_sought(BookSought& event) { event.found = this; }
    void on_account_deleted(const events::AccountDeleted& event);
    void on_released(const events::PartitionsReleased& event) { drop(event.partitions); }
    void on_lost(const events::PartitionsLost& event) { drop(event.partitions); }
    /// Removes those that are over, as long as the shard runs.
    Task<> clear_away();

private:
    struct Host {
        storage::OwnerId owner = storage::OwnerId::none;
        OpenInvitations invitations;
    };
    using Hosts = std::map<std::string, Host, std::less<>>;

    /// What there is of a host, read if it was not; valid until the next await. One at a time reads
    /// it, or makes its id. `for_writing`: it has an id afterwards.
    Task<Result<Host*>> open(std::string host, bool for_writing = false);
    Task<Result<Host*>> open_alone(std::string host, bool for_writing);
    Task<Result<Host>> read(std::string host) const;
    void write(const Host& host, std::string_view key) const;
    void remove(Host& host, const std::vector<std::string>& keys) const;
    /// Waits for what was written; if it failed, memory is not what is stored.
    Task<Result<>> commit(std::string host);
    void drop(const PartitionSet& partitions);
    Task<Result<bool>> clear_some(std::string host);

    core::Context& context_;
    core::StoredSpace stored_;
    Hosts hosts_;
    Counts newcomers_{20000, std::chrono::hours(24)};  // by inviter
    std::set<std::string, std::less<>> opening_;
    core::Signal opened_;  // that one of them is not any more
};

template <class T>
Task<Result<T>> no_book() {
    co_return fail(error_code::item_not_found, "there are no invitations");
}

/// Asks that of a host, at its home, from any shard. Error "item-not-found": it has no invitations.
/// `work` may be done again if it says "moved".
template <class T>
Task<Result<T>> at_book(core::Context& here, std::string host,
                        std::function<Task<Result<T>>(Book&)> work) {
    const std::function<Task<Result<T>>(core::Context&)> find = [&](core::Context& home) {
        BookSought sought{host};
        home.bus().fire(sought);
        return sought.found ? work(*sought.found) : no_book<T>();
    };
    co_return co_await core::ask_at_home<T>(here, host, find);
}

}  // namespace clarion::registration::invitations
