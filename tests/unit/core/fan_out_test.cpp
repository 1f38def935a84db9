#include "server/core/delivery/fan_out.h"

#include <doctest/doctest.h>

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "server/core/routing/delivery_queue.h"
#include "tests/support/world.h"

using namespace clarion;
using namespace clarion::core;
using namespace clarion::test;

namespace {

constexpr std::string_view juliet = "juliet@example.org";

}  // namespace

TEST_CASE("many are told in slices, and each of them in order") {
    World world({.shards = 1});
    world.add_account(juliet);
    Client& phone = world.log_in("juliet@example.org/phone");
    const std::vector<Jid> crowd(2 * FanOut::slice + 1, phone.jid());
    FanOut fan_out(world.account(juliet));
    int said = 0;
    std::function<void(Core&)> say_more = [&](Core& core) {
        core.deliveries().push([&](Context&) {
            const int number = said++;
            fan_out.send(Stanza::make(StanzaKind::message, StanzaType::headline,
                                      Jid::trusted("a@example.org/x"), phone.jid(),
                                      std::string(1, static_cast<char>('a' + number))),
                         number % 2 == 0 ? crowd : std::vector<Jid>(1, phone.jid()));
        });
        if (said < 8) core.shards().post(0, [&say_more, &core] { say_more(core); });
    };
    world.at(juliet, say_more);
    std::vector<std::size_t> heard(1);  // copies of the first, of the second, ...
    char last = 'a';
    while (phone.pending() > 0) {
        const char next = phone.pop().root().attr("id").front();
        if (std::exchange(last, next) != next) heard.push_back(0);
        ++heard.back();
    }
    REQUIRE(said == 9);
    const std::size_t all = crowd.size();
    CHECK(heard == std::vector<std::size_t>{all, 1, all, 1, all, 1, all, 1, all});
}
