#include "modules/client_state/client_state.h"

#include <chrono>
#include <utility>

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/text.h"
#include "modules/client_state/held.h"
#include "proto/delay.h"
#include "proto/ns.h"
#include "proto/xml_writer.h"
#include "server/core/accounts/session.h"
#include "server/core/events/session_events.h"
#include "server/core/events/stream_events.h"
#include "server/core/routing/message_rules.h"
#include "server/core/streams/c2s_stream.h"

namespace clarion::client_state {

void CsiOptions::declare(OptionTable<CsiOptions>& t) {
    t.section("csi", "Clients that nobody looks at (XEP-0352).").per_host().live();
    t.add("max_held", &CsiOptions::max_held)
        .min(0)
        .max(10000)
        .unit("stanzas")
        .doc(
            "Unimportant stanzas kept from one inactive client; one more, and all are sent. 0: "
            "nothing waits.");
    t.add("max_held_bytes", &CsiOptions::max_held_bytes)
        .min(0)
        .unit("bytes")
        .doc("The same, by the memory they take.");
}

void declare_options(OptionRegistry& registry) { registry.add<CsiOptions>(); }

namespace {

constexpr Logger logger{"client_state"};

/// Stanzas less than this apart are one wake-up of a radio.
constexpr auto one_wake_up = std::chrono::seconds(1);

Counter& flushes(std::string_view labels) {
    return metrics().counter("clarion_csi_flushes_total",
                             "Times that what was held from an inactive client was let go, and why",
                             labels);
}

struct Counters {
    Gauge& inactive = metrics().gauge("clarion_csi_inactive_sessions",
                                      "Live sessions whose clients are inactive");
    Counter& held =
        metrics().counter("clarion_csi_held_stanzas_total", "Stanzas held from inactive clients");
    Counter& saved = metrics().counter("clarion_csi_saved_stanzas_total",
                                       "Stanzas never sent: newer ones made them obsolete");
    Counter& saved_bytes =
        metrics().counter("clarion_csi_saved_bytes_total", "Bytes of XML of those never sent");
    Counter& wake_ups = metrics().counter("clarion_csi_saved_wakeups_total",
                                          "Times that a stanza was held where it would have been "
                                          "written: once per client and second");
    Counter& active = flushes("reason=\"active\"");
    Counter& important = flushes("reason=\"important\"");
    Counter& full = flushes("reason=\"full\"");
    Counter& detached = flushes("reason=\"detached\"");
};

struct State {
    bool inactive = false;
    HeldStanzas held;
    SteadyTime last_write{};  // or what would have been one
};

class ClientState {
public:
    explicit ClientState(core::ModuleSetup& setup)
        : context_(setup.context()), states_(setup.session_slot<State>()) {}

    core::Flow on_element(events::SessionElement& event) {
        const xml::Element& element = event.element;
        const bool inactive = element.is(ns::csi, "inactive");
        if (!inactive && !element.is(ns::csi, "active")) return core::Flow::next;
        State& state = states_.of(event.session);
        set_inactive(state, inactive);
        if (!inactive) flush(event.session, state, counters_.active);
        return core::Flow::stop;
    }

    core::Flow on_sending(events::SessionSending& event) {
        State* state = states_.find(event.session);
        if (!state || !state->inactive) return core::Flow::next;
        const Verdict judged = verdict(*event.envelope.stanza);
        if (judged.action == Action::deliver || !may_wait(event.envelope)) {
            count_saved(state->held.drop(judged.topic));
            state->last_write = context_.clock().steady();
            const auto session = event.session.shared_from_this();  // a flush may be its end
            flush(*session, *state, counters_.important);
            if (session->state() != core::SessionState::ended) return core::Flow::next;
            session->redeliver(std::move(event.envelope));
            return core::Flow::stop;
        }
        keep(event.session, *state, std::move(event.envelope));
        return core::Flow::stop;
    }

    /// It begins to hibernate or ends; the next stream begins active.
    void on_detaching(events::SessionDetaching& event) {
        State* state = states_.find(event.session);
        if (!state) return;
        set_inactive(*state, false);
        if (!state->held.empty()) counters_.detached.add();
        while (auto envelope = pop(*state, event.session))
            event.held.push_back(std::move(*envelope));
    }

    /// Resumed, perhaps while it still looked alive.
    void on_resumed(const events::SessionResumed& event) {
        State* state = states_.find(event.session);
        if (!state) return;
        set_inactive(*state, false);
        flush(event.session, *state, counters_.active);
    }

private:
    /// Only what cannot be missed waits in memory alone.
    static bool may_wait(const core::Envelope& envelope) {
        return envelope.meta.archived() || envelope.meta.is_copy ||
               !core::may_be_kept_offline(*envelope.stanza);
    }

    void set_inactive(State& state, bool inactive) {
        if (std::exchange(state.inactive, inactive) != inactive)
            counters_.inactive.add(inactive ? 1 : -1);
    }

    void keep(core::Session& session, State& state, core::Envelope envelope) {
        const auto& options = context_.options<CsiOptions>(session.account().host());
        counters_.held.add();
        if (const SteadyTime now = context_.clock().steady();
            now - state.last_write >= one_wake_up) {
            counters_.wake_ups.add();
            state.last_write = now;
        }
        if (envelope.meta.received == WallTime{}) envelope.meta.received = context_.clock().wall();
        count_saved(state.held.add(std::move(envelope)));
        if (state.held.size() > static_cast<std::size_t>(options.max_held) ||
            state.held.bytes() > static_cast<std::size_t>(options.max_held_bytes))
            flush(session, state, counters_.full);
    }

    void count_saved(const StanzaPtr& obsolete) {
        if (!obsolete) return;
        counters_.saved.add();
        counters_.saved_bytes.add(xml::to_string(obsolete->root()).size());
    }

    /// The next one that is still wanted, and since when it waited.
    std::optional<core::Envelope> pop(State& state, const core::Session& session) const {
        auto envelope = state.held.pop();
        while (envelope && !session.account().may_hand_over(*envelope->stanza))
            envelope = state.held.pop();
        if (envelope)
            state_delay(envelope->edit().root(), session.account().host(),
                        format_datetime(envelope->meta.received));
        return envelope;
    }

    /// One by one: the session may end over one of them, and then the rest goes where it should.
    void flush(core::Session& session, State& state, Counter& why) {
        if (state.held.empty()) return;
        const auto self = session.shared_from_this();
        why.add();
        logger.debug("flush", {{"session", session.jid().full()}, {"held", state.held.size()}});
        while (auto envelope = pop(state, session)) session.send_now(std::move(*envelope));
    }

    core::Context& context_;
    core::SessionSlot<State> states_;
    Counters counters_;
};

void offer(events::StreamFeatures& event) { event.features.add("csi", ns::csi); }

/// There is nothing to be inactive yet.
Task<core::C2sStream::Next> ignore(core::C2sStream&, core::Context&, const xml::Element&) {
    co_return core::C2sStream::Next::read;
}

}  // namespace

void install(core::ModuleSetup& setup) {
    using namespace events;
    ClientState& self = setup.state<ClientState>(setup);
    setup.on(StreamFeatures::Stage::offer, &offer);
    setup.on(SessionElement::Stage::handle, self, &ClientState::on_element);
    setup.on(SessionSending::Stage::hold, self, &ClientState::on_sending);
    setup.on(SessionDetaching::Stage::release, self, &ClientState::on_detaching);
    setup.on(SessionResumed::Stage::go_on, self, &ClientState::on_resumed);
    for (const auto name : {"active", "inactive"}) setup.serve_stream(ns::csi, name, ignore);
}

}  // namespace clarion::client_state
