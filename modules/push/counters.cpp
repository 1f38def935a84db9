#include "modules/push/counters.h"

#include "base/label_values.h"
#include "base/log.h"
#include "modules/push/notification.h"
#include "server/core/accounts/account.h"

namespace clarion::push {

namespace {

constexpr Logger logger{"push"};

Counter& changes(std::string_view labels) {
    return metrics().counter("clarion_push_registrations_total",
                             "What happened to push registrations", labels);
}

std::string service_label(const std::string& service) { return "service=\"" + service + '"'; }

}  // namespace

std::string_view name(Outcome outcome) {
    switch (outcome) {
        case Outcome::result: return "result";
        case Outcome::error: return "error";
        case Outcome::unanswered: return "unanswered";
        case Outcome::unreachable: return "unreachable";
    }
    return "";
}

// ---- Of one service ----------------------------------------------------------------------------

ServiceMetrics::ServiceMetrics(std::string label)
    : label_(service_label(label)),
      published_(&metrics().counter("clarion_push_published_total",
                                    "Publishes sent to push services", label_)) {}

ServiceMetrics::Ended& ServiceMetrics::of(Outcome outcome) {
    Ended& ended = ended_[static_cast<std::size_t>(outcome)];
    if (ended.count) return ended;
    const std::string labels = label_ + ",result=\"" + std::string(name(outcome)) + '"';
    ended.count = &metrics().counter("clarion_push_answers_total",
                                     "How publishes to push services ended", labels);
    ended.until_published =
        &metrics().histogram("clarion_push_publish_seconds",
                             "From a message's arrival to the publish it causes, by how "
                             "that ended",
                             labels);
    if (outcome == Outcome::result || outcome == Outcome::error)
        ended.until_answered = &metrics().histogram("clarion_push_answer_seconds",
                                                    "From a publish to its answer", labels);
    return ended;
}

void ServiceMetrics::ended(Outcome outcome, double until_published, double until_ended) {
    Ended& here = of(outcome);
    here.count->add();
    if (until_published >= 0) here.until_published->observe(until_published);
    if (here.until_answered) here.until_answered->observe(until_ended);
}

// ---- All ---------------------------------------------------------------------------------------

Counters::Counters()
    : enabled(changes("change=\"enabled\"")),
      evicted(changes("change=\"evicted\"")),
      disabled(changes("change=\"disabled\"")),
      failed_attempts(metrics().counter("clarion_push_failed_attempts_total",
                                        "Attempts to reach a push service that failed")) {
    for (std::size_t i = 0; i < reason_count; ++i) {
        const std::string label = "reason=\"" + std::string(name(static_cast<Reason>(i))) + '"';
        reasons_[i] = &metrics().counter(
            "clarion_push_verdicts_total",
            "Stanzas judged for a registration, by the reason of the verdict", label);
    }
}

void Counters::note(const core::Account& account, const events::PushRegistration& registration,
                    Reason reason) const {
    count(reason);
    if (!logger.enabled(LogLevel::debug)) return;  // a tag costs a hash
    logger.debug("verdict", {{"account", account.jid().bare()},
                             {"service", registration.service},
                             {"node", node_tag(registration)},
                             {"reason", name(reason)}});
}

ServiceMetrics Counters::of_service(std::string_view jid, bool proved) const {
    static LabelValues names(named_services);
    return ServiceMetrics(proved ? names.admit(jid) : "other");
}

}  // namespace clarion::push
