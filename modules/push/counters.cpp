#include "modules/push/counters.h"

namespace clarion::push {

namespace {

Counter& answers(std::string_view labels) {
    return metrics().counter("clarion_push_answers_total", "How publishes to push services ended",
                             labels);
}

Counter& changes(std::string_view labels) {
    return metrics().counter("clarion_push_registrations_total",
                             "What happened to push registrations", labels);
}

}  // namespace

Counters::Counters()
    : published(
          metrics().counter("clarion_push_published_total", "Publishes sent to push services")),
      results(answers("result=\"result\"")),
      errors(answers("result=\"error\"")),
      unanswered(answers("result=\"unanswered\"")),
      unreachable(answers("result=\"unreachable\"")),
      enabled(changes("change=\"enabled\"")),
      evicted(changes("change=\"evicted\"")),
      disabled(changes("change=\"disabled\"")),
      until_published(metrics().histogram("clarion_push_publish_seconds",
                                          "From a message's arrival to the publish it causes")),
      until_answered(
          metrics().histogram("clarion_push_answer_seconds", "From a publish to its answer")) {
    for (std::size_t i = 0; i < reason_count; ++i) {
        const std::string label = "reason=\"" + std::string(name(static_cast<Reason>(i))) + '"';
        reasons_[i] = &metrics().counter(
            "clarion_push_verdicts_total",
            "Stanzas judged for a registration, by the reason of the verdict", label);
    }
}

}  // namespace clarion::push
