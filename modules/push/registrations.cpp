#include "modules/push/registrations.h"

#include <algorithm>

#include "base/clock.h"
#include "base/log.h"
#include "modules/push/counters.h"
#include "modules/push/notification.h"
#include "modules/push/push.h"
#include "modules/push/registration_codec.h"
#include "modules/push/registration_events.h"
#include "proto/ns.h"
#include "server/core/accounts/session.h"
#include "server/core/events/push_events.h"
#include "server/core/routing/refusal_log.h"
#include "server/runtime/event_bus.h"
#include "server/runtime/shard.h"
#include "storage/storage.h"

namespace clarion::push {

namespace {

constexpr Logger logger{"push"};
/// What a record may grow by after it was made: what it was notified of.
constexpr std::size_t reserved_bytes = 1024;

bool same_pair(const events::PushRegistration& a, const events::PushRegistration& b) {
    return a.service == b.service && a.has_node == b.has_node && a.node == b.node;
}

}  // namespace

xml::Document asked_of(const events::PushRegistration& record) {
    xml::Document enable;
    if (!record.extensions.empty())
        enable = xml::parse_element("<enable xmlns='urn:xmpp:push:0'>" + record.extensions +
                                    "</enable>");
    if (enable.empty()) enable = xml::Document("enable", ns::push);
    if (record.attributes.empty()) return enable;
    const auto attributes = xml::parse_element(record.attributes);
    if (attributes.empty()) return enable;
    const auto* attribute = attributes.root().first_attribute();
    for (; attribute; attribute = attribute->next)
        enable.root().set_attr(attribute->name, attribute->value, attribute->ns);
    return enable;
}

Registration Registrations::make(core::Account& account, events::PushRegistration record) const {
    Registration registration;
    registration.service = Jid::trusted(record.service);
    for (const auto identity : record.notified) registration.notified.add(identity);
    registration.record = std::move(record);
    const xml::Document asked = asked_of(registration.record);
    context_.bus().fire(events::PushRegistrationReading{account, registration.record, asked.root(),
                                                        registration.wishes});
    return registration;
}

void Registrations::on_loaded(const events::AccountLoaded& event) {
    core::Account& account = event.account;
    if (kept_.empty(account.owner())) return;
    AccountPush& mine = accounts_.of(account);
    kept_.for_each(account.owner(), [&](std::string_view key, std::string_view value) {
        auto record = decode_registration(key, value);
        if (!record) {
            logger.error("registration-unreadable",
                         {{"account", account.jid().bare()}, {"error", record.error().text}});
            return;
        }
        mine.last_seq = std::max(mine.last_seq, record->seq);
        mine.registrations.push_back(make(account, std::move(*record)));
    });
}

Result<> Registrations::put(core::Account& account, events::PushRegistration record) {
    if (encode(record).size() + reserved_bytes > kept_.room(account.owner()))
        return fail(error_code::resource_constraint, "too much is registered");
    AccountPush& mine = accounts_.of(account);
    const WallTime now = context_.clock().wall();
    // By the clock where it can be, so that no number comes back after the newest one was removed.
    const auto by_clock =
        static_cast<std::uint64_t>(context_.clock().lasting().time_since_epoch().count());
    record.seq = std::max(mine.last_seq + 1, by_clock);
    mine.last_seq = record.seq;
    record.created = now;
    Registration added = make(account, std::move(record));
    const std::string device = added.record.device;
    const std::string old_device = take_over(account, added);
    save(account, added);
    mine.registrations.push_back(std::move(added));
    counters_.enabled.add();
    evict(account);
    context_.bus().fire(DeviceChanged{account, device});
    if (!old_device.empty() && old_device != device)
        context_.bus().fire(DeviceChanged{account, old_device});
    return {};
}

/// The registration of the same service and node gives way to `added`, with what R9 remembers of
/// it. Returns its device.
std::string Registrations::take_over(core::Account& account, Registration& added) {
    for (const Registration& old : accounts_.of(account).registrations) {
        if (!same_pair(old.record, added.record)) continue;
        added.record.created = old.record.created;
        added.record.last_used = old.record.last_used;
        added.notified = old.notified;
        added.record.notified_up_to = old.record.notified_up_to;
        added.record.unread = old.record.unread;
        return drop(account, old.record.seq, added.record.seq);
    }
    return {};
}

void Registrations::on_logins_revoked(const events::LoginsRevoked& event) {
    core::Account& account = event.account;
    for (const auto seq : all(account)) {
        const auto& record = accounts_.of(account).find(seq)->record;
        if (event.stays && record.device == event.stays->device()) continue;
        context_.refusals().tell(logger, account.jid().bare(), "must-log-in-again",
                                 {{"account", account.jid().bare()}, {"service", record.service}});
        remove(account, seq);
    }
}

void Registrations::on_clients_sought(events::ClientsSought& event) const {
    const AccountPush* mine = accounts_.find(event.account);
    if (!mine) return;
    for (const Registration& registration : mine->registrations) {
        const auto& record = registration.record;
        event.kept.push_back({record.device, "push", record.service, record.created});
    }
}

void Registrations::on_signing_out(events::ClientSigningOut& event) {
    for (const auto seq : of_device(event.account, event.client)) {
        remove(event.account, seq);
        ++event.removed;
    }
}

void Registrations::forget_unread(core::Session& session) {
    AccountPush* mine = accounts_.find(session.account());
    if (!mine) return;
    for (Registration& registration : mine->registrations) {
        if (registration.record.device != session.device()) continue;
        registration.unsaved = registration.unsaved || registration.record.unread != 0;
        registration.record.unread = 0;
    }
}

void Registrations::save(core::Account& account, Registration& registration) {
    registration.record.notified = registration.notified.identities();
    registration.unsaved = false;
    const auto kept = kept_.put(account.owner(), registration_key(registration.record.seq),
                                encode(registration.record));
    if (!kept)
        logger.error("registration-not-kept",
                     {{"account", account.jid().bare()}, {"error", kept.error().text}});
}

void Registrations::save_changed(core::Account& account) {
    AccountPush* mine = accounts_.find(account);
    if (!mine) return;
    for (Registration& registration : mine->registrations)
        if (registration.unsaved) save(account, registration);
}

void Registrations::evict(core::Account& account) {
    AccountPush& mine = accounts_.of(account);
    const auto limit =
        static_cast<std::size_t>(context_.options<PushOptions>(account.host()).max_devices);
    while (mine.registrations.size() > limit) {
        const auto& oldest = mine.registrations.front().record;
        context_.refusals().tell(logger, account.jid().bare(), "evicted",
                                 {{"account", account.jid().bare()},
                                  {"service", oldest.service},
                                  {"node", node_tag(oldest)},
                                  {"limit", limit}});
        counters_.evicted.add();
        remove(account, oldest.seq);
    }
}

std::size_t Registrations::remove(core::Account& account, std::string_view service,
                                  const std::string_view* node) {
    std::vector<std::uint64_t> found;
    for (const Registration& registration : accounts_.of(account).registrations) {
        const auto& record = registration.record;
        if (record.service == service && (!node || (record.has_node && record.node == *node)))
            found.push_back(record.seq);
    }
    for (const auto seq : found) remove(account, seq);
    return found.size();
}

void Registrations::remove(core::Account& account, std::uint64_t seq) {
    const std::string device = drop(account, seq);
    if (!device.empty()) context_.bus().fire(DeviceChanged{account, device});
}

std::string Registrations::drop(core::Account& account, std::uint64_t seq,
                                std::uint64_t successor) {
    AccountPush& mine = accounts_.of(account);
    const auto at = std::find_if(mine.registrations.begin(), mine.registrations.end(),
                                 [&](const auto& r) { return r.record.seq == seq; });
    if (at == mine.registrations.end()) return {};
    const std::string device = at->record.device;
    context_.bus().fire(RegistrationRemoved{account, at->record, successor});
    kept_.remove(account.owner(), registration_key(seq));
    context_.storage().pending_publishes().remove(context_.shard().batch(), account.id(), seq);
    mine.registrations.erase(at);
    return device;
}

void Registrations::disable(core::Account& account, std::uint64_t seq, std::string_view why) {
    Registration* registration = accounts_.of(account).find(seq);
    if (!registration) return;
    const events::PushRegistration record = registration->record;
    context_.refusals().tell(logger, account.jid().bare(), "disabled",
                             {{"account", account.jid().bare()},
                              {"service", record.service},
                              {"node", node_tag(record)},
                              {"errors", record.errors},
                              {"why", why}});
    counters_.disabled.add();
    remove(account, seq);
    context_.bus().fire(events::PushDisabled{account, record});
}

std::vector<std::uint64_t> Registrations::all(core::Account& account) const {
    std::vector<std::uint64_t> result;
    if (const AccountPush* mine = accounts_.find(account))
        for (const Registration& registration : mine->registrations)
            result.push_back(registration.record.seq);
    return result;
}

std::vector<std::uint64_t> Registrations::of_device(core::Account& account,
                                                    std::string_view device) const {
    std::vector<std::uint64_t> result;
    if (const AccountPush* mine = accounts_.find(account))
        for (const Registration& registration : mine->registrations)
            if (registration.record.device == device) result.push_back(registration.record.seq);
    return result;
}

bool Registrations::has_any(core::Account& account, std::string_view device) const {
    const AccountPush* mine = accounts_.find(account);
    return mine && std::any_of(mine->registrations.begin(), mine->registrations.end(),
                               [&](const auto& r) { return r.record.device == device; });
}

bool has_session(const core::Account& account, std::string_view device) {
    return std::any_of(account.sessions().begin(), account.sessions().end(), [&](const auto& s) {
        return s->state() != core::SessionState::ended && s->device() == device;
    });
}

}  // namespace clarion::push
