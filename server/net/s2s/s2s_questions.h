// S2sQuestions: "is this dialback key genuine?", asked of one remote domain over one link
// (XEP-0220, 2.1.2).
//
// Owned by an S2sOut, on its shard. Every question is answered exactly once: by the peer, by a
// limit, or because the link is gone.
#pragma once

#include <string>
#include <vector>

#include "base/time.h"
#include "proto/negotiation_s2s_out.h"
#include "server/runtime/unique_function.h"

namespace clarion::net {

class S2sQuestions {
public:
    using Answered = UniqueFunction<void(s2s::Verdict)>;

    /// Answered at once (timeout) when too many are waiting.
    void add(s2s::VerifyRequest request, Answered answered, SteadyTime now);
    bool empty() const { return questions_.empty(); }
    /// Some were asked and are not answered yet.
    bool outstanding() const;

    /// Writes those not asked yet. True if there were any. REQUIRES: negotiation.may_ask().
    bool ask(const s2s::OutgoingNegotiation& negotiation, std::string& out);
    /// The peer's answer; ignored if it answers nothing that was asked.
    void on_answer(const s2s::VerifyAnswer& answer);
    /// The stream is gone: what was asked on it gets no answer. The others wait for the next one.
    void lose();
    /// Nobody is left to ask.
    void give_up(s2s::Verdict verdict);
    struct Question {
        s2s::VerifyRequest request;
        Answered answered;
        SteadyTime since;
        bool asked = false;
    };
    /// Gives them away: somebody else asks.
    std::vector<Question> hand_over() { return std::exchange(questions_, {}); }
    void expire(SteadyTime now, Duration limit);

private:
    template <class Predicate>
    void settle(Predicate which, s2s::Verdict verdict);

    std::vector<Question> questions_;
};

}  // namespace clarion::net
