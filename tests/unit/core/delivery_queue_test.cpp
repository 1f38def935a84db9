#include "server/core/routing/delivery_queue.h"

#include <doctest/doctest.h>

#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#include "server/core/accounts/send_room.h"
#include "server/core/accounts/session.h"
#include "tests/support/world.h"

using namespace clarion;
using namespace clarion::core;
using namespace clarion::test;
using namespace std::chrono_literals;

namespace {

constexpr std::string_view juliet = "juliet@example.org";

StanzaPtr message(std::string_view to, std::string_view id) {
    return Stanza::make(StanzaKind::message, StanzaType::headline, Jid::trusted("a@example.org/x"),
                        Jid::trusted(to), id);
}

std::string ids(Client& client) {
    std::string all;
    while (client.pending() > 0) all += std::string(client.pop().root().attr("id")) + ' ';
    return all;
}

}  // namespace

TEST_CASE(
    "what is routed and what is sent to a session arrive in the order in which they were said") {
    World world({.shards = 1});
    world.add_account(juliet);
    Client& phone = world.log_in("juliet@example.org/phone");
    world.at(juliet, [&](Core& core) {
        core.router().route(message("juliet@example.org/phone", "routed"));
        phone.session().send(message("juliet@example.org/phone", "sent"));
        core.router().route(message("juliet@example.org/phone", "again"));
        CHECK(phone.pending() == 0);  // nothing of this happens within
    });
    CHECK(ids(phone) == "routed sent again ");
}

TEST_CASE("deliveries beyond the budget of a turn come first in the next, before new work") {
    World world({.shards = 1});
    int delivered = 0;
    std::vector<int> at_turns;  // how many were delivered when a handler of each turn ran
    std::function<void(Core&)> look = [&](Core& core) {
        at_turns.push_back(delivered);
        if (at_turns.size() < 4) core.shards().post(0, [&look, &core] { look(core); });
    };
    world.post(juliet, [&](Core& core) {
        for (int i = 0; i < 5'000; ++i)
            core.deliveries().push([&delivered, i](core::Context&) {
                CHECK(delivered == i);
                ++delivered;
            });
        look(core);
    });
    world.settle();
    CHECK(delivered == 5'000);
    CHECK(at_turns == std::vector{0, 4'000, 5'000, 5'000});
}

TEST_CASE("deliveries keep their order while more is said all the time") {
    World world({.shards = 1});
    int said = 0;
    int delivered = 0;
    std::function<void(Core&)> say_more = [&](Core& core) {
        for (int i = 0; i < 1'500 && said < 20'000; ++i, ++said)
            core.deliveries().push([&delivered, number = said](core::Context&) {
                CHECK(number == delivered);
                ++delivered;
            });
        if (said < 20'000) core.shards().post(0, [&say_more, &core] { say_more(core); });
    };
    for (int i = 0; i < 2; ++i) world.post(juliet, say_more);  // more than a turn delivers
    world.settle();
    CHECK(delivered == 20'000);
}

TEST_CASE("accounts are evicted when what is under way is delivered, however much that is") {
    World world({.shards = 1});
    world.add_account(juliet);
    world.account(juliet);
    REQUIRE(world.core(0).accounts().loaded() == 1);
    int delivered = 0;
    world.post(juliet, [&](Core& core) {
        for (int i = 0; i < 5'000; ++i)
            core.deliveries().push([&delivered](core::Context&) { ++delivered; });
        core.accounts().evict_idle(-1s);
    });
    world.settle();
    CHECK(delivered == 5'000);
    CHECK(world.core(0).accounts().loaded() == 0);
}

TEST_CASE("a delivery that fails does not take the others with it") {
    World world({.shards = 1});
    std::string said;
    world.post(juliet, [&](Core& core) {
        core.deliveries().push([&said](core::Context&) { said += 'a'; });
        core.deliveries().push([](core::Context&) { throw std::runtime_error("broken"); });
        core.deliveries().push([&said](core::Context&) { said += 'b'; });
    });
    world.settle();
    CHECK(said == "ab");
}

TEST_CASE("what is under way to a session that ends goes where undelivered stanzas go") {
    World world({.shards = 1});
    world.add_account(juliet);
    Client& phone = world.log_in("juliet@example.org/phone");
    Client& laptop = world.log_in("juliet@example.org/laptop");
    phone.drop_all();
    world.at(juliet, [&](Core&) {
        phone.session().send(Stanza::make(StanzaKind::message, StanzaType::chat,
                                          Jid::trusted("a@example.com/x"), phone.jid(), "m"));
        phone.session().send(Stanza::make(StanzaKind::iq, StanzaType::get,
                                          Jid::trusted("a@example.com/x"), phone.jid(), "q"));
        phone.session().end(SessionEnd::kicked);
    });
    CHECK(laptop.pop("message").root().attr("id") == "m");
    const auto bounced = world.remote().pop();
    REQUIRE(bounced);
    CHECK(bounced->id() == "q");
    CHECK(bounced->is_error());
}

TEST_CASE("who sends much to a client goes on as soon as it has read most of it") {
    World world({.shards = 1});
    world.add_account(juliet);
    Client& phone = world.log_in("juliet@example.org/phone");
    phone.port().set_send_room(false);
    bool has_room = false;
    world.post(juliet, [&](Core& core) {
        const auto wait = [](AccountPin account, std::uint64_t number, bool& done) -> Task<> {
            done = co_await wait_for_send_room(*account, number) != nullptr;
        };
        core.scope().spawn("wait",
                           wait(AccountPin(phone.account()), phone.session().number(), has_room));
    });
    world.settle();
    CHECK(phone.port().told_to_tell_send_room());
    world.at(juliet, [&](Core&) { phone.session().on_send_room(); });  // not enough yet
    CHECK_FALSE(has_room);
    phone.port().set_send_room(true);
    world.at(juliet, [&](Core&) { phone.session().on_send_room(); });
    CHECK(has_room);
}
