#include "modules/push/parts.h"

namespace clarion::push {

namespace {
/// What one account's registrations may take: max_devices of the largest, and more.
constexpr std::size_t most_bytes = 1u << 20;
}  // namespace

Push::Push(core::ModuleSetup& setup)
    : core(setup.core()),
      accounts(setup.account_slot<AccountPush>()),
      sessions(setup.session_slot<SessionPush>()),
      registrations(core, setup.resident_data(most_bytes), accounts, counters),
      services(core, counters),
      hibernation(core, accounts, sessions, registrations),
      composer(core, counters),
      publish_log(core, accounts, composer),
      attempts(core, accounts, services, registrations),
      outage(core, counters, services, attempts),
      answers(core, counters, registrations, attempts),
      sender(core, accounts, services, outage, attempts, answers, publish_log, hibernation),
      turns(core, accounts, services, outage, attempts, composer, publish_log, sender),
      notifier(core, accounts, sessions, counters, registrations, composer, publish_log, sender),
      queue_rules(core, accounts, sessions, counters, registrations, notifier, hibernation),
      enabling(core, accounts, registrations) {}

core::Flow Push::may_evict(const events::AccountEvicting& event) {
    core::Account& account = event.account;
    const AccountPush* mine = accounts.find(account);
    if (!mine) return core::Flow::next;
    registrations.save_changed(account);  // also if it must go all the same
    if (mine->busy > 0) return core::Flow::stop;
    hibernation.before_evict(account, [&](const Registration& registration) {
        return sender.waits(account.id(), registration);
    });
    return core::Flow::next;
}

void Push::on_deleted(const events::AccountDeleted& event) {
    sender.forget_all(event.account);
    accounts.clear(event.account);
}

void Push::on_acquired(const events::PartitionsAcquired& event) {
    core::Scope& scope = event.core.scope();
    if (!event.released_in_order) scope.spawn("push-last-run", queue_rules.learn_last_run());
    scope.spawn("push-resend", publish_log.resend_acquired(turns, event.partitions));
    scope.spawn("push-sweep", hibernation.sweep_acquired(queue_rules, event.partitions));
}

/// What is pending for accounts of these partitions is theirs who have them now.
void Push::on_released(const events::PartitionsReleased& event) {
    publish_log.erase_settled();
    services.forget(event.partitions);
    publish_log.forget(event.partitions);
}

void Push::on_partitions_lost(const events::PartitionsLost& event) {
    services.forget(event.partitions);
    publish_log.forget(event.partitions);
}

void Push::on_stopping(const events::ServerStopping& event) {
    publish_log.erase_settled();
    event.core.accounts().for_each(
        [this](core::Account& account) { registrations.save_changed(account); });
}

Push* find_push(core::Core& core) {
    PushSought event;
    core.bus().fire(event);
    return event.found;
}

}  // namespace clarion::push
