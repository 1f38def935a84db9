#include "modules/caps/caps.h"

#include <unordered_map>

#include "modules/caps/desk.h"
#include "modules/caps/inquiries.h"
#include "modules/caps/known_caps.h"
#include "modules/caps/server_caps.h"
#include "modules/caps/sightings.h"
#include "proto/entity_caps.h"
#include "proto/ns.h"
#include "server/core/events/caps_events.h"
#include "server/core/events/presence_events.h"
#include "server/core/events/session_events.h"

namespace clarion::caps {

namespace {

/// In the record of a hibernating session: what it said that nobody else knows.
constexpr std::string_view part_name = "caps";

class Caps {
public:
    explicit Caps(core::ModuleSetup& setup)
        : context_(setup.context()), sightings_(setup), inquiries_(setup, sightings_, known_) {}

    // ---- What is seen --------------------------------------------------------------------------

    void on_availability(const events::AvailabilityChanged& event) {
        core::Session& session = event.session;
        if (!event.available) return sightings_.forget(session);
        if (const auto tag = caps_of(*session.presence()))
            note(session.account(), session.jid(), sightings_.of(session), *tag);
    }

    void on_presence(events::PresenceReceiving& event) {
        const Stanza& presence = event.presence;
        const Jid& from = presence.from();
        if (from.bare() == event.account.jid().bare()) return;
        if (presence.type() == StanzaType::unavailable || presence.is_error())
            return sightings_.forget(event.account, from.full());
        if (presence.type() == StanzaType::available && from.is_full())
            note_contact(event.account, presence);
    }

    void on_roster(const events::RosterChanged& event) {
        if (event.removed || !event.account.roster().shares_presence_with(event.item.jid))
            sightings_.forget(event.account, event.item.jid);
    }

    /// Nobody is told anything for an account that has no session; who comes next asks its contacts
    /// for their presence.
    void on_ended(const events::SessionEnded& event) {
        sightings_.forget(event.session);
        core::Account& account = event.session.account();
        for (const auto& other : account.sessions())
            if (other.get() != &event.session) return;
        sightings_.forget_all(account);
    }

    // ---- What sleeps ---------------------------------------------------------------------------

    void on_recording(events::SessionRecording& event) {
        const Seen* seen = sightings_.find(event.session);
        if (seen && seen->mark && seen->mark->is_private)
            event.record.parts.emplace_back(part_name, seen->mark->known->text());
    }

    /// Its presence still says what it can do. It was told before it slept, here or elsewhere.
    void on_restored(const events::SessionRestored& event) {
        core::Session& session = event.session;
        const auto tag = session.available() ? caps_of(*session.presence()) : std::nullopt;
        if (!tag) return;
        Seen& seen = sightings_.of(session);
        seen.mark = known_.mark(mark_key(*tag));
        for (const auto& [name, value] : event.record.parts)
            if (name == part_name) seen.mark = KnownCaps::make_private(mark_key(*tag), value);
        seen.told = seen.mark;
        if (!seen.mark->known && tag->can_verify())
            inquiries_.want(session.account(), session.jid(), *tag);
    }

    void on_resumed(const events::SessionResumed& event) {
        core::Session& session = event.session;
        const Seen* seen = sightings_.find(session);
        if (!seen || !seen->mark || seen->mark->known || !session.available()) return;
        if (const auto tag = caps_of(*session.presence()))
            inquiries_.want(session.account(), session.jid(), *tag);
    }

    // ---- What others ask -----------------------------------------------------------------------

    void on_capable_sought(events::CapableSought& event) {
        std::unordered_map<const Mark*, bool> has;  // most have one of a few
        sightings_.for_each(event.account, [&](std::string_view jid, Seen& seen) {
            const auto [found, is_new] = has.try_emplace(seen.mark.get(), false);
            if (is_new)
                if (const auto can = look(event.account, Jid::trusted(jid), seen))
                    found->second = can->has(event.feature);
            if (found->second) event.found.push_back(Jid::trusted(jid));
        });
    }

    void on_capabilities_sought(events::CapabilitiesSought& event) {
        Seen* seen = sightings_.find(event.account, event.resource);
        if (seen && seen->mark) event.found = look(event.account, event.resource, *seen);
    }

    void on_tag_sought(events::CapsTagSought& event) {
        event.found = known_.use(known_.mark(mark_key(event.tag)));
    }

private:
    void note_contact(core::Account& account, const Stanza& presence) {
        const auto tag = caps_of(presence);
        if (!tag || account.sessions().empty()) return;
        const Jid& from = presence.from();
        const core::Roster& roster = account.roster();
        if (!roster.shares_presence_with(roster.key_of(from))) return;
        Seen* seen = sightings_.find(account, from);
        if (!seen) {
            const auto& options = context_.options<CapsOptions>();
            if (options.max_known == 0) return;
            seen = sightings_.contacts(account).add(from.full(),
                                                    static_cast<std::size_t>(options.max_resources),
                                                    static_cast<std::size_t>(options.max_known));
        }
        if (seen) note(account, from, *seen, *tag);
    }

    /// It says this now.
    void note(core::Account& account, const Jid& resource, Seen& seen, const CapsTag& tag) {
        const std::string key = mark_key(tag);
        if (!seen.mark || seen.mark->key != key) {
            seen.mark = known_.mark(key);
            seen.silent = false;
        }
        if (seen.silent || seen.told == seen.mark) return;
        if (known_.use(seen.mark)) return inquiries_.tell(account, resource, seen);
        inquiries_.want(account, resource, tag);
    }

    /// What was forgotten is found again, but too late for who asks now.
    std::shared_ptr<const Capabilities> look(core::Account& account, const Jid& resource,
                                             Seen& seen) {
        auto can = known_.use(seen.mark);
        if (!can && seen.told == seen.mark) inquiries_.recall(account, resource, seen.mark->key);
        return can;
    }

    core::Context& context_;
    KnownCaps known_;
    Sightings sightings_;
    Inquiries inquiries_;
};

void install_contacts(core::ModuleSetup& setup) {
    using namespace events;
    Caps& self = setup.state<Caps>(setup);
    setup.on(AvailabilityChanged::Stage::notify, self, &Caps::on_availability);
    setup.on(PresenceReceiving::Stage::note, self, &Caps::on_presence);
    setup.on(RosterChanged::Stage::note, self, &Caps::on_roster);
    setup.on(SessionEnded::Stage::clean_up, self, &Caps::on_ended);
    setup.on(SessionRecording::Stage::add, self, &Caps::on_recording);
    setup.on(SessionRestored::Stage::read, self, &Caps::on_restored);
    setup.on(SessionResumed::Stage::go_on, self, &Caps::on_resumed);
    setup.on(CapableSought::Stage::find, self, &Caps::on_capable_sought);
    setup.on(CapabilitiesSought::Stage::find, self, &Caps::on_capabilities_sought);
    setup.on(CapsTagSought::Stage::find, self, &Caps::on_tag_sought);

    Desk& desk = setup.state<Desk>(setup);
    setup.on<CapsDeskSought>(CapsDeskSought::Stage::find,
                             [&desk](CapsDeskSought& event) { event.desk = &desk; });
    setup.on(PartitionsReleased::Stage::hand_over, desk, &Desk::on_released);
    setup.on(PartitionsLost::Stage::drop, desk, &Desk::on_lost);
}

}  // namespace

void declare_options(OptionRegistry& registry) { registry.add<CapsOptions>(); }

void install(core::ModuleSetup& setup) {
    using namespace events;
    ServerCaps& server = setup.state<ServerCaps>(setup.context());
    setup.host_feature(ns::caps);
    setup.on(StreamFeatures::Stage::offer, server, &ServerCaps::on_features);
    setup.on(HostNodeSought::Stage::find, server, &ServerCaps::on_node_sought);
    setup.on(ConfigReloaded::Stage::react, server, &ServerCaps::on_reloaded);
    install_contacts(setup);
}

}  // namespace clarion::caps
