#include "modules/push/parts.h"
#include "server/core/accounts/account_directory.h"
#include "server/runtime/event_bus.h"
#include "server/runtime/scope.h"

namespace clarion::push {

namespace {
/// What one account's registrations may take: max_devices of the largest, and more.
constexpr std::size_t most_bytes = 1u << 20;
}  // namespace

Push::Push(core::ModuleSetup& setup)
    : context(setup.context()),
      accounts(setup.account_slot<AccountPush>()),
      sessions(setup.session_slot<SessionPush>()),
      registrations(context, setup.resident_data(most_bytes), accounts, counters),
      services(context, counters),
      hibernation(context, accounts, sessions, registrations),
      composer(context, counters),
      publish_log(context, accounts, composer),
      attempts(context, accounts, services, registrations),
      outage(context, counters, services, attempts),
      answers(context, counters, registrations, attempts),
      sender(context, accounts, services, outage, attempts, answers, publish_log, hibernation),
      turns(context, accounts, services, outage, attempts, composer, publish_log, sender),
      notifier(context, accounts, sessions, counters, registrations, composer, publish_log, sender),
      queue_rules(context, accounts, sessions, counters, registrations, notifier, hibernation),
      enabling(context, accounts, registrations) {}

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
    core::Scope& scope = event.context.scope();
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
    event.context.accounts().for_each(
        [this](core::Account& account) { registrations.save_changed(account); });
}

Push* find_push(core::Context& context) {
    PushSought event;
    context.bus().fire(event);
    return event.found;
}

}  // namespace clarion::push
