#include "modules/last_activity/last_activity.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "modules/last_activity/departure.h"
#include "proto/ns.h"
#include "proto/unicode_text.h"
#include "server/core/accounts/account.h"
#include "server/core/accounts/session.h"
#include "server/core/events/iq_events.h"
#include "server/core/events/presence_events.h"
#include "server/core/routing/router.h"
#include "server/runtime/shard.h"

namespace clarion::last_activity {

using core::Flow;
using core::IqAnswer;
using core::IqRequest;
using core::IqTarget;
using core::Relation;
using Condition = StanzaErrorCondition;

namespace {

constexpr std::string_view departure_key = "departure";

}  // namespace

Result<> check_entry(storage::DataKind, std::string_view key, std::string_view value) {
    if (key != departure_key) return fail("bad-record", "a departure under another key");
    const auto departure = decode_departure(value);
    return departure ? Result<>() : departure.error();
}

namespace {

/// Whole seconds; none since what the clock, set back, has not reached again.
template <class Time>
std::string seconds_since(Time then, Time now) {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(now - then).count();
    return std::to_string(std::max<std::int64_t>(seconds, 0));
}

IqAnswer answer(const Stanza& request, std::string_view seconds, std::string_view status = {}) {
    auto result = make_result(request);
    xml::Element& query = result->root().add("query", ns::last_activity);
    query.set_attr("seconds", seconds);
    if (!status.empty()) query.add_text(status);
    return result;
}

bool is_available(const core::Account& account) {
    const auto& sessions = account.sessions();
    return std::any_of(sessions.begin(), sessions.end(),
                       [](const auto& session) { return session->available(); });
}

/// Whether a client sent presence there, or to a room of which that is an occupant.
bool addressed(core::Session& session, const Jid& who) {
    const auto& told = session.directed_presence();
    return std::any_of(told.begin(), told.end(),
                       [&who](const Jid& to) { return to == who || to.bare() == who.bare(); });
}

class LastActivity {
public:
    explicit LastActivity(core::ModuleSetup& setup)
        : context_(setup.context()),
          started_(context_.clock().steady()),
          departures_(setup.stored_data()) {}

    void on_availability(const events::AvailabilityChanged& event) const {
        core::Account& account = event.session.account();
        if (event.available || is_available(account)) return;
        const auto said = event.presence.root().child_text(ns::client, "status");
        departures_.put_uncounted(account.id(), departure_key,
                                  encode({.time = context_.clock().wall(),
                                          .status = std::string(utf8_truncate(said, max_status))}));
    }

    IqAnswer uptime(IqRequest& request) const {
        return answer(*request.stanza, seconds_since(started_, context_.clock().steady()));
    }

    /// Of an account that never was seen, its owner's client learns that it is connected, and
    /// others that nothing is known.
    Task<IqAnswer> ask(IqRequest request) const {
        if (is_available(*request.account)) co_return answer(*request.stanza, "0");
        (void)co_await context_.shard().committed();  // it may have gone just now
        const auto stored =
            co_await departures_.get(request.account->id(), std::string(departure_key));
        if (!stored) co_return to_stanza_error(stored.error());
        if (!stored->has_value()) {
            if (request.session && request.relation == Relation::owner)
                co_return answer(*request.stanza, "0");
            co_return StanzaError(Condition::item_not_found);
        }
        const auto departure = decode_departure(**stored);
        if (!departure) co_return StanzaError(Condition::internal_server_error);
        co_return answer(*request.stanza, seconds_since(departure->time, context_.clock().wall()),
                         departure->status);
    }

    /// A resource is asked.
    Flow on_iq(events::IqReceiving& event) const {
        const Stanza& stanza = *event.envelope.stanza;
        if (stanza.type() != StanzaType::get || !stanza.to().is_full()) return Flow::next;
        if (!stanza.payload()->is(ns::last_activity, "query")) return Flow::next;
        if (event.account.relation_to(stanza.from()) != Relation::stranger) return Flow::next;
        core::Session* session = event.account.find_session(stanza.to().resource());
        if (session && addressed(*session, stanza.from())) return Flow::next;
        context_.router().bounce(std::move(event.envelope), {Condition::service_unavailable});
        return Flow::stop;
    }

private:
    core::Context& context_;
    const SteadyTime started_;
    core::StoredSpace departures_;
};

}  // namespace

void install(core::ModuleSetup& setup) {
    const LastActivity& self = setup.state<LastActivity>(setup);
    setup.host_feature(ns::last_activity);
    setup.account_feature(ns::last_activity);
    setup.serve(IqTarget::host, StanzaType::get, ns::last_activity, "query",
                [&self](IqRequest& request) { return self.uptime(request); });
    setup.serve_async(
        IqTarget::account, StanzaType::get, ns::last_activity, "query",
        [&self](IqRequest request) { return self.ask(std::move(request)); }, Relation::contact);
    setup.on(events::AvailabilityChanged::Stage::notify, self, &LastActivity::on_availability);
    setup.on(events::IqReceiving::Stage::screen, self, &LastActivity::on_iq);
}

}  // namespace clarion::last_activity
