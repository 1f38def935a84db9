#include "modules/push/answers.h"

#include "base/clock.h"
#include "base/log.h"
#include "modules/push/failed_attempts.h"
#include "modules/push/notification.h"
#include "modules/push/pending_notification.h"
#include "modules/push/push.h"
#include "modules/push/registrations.h"
#include "modules/push/services.h"
#include "server/core/events/push_events.h"
#include "server/runtime/event_bus.h"

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

void tell_witness(const PendingNotification& notification, Outcome outcome, const Stanza* answer,
                  double took) {
    const auto& witness = notification.witness;
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

Outcome outcome_of(const Stanza* answer, bool unreachable) {
    if (unreachable) return Outcome::unreachable;
    if (!answer) return Outcome::unanswered;
    return answer->is_error() ? Outcome::error : Outcome::result;
}

}  // namespace

Outcome Answers::conclude(const PendingNotification& notification, const Stanza* answer,
                          bool unreachable) const {
    const Outcome outcome = outcome_of(answer, unreachable);
    const double took = seconds_since(notification.departure.at, context_.clock().steady());
    count(notification, outcome, answer, took);
    tell_witness(notification, outcome, answer, took);
    return outcome;
}

void Answers::count(const PendingNotification& notification, Outcome outcome, const Stanza* answer,
                    double took) const {
    const WallTime now = context_.clock().wall();
    Service& service = *notification.service;
    ServiceStats& stats = service.stats;
    if (outcome == Outcome::result) {
        ++stats.answered;
        stats.refused_since_success = 0;
        stats.last_success = now;
        if (!std::exchange(service.proved, true))
            service.metrics = counters_.of_service(service.jid.full(), true);
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
    service.metrics.ended(outcome, notification.until_published, took);
}

void Answers::on_result(core::Account& account, Registration& registration) const {
    auto& record = registration.record;
    const WallTime now = context_.clock().wall();
    record.last_used = now;
    record.unreachable = 0;
    const bool was_failing = record.errors != 0 || record.failing_since != LastingTime{};
    record.errors = 0;
    record.failing_since = {};
    registration.unsaved = true;  // that it was used may be forgotten in a crash, errors may not
    if (was_failing) registrations_.save(account, registration);
}

void Answers::on_error(core::Account& account, Registration& registration,
                       const StanzaError& error) const {
    auto& record = registration.record;
    const PushOptions& options = context_.options<PushOptions>(account.host());
    const bool counts = error.type != StanzaErrorType::wait;
    const bool was_unreachable =
        std::exchange(record.failing_since, LastingTime{}) != LastingTime{};
    if (counts) ++record.errors;
    if (was_unreachable || counts) registrations_.save(account, registration);
    logger.debug("refused", {{"account", account.jid().bare()},
                             {"service", record.service},
                             {"node", node_tag(record)},
                             {"condition", name(error.condition)},
                             {"errors", record.errors}});
    const std::uint64_t seq = record.seq;
    const auto answers =
        static_cast<std::int64_t>(record.errors - std::min(record.errors, record.unreachable));
    context_.bus().fire(events::PushFailed{account, record, name(error.condition)});
    if (options.gone_disables_at_once && says_gone(error))
        attempts_.disable(account, seq, name(error.condition));
    else if (counts && answers >= options.max_errors)
        attempts_.disable(account, seq, "errors");
}

}  // namespace clarion::push
