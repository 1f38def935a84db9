#include "server/net/s2s/s2s_questions.h"

#include <doctest/doctest.h>

#include <map>

using namespace clarion;
using namespace clarion::net;
using namespace std::chrono_literals;
using s2s::Verdict;

namespace {

struct Asked {
    S2sQuestions questions;
    std::map<std::string, Verdict> answers;
    s2s::OutgoingNegotiation negotiation{{.local = "a.example", .remote = "b.example"}};
    std::string out;

    void add(const std::string& id, SteadyTime at = {}) {
        questions.add(
            {"a.example", "b.example", id, "key"},
            [this, id](Verdict verdict) {
                CHECK(!answers.contains(id));  // exactly once
                answers[id] = verdict;
            },
            at);
    }
};

}  // namespace

TEST_CASE("an answer settles the question it belongs to, and only if that was asked") {
    Asked asked;
    asked.add("1");
    asked.questions.on_answer({"a.example", "b.example", "1", Verdict::valid});
    CHECK(asked.answers.empty());  // not asked yet: unsolicited
    CHECK(asked.questions.ask(asked.negotiation, asked.out));
    CHECK(asked.out == "<db:verify from='a.example' to='b.example' id='1'>key</db:verify>");
    CHECK(!asked.questions.ask(asked.negotiation, asked.out));
    asked.questions.on_answer({"a.example", "other.example", "1", Verdict::valid});
    asked.questions.on_answer({"a.example", "b.example", "2", Verdict::valid});
    CHECK(asked.questions.outstanding());
    asked.questions.on_answer({"a.example", "b.example", "1", Verdict::invalid});
    CHECK(asked.answers.at("1") == Verdict::invalid);
    CHECK(asked.questions.empty());
}

TEST_CASE("what was asked is lost with the stream, what was not waits for the next one") {
    Asked asked;
    asked.add("1");
    asked.questions.ask(asked.negotiation, asked.out);
    asked.add("2");
    asked.questions.lose();
    CHECK(asked.answers.at("1") == Verdict::timeout);
    CHECK(!asked.answers.contains("2"));
    CHECK(!asked.questions.outstanding());
    asked.questions.give_up(Verdict::not_found);
    CHECK(asked.answers.at("2") == Verdict::not_found);
}

TEST_CASE("questions expire, and there are never too many") {
    Asked asked;
    const SteadyTime start{1h};
    asked.add("old", start);
    asked.add("new", start + 20s);
    asked.questions.expire(start + 31s, 30s);
    CHECK(asked.answers.at("old") == Verdict::timeout);
    CHECK(!asked.answers.contains("new"));
    for (int i = 0; i < 300; ++i) asked.add("n" + std::to_string(i), start + 20s);
    CHECK(asked.answers.at("n299") == Verdict::timeout);
    CHECK(!asked.answers.contains("n0"));
}
