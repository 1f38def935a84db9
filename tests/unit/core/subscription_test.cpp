// The tables of RFC 6121, appendix A, row by row.
#include "server/core/accounts/subscription.h"

#include <doctest/doctest.h>

#include <array>
#include <string_view>

using namespace clarion;
using namespace clarion::core;

namespace {

constexpr SubscriptionState none{};
constexpr SubscriptionState none_out{Subscription::none, true};
constexpr SubscriptionState none_in{Subscription::none, false, true};
constexpr SubscriptionState none_out_in{Subscription::none, true, true};
constexpr SubscriptionState to{Subscription::to};
constexpr SubscriptionState to_in{Subscription::to, false, true};
constexpr SubscriptionState from{Subscription::from};
constexpr SubscriptionState from_out{Subscription::from, true};
constexpr SubscriptionState both{Subscription::both};

SubscriptionState approved(SubscriptionState state) {
    state.approved = true;
    return state;
}

struct Row {
    SubscriptionState before;
    bool pass_on;
    SubscriptionState after;
    std::optional<StanzaType> answer{};
};
using Table = std::array<Row, 9>;

void check(const Table& table, SubscriptionStep (*step)(SubscriptionState, StanzaType),
           StanzaType type) {
    for (std::size_t i = 0; i < table.size(); ++i) {
        CAPTURE(i);
        const Row& row = table[i];
        const SubscriptionStep got = step(row.before, type);
        CHECK(got.state == row.after);
        CHECK(got.pass_on == row.pass_on);
        CHECK(got.answer == row.answer);
    }
}

}  // namespace

TEST_CASE("table 2: outbound subscribe") {
    check({{{none, true, none_out},
            {none_out, true, none_out},
            {none_in, true, none_out_in},
            {none_out_in, true, none_out_in},
            {to, true, to},
            {to_in, true, to_in},
            {from, true, from_out},
            {from_out, true, from_out},
            {both, true, both}}},
          outbound, StanzaType::subscribe);
}

TEST_CASE("table 3: outbound unsubscribe") {
    check({{{none, true, none},
            {none_out, true, none},
            {none_in, true, none_in},
            {none_out_in, true, none_in},
            {to, true, none},
            {to_in, true, none_in},
            {from, true, from},
            {from_out, true, from},
            {both, true, from}}},
          outbound, StanzaType::unsubscribe);
}

TEST_CASE("table 4: outbound subscribed") {
    check({{{none, false, approved(none)},
            {none_out, false, approved(none_out)},
            {none_in, true, from},
            {none_out_in, true, from_out},
            {to, false, approved(to)},
            {to_in, true, both},
            {from, false, from},
            {from_out, false, from_out},
            {both, false, both}}},
          outbound, StanzaType::subscribed);
}

TEST_CASE("table 5: outbound unsubscribed") {
    check({{{none, false, none},
            {none_out, false, none_out},
            {none_in, true, none},
            {none_out_in, true, none_out},
            {to, false, to},
            {to_in, true, to},
            {from, true, none},
            {from_out, true, none_out},
            {both, true, to}}},
          outbound, StanzaType::unsubscribed);
}

TEST_CASE("table 6: inbound subscribe") {
    constexpr auto yes = StanzaType::subscribed;
    check({{{none, true, none_in},
            {none_out, true, none_out_in},
            {none_in, false, none_in},
            {none_out_in, false, none_out_in},
            {to, true, to_in},
            {to_in, false, to_in},
            {from, false, from, yes},
            {from_out, false, from_out, yes},
            {both, false, both, yes}}},
          inbound, StanzaType::subscribe);
}

TEST_CASE("table 7: inbound unsubscribe") {
    constexpr auto done = StanzaType::unsubscribed;
    check({{{none, false, none},
            {none_out, false, none_out},
            {none_in, true, none},
            {none_out_in, true, none_out},
            {to, false, to},
            {to_in, true, to},
            {from, true, none, done},
            {from_out, true, none_out, done},
            {both, true, to, done}}},
          inbound, StanzaType::unsubscribe);
}

TEST_CASE("table 8: inbound subscribed") {
    check({{{none, false, none},
            {none_out, true, to},
            {none_in, false, none_in},
            {none_out_in, true, to_in},
            {to, false, to},
            {to_in, false, to_in},
            {from, false, from},
            {from_out, true, both},
            {both, false, both}}},
          inbound, StanzaType::subscribed);
}

TEST_CASE("table 9: inbound unsubscribed") {
    check({{{none, false, none},
            {none_out, true, none},
            {none_in, false, none_in},
            {none_out_in, true, none_in},
            {to, true, none},
            {to_in, true, none_in},
            {from, false, from},
            {from_out, true, from},
            {both, true, from}}},
          inbound, StanzaType::unsubscribed);
}

TEST_CASE("section 3.4.2: a pre-approved request is answered at once and not delivered") {
    for (auto [before, after] : {std::pair{none, from}, {none_out, from_out}, {to, both}}) {
        const auto step = inbound(approved(before), StanzaType::subscribe);
        CHECK(step.state == after);
        CHECK_FALSE(step.pass_on);
        CHECK(step.answer == StanzaType::subscribed);
    }
}

TEST_CASE("section 3.4.2: unsubscribed takes a pre-approval back without telling the contact") {
    for (auto state : {none, none_out, to}) {
        const auto step = outbound(approved(state), StanzaType::unsubscribed);
        CHECK(step.state == state);
        CHECK_FALSE(step.pass_on);
    }
}

TEST_CASE("a contact that unsubscribes keeps its pre-approval") {
    const auto step = inbound(approved(none), StanzaType::unsubscribe);
    CHECK(step.state == approved(none));
    CHECK_FALSE(step.answer.has_value());
}

TEST_CASE("state_of reads a roster item") {
    CHECK(state_of(nullptr) == none);
    RosterItem item;
    item.subscription = Subscription::to;
    item.pending_in = "<presence/>";
    CHECK(state_of(&item) == to_in);
    item = {};
    item.ask_subscribe = true;
    item.approved = true;
    CHECK(state_of(&item) == approved(none_out));
}

TEST_CASE("only four presence types are about subscriptions") {
    CHECK(is_subscription(StanzaType::subscribe));
    CHECK(is_subscription(StanzaType::subscribed));
    CHECK(is_subscription(StanzaType::unsubscribe));
    CHECK(is_subscription(StanzaType::unsubscribed));
    CHECK_FALSE(is_subscription(StanzaType::available));
    CHECK_FALSE(is_subscription(StanzaType::probe));
    CHECK_FALSE(is_subscription(StanzaType::error));
}
