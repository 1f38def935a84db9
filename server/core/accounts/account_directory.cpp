#include "server/core/accounts/account_directory.h"

#include "server/core/accounts/hibernation_recovery.h"
#include "server/core/accounts/session.h"
#include "server/core/address/homes.h"
#include "server/core/address/partitions.h"
#include "server/core/context.h"
#include "server/core/events/account_events.h"
#include "server/runtime/event_bus.h"
#include "storage/storage.h"

namespace clarion::core {

Task<Result<std::unique_ptr<Actor>>> AccountDirectory::read(std::string bare_jid) {
    const Partition partition = partition_of(bare_jid);
    const Home home = context().homes().of(partition);
    auto loaded = co_await context().storage().accounts().load(std::move(bare_jid));
    if (!loaded) co_return loaded.error();
    if (context().homes().of(partition) != home ||
        context().partition_table().state(partition) == PartitionState::away)
        co_return fail(error_code::moved, "it lives elsewhere");
    if (!loaded->has_value()) co_return std::unique_ptr<Actor>();
    const storage::AccountSnapshot& snapshot = **loaded;
    auto account = std::make_unique<Account>(context(), snapshot);
    context().bus().fire(events::AccountLoaded{*account, snapshot});
    restore_sessions(*account, snapshot);
    co_return std::unique_ptr<Actor>(std::move(account));
}

void AccountDirectory::drain(Actor& actor) {
    const auto sessions = static_cast<Account&>(actor).sessions();  // who ends leaves the list
    for (const auto& session : sessions) session->shut_down(SessionEnd::moved);
}

bool AccountDirectory::drained(Actor& actor) {
    const auto& account = static_cast<Account&>(actor);
    if (account.has_live_session() || account.has_settling_sessions()) return false;
    for (const auto& session : account.sessions())  // its record has an `h` that will still grow
        if (!session->window().is_empty() || !session->hibernation().is_stored()) return false;
    return true;
}

bool AccountDirectory::may_evict(Actor& actor) {
    auto& account = static_cast<Account&>(actor);
    return drained(account) && context().bus().fire(events::AccountEvicting{account}) == Flow::next;
}

void AccountDirectory::on_evict(Actor& actor) {
    const auto& account = static_cast<Account&>(actor);
    if (account.sessions().empty()) hibernating_.erase(TextHash{}(account.jid().bare()));
}

void AccountDirectory::note_hibernating(std::string_view bare_jid) {
    hibernating_.insert(TextHash{}(bare_jid));
}

bool AccountDirectory::has_noted(std::string_view bare_jid) const {
    return hibernating_.contains(TextHash{}(bare_jid));
}

bool AccountDirectory::may_have_hibernating(std::string_view bare_jid) const {
    return !hibernating_known_.contains(partition_of(bare_jid)) || has_noted(bare_jid);
}

}  // namespace clarion::core
