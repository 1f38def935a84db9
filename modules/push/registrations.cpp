#include "modules/push/registrations.h"

#include <algorithm>

#include "modules/push/counters.h"
#include "modules/push/notification.h"
#include "modules/push/push.h"
#include "modules/push/sender.h"
#include "modules/push/sleeper.h"
#include "server/base/log.h"
#include "server/core/session.h"
#include "server/events/push.h"
#include "storage/storage.h"

namespace clarion::push {

namespace {

constexpr Logger logger{"push"};
/// https://xeps.tigase.net/docs/push-notifications/encrypt/: the child that asks to hear about
/// calls.
constexpr std::string_view tigase_jingle = "tigase:push:jingle:0";

bool asks_for_calls(const storage::PushRegistration& record) {
    if (record.extensions.find(tigase_jingle) == std::string::npos) return false;
    const auto document = xml::parse_element("<all xmlns=''>" + record.extensions + "</all>");
    return !document.empty() && document.root().child(tigase_jingle, "jingle");
}

Registration make_registration(storage::PushRegistration record) {
    Registration registration;
    registration.service = Jid::trusted(record.service);
    registration.wants_calls = asks_for_calls(record);
    registration.saved_last_used = record.last_used;
    registration.record = std::move(record);
    return registration;
}

bool same_pair(const storage::PushRegistration& a, const storage::PushRegistration& b) {
    return a.service == b.service && a.has_node == b.has_node && a.node == b.node;
}

}  // namespace

void Registrations::load(core::Account& account, const storage::AccountSnapshot& snapshot) {
    if (snapshot.push_registrations.empty()) return;
    AccountPush& mine = push_.accounts.of(account);
    for (const auto& record : snapshot.push_registrations) {
        mine.last_seq = std::max(mine.last_seq, record.seq);
        mine.registrations.push_back(make_registration(record));
    }
    std::sort(mine.registrations.begin(), mine.registrations.end(),
              [](const auto& a, const auto& b) { return a.record.seq < b.record.seq; });
}

void Registrations::put(core::Account& account, storage::PushRegistration record) {
    AccountPush& mine = push_.accounts.of(account);
    const WallTime now = push_.core.clock().wall();
    // By the clock where it can be, so that no number comes back after the newest one was removed.
    record.seq =
        std::max(mine.last_seq + 1, static_cast<std::uint64_t>(now.time_since_epoch().count()));
    mine.last_seq = record.seq;
    record.created = now;
    Registration added = make_registration(std::move(record));
    const std::string device = added.record.device;
    const std::string old_device = take_over(account, added);
    save(account, added);
    mine.registrations.push_back(std::move(added));
    push_.counters->enabled.add();
    evict(account);
    push_.sleeper->registrations_changed(account, device);
    if (!old_device.empty() && old_device != device)
        push_.sleeper->registrations_changed(account, old_device);
}

/// The registration of the same service and node gives way to `added`, with what R9 remembers of
/// it. Returns its device.
std::string Registrations::take_over(core::Account& account, Registration& added) {
    for (const Registration& old : push_.accounts.of(account).registrations) {
        if (!same_pair(old.record, added.record)) continue;
        added.record.created = old.record.created;
        added.record.last_used = added.saved_last_used = old.record.last_used;
        added.notified = old.notified;
        added.unread = old.unread;
        push_.sleeper->renumber(account, old.record.seq, added.record.seq);
        return drop(account, old.record.seq);
    }
    return {};
}

void Registrations::save(core::Account& account, const Registration& registration) {
    push_.core.storage().push_registrations().put(push_.core.shard().batch(), account.id(),
                                                  registration.record);
}

void Registrations::evict(core::Account& account) {
    AccountPush& mine = push_.accounts.of(account);
    const auto limit = static_cast<std::size_t>(push_.options(account.host()).max_devices);
    while (mine.registrations.size() > limit) {
        const auto& oldest = mine.registrations.front().record;
        logger.info("evicted", {{"account", account.jid().bare()},
                                {"service", oldest.service},
                                {"node", node_tag(oldest)},
                                {"limit", limit}});
        push_.counters->evicted.add();
        remove(account, oldest.seq);
    }
}

std::size_t Registrations::remove(core::Account& account, std::string_view service,
                                  const std::string_view* node) {
    std::vector<std::uint64_t> found;
    for (const Registration& registration : push_.accounts.of(account).registrations) {
        const auto& record = registration.record;
        if (record.service == service && (!node || (record.has_node && record.node == *node)))
            found.push_back(record.seq);
    }
    for (const auto seq : found) remove(account, seq);
    return found.size();
}

void Registrations::remove(core::Account& account, std::uint64_t seq) {
    const std::string device = drop(account, seq);
    if (!device.empty()) push_.sleeper->registrations_changed(account, device);
}

std::string Registrations::drop(core::Account& account, std::uint64_t seq) {
    AccountPush& mine = push_.accounts.of(account);
    const auto at = std::find_if(mine.registrations.begin(), mine.registrations.end(),
                                 [&](const auto& r) { return r.record.seq == seq; });
    if (at == mine.registrations.end()) return {};
    const std::string device = at->record.device;
    push_.sender->forget(account.id(), at->record.service, seq);
    push_.sleeper->forget(account, seq);
    push_.core.storage().push_registrations().remove(push_.core.shard().batch(), account.id(), seq);
    mine.registrations.erase(at);
    return device;
}

void Registrations::disable(core::Account& account, std::uint64_t seq, std::string_view why) {
    Registration* registration = push_.accounts.of(account).find(seq);
    if (!registration) return;
    const storage::PushRegistration record = registration->record;
    logger.info("disabled", {{"account", account.jid().bare()},
                             {"service", record.service},
                             {"node", node_tag(record)},
                             {"errors", record.errors},
                             {"why", why}});
    push_.counters->disabled.add();
    remove(account, seq);
    push_.core.bus().fire(events::PushDisabled{account, record});
}

std::vector<std::uint64_t> Registrations::all(core::Account& account) const {
    std::vector<std::uint64_t> result;
    if (const AccountPush* mine = push_.accounts.find(account))
        for (const Registration& registration : mine->registrations)
            result.push_back(registration.record.seq);
    return result;
}

std::vector<std::uint64_t> Registrations::of_device(core::Account& account,
                                                    std::string_view device) const {
    std::vector<std::uint64_t> result;
    if (const AccountPush* mine = push_.accounts.find(account))
        for (const Registration& registration : mine->registrations)
            if (registration.record.device == device) result.push_back(registration.record.seq);
    return result;
}

bool Registrations::has_any(core::Account& account, std::string_view device) const {
    const AccountPush* mine = push_.accounts.find(account);
    return mine && std::any_of(mine->registrations.begin(), mine->registrations.end(),
                               [&](const auto& r) { return r.record.device == device; });
}

bool has_session(const core::Account& account, std::string_view device) {
    return std::any_of(account.sessions().begin(), account.sessions().end(), [&](const auto& s) {
        return s->state() != core::SessionState::ended && s->device() == device;
    });
}

}  // namespace clarion::push
