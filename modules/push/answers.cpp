// What comes back from push services: results, errors, silence, and bounces of our own (Sender's
// other half).
#include <vector>

#include "modules/push/counters.h"
#include "modules/push/flight.h"
#include "modules/push/ledger.h"
#include "modules/push/notification.h"
#include "modules/push/push.h"
#include "modules/push/registrations.h"
#include "modules/push/sleeper.h"
#include "server/base/id.h"
#include "server/base/log.h"
#include "server/events/push.h"

namespace clarion::push {

namespace {

constexpr Logger logger{"push"};
/// How stale the stored "last used" may be: writing it for each publish would double the writes.
constexpr auto last_used_slack = std::chrono::hours(1);

double seconds_since(SteadyTime then, SteadyTime now) {
    return std::chrono::duration<double>(now - then).count();
}

bool says_gone(const StanzaError& error) {
    return error.condition == StanzaErrorCondition::gone ||
           error.condition == StanzaErrorCondition::item_not_found;
}

}  // namespace

void Sender::on_answer(const Flight& flight, const Stanza* answer, bool local) {
    Service* service = find_service(flight.service);
    if (!service) return;  // cannot be: it has a publish outstanding
    service->link.settle();
    const bool unreachable = answer ? local : service->link.silent_since(flight.departure);
    tell(*service, flight, answer, unreachable);
    if (core::Account* account = push_.account_of(*flight.notification))
        --push_.accounts.of(*account).busy;
    if (unreachable) {
        on_unreachable(
            *service, flight,
            answer ? name(read_error(answer->root()).condition) : "remote-server-timeout");
        return flush(*service);
    }
    push_.ledger->settle(flight.notification->account_id, flight.notification->registration,
                         flight.notification->number);
    if (answer && service->link.heard())
        logger.info("service-answers",
                    {{"service", flight.service}, {"waiting", service->waiting.size()}});
    core::Account* account = push_.account_of(*flight.notification);
    Registration* registration =
        account ? push_.accounts.of(*account).find(flight.notification->registration) : nullptr;
    if (registration && answer && answer->is_error())
        on_error(*account, *registration, read_error(answer->root()));
    else if (registration && answer)
        on_result(*account, *registration);
    flush(*service);
}

/// Statistics, counters, and whoever watches this publish.
void Sender::tell(Service& service, const Flight& flight, const Stanza* answer, bool unreachable) {
    const SteadyTime now = push_.core.clock().steady();
    const double took = seconds_since(flight.departure.at, now);
    std::string outcome;
    if (unreachable) {
        push_.counters->unreachable.add();
        outcome = "unreachable";
    } else if (!answer) {
        push_.counters->unanswered.add();
        ++service.stats.unanswered;
        outcome = "no answer";
    } else {
        push_.counters->until_answered.observe(took);
        service.stats.latency.observe(took);
        outcome =
            answer->is_error() ? std::string(name(read_error(answer->root()).condition)) : "result";
        (answer->is_error() ? push_.counters->errors : push_.counters->results).add();
        if (!answer->is_error()) {
            ++service.stats.answered;
            service.stats.last_success = push_.core.clock().wall();
        }
    }
    if (!answer || answer->is_error()) {
        service.stats.last_error = outcome;
        service.stats.last_error_at = push_.core.clock().wall();
        if (answer && !unreachable) ++service.stats.errors[outcome];
    }
    if (const auto& witness = flight.notification->witness) {
        const std::string after =
            " after " + std::to_string(static_cast<int>(took * 1000)) + " ms: ";
        const bool accepted = answer && !answer->is_error();
        witness((unreachable || !answer ? "given up" : "answered") + after + outcome, accepted);
    }
}

// ---- Unreachable -------------------------------------------------------------------------------

void Sender::on_unreachable(Service& service, const Flight& flight, std::string_view condition) {
    const auto& lost = flight.notification;
    const bool new_step =
        service.link.failed(flight.departure, push_.core.clock().steady(), random_u64());
    // Whoever waits for this attempt has failed with it.
    std::vector<NotificationPtr> concerned{lost};
    if (new_step) {
        ++service.stats.failed_attempts;
        logger.info("service-unreachable", {{"service", flight.service},
                                            {"condition", condition},
                                            {"attempts", service.link.step()},
                                            {"waiting", service.waiting.size() + 1}});
        const std::pair key{lost->account_id, lost->registration};
        for (const auto& [who, waiting] : service.waiting)
            if (who != key) concerned.push_back(waiting);
    }
    core::Account* account = push_.account_of(*lost);
    Registration* registration =
        account ? push_.accounts.of(*account).find(lost->registration) : nullptr;
    if (registration) push_.sleeper->not_sent(*account, *registration, *lost);
    if (registration && !lost->witness) wait_again(service, lost);
    for (const auto& each : concerned)
        push_.core.accounts().with(each->account, [this, each, text = std::string(condition)](
                                                      const Result<core::Account*>& found) {
            if (found && (*found)->id() == each->account_id)
                count_attempt(**found, each->registration, text);
        });
}

void Sender::count_attempt(core::Account& account, std::uint64_t seq, std::string_view condition) {
    Registration* registration = push_.accounts.of(account).find(seq);
    if (!registration) return;
    auto& record = registration->record;
    const WallTime now = push_.core.clock().wall();
    ++record.errors;
    ++record.unreachable;
    if (record.failing_since == WallTime{}) record.failing_since = now;
    push_.registrations->save(account, *registration);
    const Duration failing = std::chrono::duration_cast<Duration>(now - record.failing_since);
    push_.core.bus().fire(events::PushFailed{account, record, condition});
    if (failing >= push_.options(account.host()).unreachable_disables_after)
        push_.registrations->disable(account, seq, "unreachable");
}

// ---- Answers -----------------------------------------------------------------------------------

void Sender::on_result(core::Account& account, Registration& registration) {
    auto& record = registration.record;
    const WallTime now = push_.core.clock().wall();
    record.last_used = now;
    record.unreachable = 0;
    const bool was_failing = record.errors != 0 || record.failing_since != WallTime{};
    if (!was_failing && now - registration.saved_last_used < last_used_slack) return;
    record.errors = 0;
    record.failing_since = {};
    registration.saved_last_used = now;
    push_.registrations->save(account, registration);
}

void Sender::on_error(core::Account& account, Registration& registration,
                      const StanzaError& error) {
    auto& record = registration.record;
    const std::uint64_t seq = record.seq;
    const PushOptions& options = push_.options(account.host());
    const bool was_unreachable = std::exchange(record.failing_since, WallTime{}) != WallTime{};
    if (error.type != StanzaErrorType::wait) ++record.errors;
    if (was_unreachable || error.type != StanzaErrorType::wait)
        push_.registrations->save(account, registration);
    logger.debug("refused", {{"account", account.jid().bare()},
                             {"service", record.service},
                             {"node", node_tag(record)},
                             {"condition", name(error.condition)},
                             {"errors", record.errors}});
    const auto answers =
        static_cast<std::int64_t>(record.errors - std::min(record.errors, record.unreachable));
    push_.core.bus().fire(events::PushFailed{account, record, name(error.condition)});
    if (options.gone_disables_at_once && says_gone(error))
        push_.registrations->disable(account, seq, name(error.condition));
    else if (error.type != StanzaErrorType::wait && answers >= options.max_errors)
        push_.registrations->disable(account, seq, "errors");
}

}  // namespace clarion::push
