// What comes back from push services: results, errors, and nothing (Sender's second part).
#include "base/log.h"
#include "modules/push/flight.h"
#include "modules/push/hibernation.h"
#include "modules/push/notification.h"
#include "modules/push/publish_log.h"
#include "modules/push/push.h"
#include "modules/push/registrations.h"
#include "server/events/push_events.h"

namespace clarion::push {

namespace {

constexpr Logger logger{"push"};

double seconds_since(SteadyTime then, SteadyTime now) {
    return std::chrono::duration<double>(now - then).count();
}

bool says_gone(const StanzaError& error) {
    return error.condition == StanzaErrorCondition::gone ||
           error.condition == StanzaErrorCondition::item_not_found;
}

/// What a person is told of it.
std::string describe(const StanzaError& error) {
    std::string text(name(error.condition));
    text += " (" + std::string(name(error.type)) + ')';
    if (!error.text.empty()) text += ": " + error.text;
    return text;
}

}  // namespace

void Sender::on_answer(const Flight& flight, const Stanza* answer, bool local) {
    Service* service = find_service(flight.service);
    if (!service) return;  // cannot be: it has a publish outstanding
    if (answer) return conclude(flight, answer, local);
    if (may_be_silent(*service, flight)) return ask_others(flight);
    const bool unreachable = !service->link.up() && service->link.silent_since(flight.departure);
    conclude(flight, nullptr, unreachable);
}

void Sender::conclude(const Flight& flight, const Stanza* answer, bool unreachable) {
    Service* service = find_service(flight.service);
    if (!service) return;
    service->link.settle();
    const Notification& notification = *flight.notification;
    const Outcome outcome = tell(*service, flight, answer, unreachable);
    core::Account* account = push_.account_of(notification);
    if (account) --push_.accounts.of(*account).busy;
    if (outcome == Outcome::unreachable) {
        on_unreachable(*service, flight,
                       answer ? name(read_error(answer->root()).condition) : "no answer");
        return flush(*service);
    }
    push_.publish_log->settle(notification.account_id, notification.registration,
                              notification.number);
    if (answer && service->link.heard(push_.core.clock().steady())) {
        logger.info("service-answers",
                    {{"service", flight.service}, {"waiting", service->waiting.size()}});
        service->stats.unreachable_since = {};
        tell_others([jid = flight.service](Sender& other) { other.hear_of_answer(jid); });
    }
    Registration* registration =
        account ? push_.accounts.of(*account).find(notification.registration) : nullptr;
    if (registration && outcome == Outcome::result) {
        service->waiting.counted({account->id(), notification.registration},
                                 service->link.failures());
        on_result(*account, *registration);
    } else if (registration && outcome == Outcome::error) {
        on_error(*account, notification.registration, read_error(answer->root()));
    }
    flush(*service);
}

/// Statistics, counters, and whoever watches this publish.
Outcome Sender::tell(Service& service, const Flight& flight, const Stanza* answer,
                     bool unreachable) {
    const double took = seconds_since(flight.departure.at, push_.core.clock().steady());
    const WallTime now = push_.core.clock().wall();
    ServiceStats& stats = service.stats;
    Outcome outcome = Outcome::result;
    if (unreachable)
        outcome = Outcome::unreachable;
    else if (!answer)
        outcome = Outcome::unanswered;
    else if (answer->is_error())
        outcome = Outcome::error;
    if (outcome == Outcome::result) {
        ++stats.answered;
        stats.refused_since_success = 0;
        stats.last_success = now;
        if (!std::exchange(service.proved, true))
            service.metrics = push_.counters->of_service(flight.service, true);
    } else {
        stats.last_error = name(outcome);
        stats.last_error_at = now;
    }
    if (outcome == Outcome::error) {
        stats.last_error = name(read_error(answer->root()).condition);
        ++stats.errors[stats.last_error];
        ++stats.refused_since_success;
    }
    if (outcome == Outcome::unanswered) ++stats.unanswered;
    if (outcome == Outcome::result || outcome == Outcome::error) stats.latency.observe(took);
    service.metrics.ended(outcome, flight.until_published, took);
    tell_witness(flight, outcome, answer, took);
    return outcome;
}

void Sender::tell_witness(const Flight& flight, Outcome outcome, const Stanza* answer,
                          double took) {
    const auto& witness = flight.notification->witness;
    if (!witness) return;
    const auto tenths = static_cast<int>(took * 10'000);
    const std::string after =
        " after " + std::to_string(tenths / 10) + '.' + std::to_string(tenths % 10) + " ms";
    switch (outcome) {
        case Outcome::result: return witness("answered with a result" + after, true);
        case Outcome::error:
            return witness("refused" + after + ": " + describe(read_error(answer->root())), false);
        case Outcome::unanswered:
            return witness("no answer" + after + ", though the service answers others", false);
        case Outcome::unreachable: break;
    }
    const std::string why = answer ? describe(read_error(answer->root())) : "no answer";
    witness("the service was not reached" + after + ": " + why, false);
}

void Sender::on_result(core::Account& account, Registration& registration) {
    auto& record = registration.record;
    const WallTime now = push_.core.clock().wall();
    record.last_used = now;
    record.unreachable = 0;
    const bool was_failing = record.errors != 0 || record.failing_since != LastingTime{};
    record.errors = 0;
    record.failing_since = {};
    registration.unsaved = true;  // that it was used may be forgotten in a crash, errors may not
    if (was_failing) push_.registrations->save(account, registration);
}

void Sender::on_error(core::Account& account, std::uint64_t seq, const StanzaError& error) {
    Registration* registration = push_.accounts.of(account).find(seq);
    if (!registration) return;
    auto& record = registration->record;
    const PushOptions& options = push_.options(account.host());
    const bool counts = error.type != StanzaErrorType::wait;
    const bool was_unreachable =
        std::exchange(record.failing_since, LastingTime{}) != LastingTime{};
    if (counts) ++record.errors;
    if (was_unreachable || counts) push_.registrations->save(account, *registration);
    logger.debug("refused", {{"account", account.jid().bare()},
                             {"service", record.service},
                             {"node", node_tag(record)},
                             {"condition", name(error.condition)},
                             {"errors", record.errors}});
    const auto answers =
        static_cast<std::int64_t>(record.errors - std::min(record.errors, record.unreachable));
    push_.core.bus().fire(events::PushFailed{account, record, name(error.condition)});
    if (options.gone_disables_at_once && says_gone(error))
        disable(account, seq, name(error.condition));
    else if (counts && answers >= options.max_errors)
        disable(account, seq, "errors");
}

void Sender::disable(core::Account& account, std::uint64_t seq, std::string_view why) {
    const Registration* registration = push_.accounts.of(account).find(seq);
    if (!registration) return;
    if (Service* service = find_service(registration->record.service))
        service->stats.disabled.add(push_.core.clock().wall());
    push_.registrations->disable(account, seq, why);
}

}  // namespace clarion::push
