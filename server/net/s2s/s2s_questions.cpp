#include "server/net/s2s/s2s_questions.h"

#include <algorithm>

namespace clarion::net {

namespace {
constexpr std::size_t max_questions = 256;
}

void S2sQuestions::add(s2s::VerifyRequest request, Answered answered, SteadyTime now) {
    if (questions_.size() >= max_questions) return answered(s2s::Verdict::timeout);
    questions_.push_back({std::move(request), std::move(answered), now});
}

bool S2sQuestions::outstanding() const {
    return std::any_of(questions_.begin(), questions_.end(),
                       [](const Question& q) { return q.asked; });
}

bool S2sQuestions::ask(const s2s::OutgoingNegotiation& negotiation, std::string& out) {
    bool any = false;
    for (Question& question : questions_) {
        if (std::exchange(question.asked, true)) continue;
        negotiation.ask(question.request, out);
        any = true;
    }
    return any;
}

template <class Predicate>
void S2sQuestions::settle(Predicate which, s2s::Verdict verdict) {
    const auto rest = std::stable_partition(questions_.begin(), questions_.end(),
                                            [&](const Question& q) { return !which(q); });
    std::vector<Question> settled(std::make_move_iterator(rest),
                                  std::make_move_iterator(questions_.end()));
    questions_.erase(rest, questions_.end());
    for (Question& question : settled) question.answered(verdict);
}

void S2sQuestions::on_answer(const s2s::VerifyAnswer& answer) {
    const auto matches = [&](const Question& question) {
        const s2s::VerifyRequest& request = question.request;
        return question.asked && request.stream_id == answer.stream_id &&
               request.local == answer.local && request.remote == answer.remote;
    };
    settle(matches, answer.verdict);
}

void S2sQuestions::lose() {
    settle([](const Question& question) { return question.asked; }, s2s::Verdict::timeout);
}

void S2sQuestions::give_up(s2s::Verdict verdict) {
    settle([](const Question&) { return true; }, verdict);
}

void S2sQuestions::expire(SteadyTime now, Duration limit) {
    settle([&](const Question& question) { return now - question.since > limit; },
           s2s::Verdict::timeout);
}

}  // namespace clarion::net
