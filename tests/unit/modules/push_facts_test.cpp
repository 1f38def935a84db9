// What the rules of docs/push-rules.md ask beside the stanza; and what a stanza carries.
#include <functional>
#include <set>
#include <vector>

#include "tests/unit/modules/push_stanzas.h"

namespace clarion::push {
namespace {

TEST_CASE("body and sender are those of the carried message") {
    const auto copy = parse(carbon("received", theirs("<body>inner</body>")));
    CHECK(carried(*copy, own).body() == "inner");
    CHECK(carried(*copy, own).sender() == "romeo@example.com/orchard");
    CHECK(carried(*copy, own).carbon);
    const auto forged =
        parse(carbon("received", theirs("<body>inner</body>"), "tybalt@capulet.example/x"));
    CHECK(carried(*forged, own).sender() == "tybalt@capulet.example/x");
    const auto plain = parse(chat(body));
    CHECK(carried(*plain, own).body() == "hi");
    CHECK_FALSE(carried(*plain, own).own);
}

// ---- What else the rules ask -------------------------------------------------------------------

struct RuleRow {
    const char* what;
    std::string xml;
    std::function<void(Facts&)> set;
    bool push;
    bool important;
    Reason reason;
};

/// The archive has it; `account` and `device`: who has a session.
std::function<void(Facts&)> archived(Trigger trigger, bool account, bool device) {
    return [=](Facts& f) {
        f.trigger = trigger;
        f.stored = f.archived = true;
        f.account_has_session = account;
        f.device_has_session = device;
    };
}
std::function<void(Facts&)> with_calls(Trigger trigger) {
    return [=](Facts& f) {
        in_the_queue(f, trigger);
        f.wants_calls = true;
    };
}

TEST_CASE("rules, by what is true of the account") {
    const std::string own_accept = message("chat", accept_call, "juliet@example.org/b");
    const std::string own_accept_copy = carbon("sent", ours(accept_call));
    const std::vector<RuleRow> rows{
        {"R1 only in the archive", chat(body), archived(Trigger::no_session, false, false), true,
         true, Reason::body},
        {"R1 after R2", chat(body), archived(Trigger::no_session, true, false), false, false,
         Reason::covered},
        {"R1 for the device whose session does not take messages", chat(body),
         archived(Trigger::no_session, true, true), true, true, Reason::body},
        {"R2 nobody is here", chat(body), archived(Trigger::archived, false, false), false, false,
         Reason::no_session},
        {"R2 another device is here", chat(body), archived(Trigger::archived, true, false), true,
         true, Reason::body},
        {"R2 the device has a session", chat(body), archived(Trigger::archived, true, true), false,
         false, Reason::has_session},
        {"R3 another device's queue", chat(body),
         [](Facts& f) {
             in_the_queue(f, Trigger::unacked);
             f.same_device = false;
         },
         false, false, Reason::no_rule},
        {"R3 also what is archived", chat(body),
         [](Facts& f) {
             in_the_queue(f, Trigger::unacked);
             f.stored = f.archived = true;
         },
         true, true, Reason::body},
        {"R4 another device's queue", chat(body),
         [](Facts& f) {
             in_the_queue(f, Trigger::queued);
             f.same_device = false;
         },
         false, false, Reason::no_rule},
        {"R7 notified already", chat(propose),
         [](Facts& f) {
             f.trigger = Trigger::receiving;
             f.covered = true;
         },
         false, false, Reason::covered},
        {"R7 also to a device that is here", chat(propose),
         [](Facts& f) {
             f.trigger = Trigger::receiving;
             f.account_has_session = f.device_has_session = true;
         },
         true, true, Reason::call},
        {"R7 answered, not asked for", own_accept, [](Facts& f) { f.trigger = Trigger::sending; },
         false, false, Reason::no_rule},
        {"R7 answered by this very device", own_accept, with_calls(Trigger::sending), false, false,
         Reason::no_rule},
        {"R7 the carbon of an answer to who asked", own_accept_copy, with_calls(Trigger::queued),
         false, false, Reason::covered},
        {"R10 the carbon of an answer to who did not ask", own_accept_copy,
         [](Facts& f) { in_the_queue(f, Trigger::queued); }, true, false, Reason::own_copy},
        {"R7 an answer that somebody else forwards", chat(forward(ours(accept_call))),
         with_calls(Trigger::queued), true, false, Reason::own_copy},
        {"R9 the end of a queue, archived: others know", chat(body),
         archived(Trigger::ended, true, false), false, false, Reason::covered},
        {"R1 the end of a queue, archived: its own device", chat(body),
         [](Facts& f) {
             in_the_queue(f, Trigger::ended);
             f.stored = f.archived = true;
         },
         true, true, Reason::body},
        {"R9 the end of a queue, returned to the sender", chat(body),
         [](Facts& f) { f.trigger = Trigger::ended; }, false, false, Reason::not_stored},
        {"R9 the end of a queue, notified before", chat(body),
         [](Facts& f) {
             in_the_queue(f, Trigger::ended);
             f.stored = f.covered = true;
         },
         false, false, Reason::covered},
    };
    for (const RuleRow& row : rows) {
        CAPTURE(row.what);
        Facts facts;
        facts.account = own;
        row.set(facts);
        const Verdict verdict = should_push(*parse(row.xml), facts);
        CHECK(verdict.push == row.push);
        CHECK(verdict.important == row.important);
        CHECK(name(verdict.reason) == name(row.reason));
    }
}

TEST_CASE("a call that must not be stored is judged important, whatever carries it") {
    CHECK(judge(*parse(chat(propose + no_store)), own, false).important);
    CHECK(judge(*parse(carbon("received", theirs(propose + no_store))), own, false).important);
    CHECK(judge(*parse(chat(no_store + forward(theirs(propose)))), own, false).important);
    CHECK_FALSE(judge(*parse(chat(propose + no_store)), own, true).important);
}

TEST_CASE("each reason has a name of its own, for counters and the log") {
    std::set<std::string_view> names;
    for (std::size_t i = 0; i < reason_count; ++i) names.insert(name(static_cast<Reason>(i)));
    CHECK(names.size() == reason_count);
    CHECK_FALSE(names.contains(""));
}

}  // namespace
}  // namespace clarion::push
