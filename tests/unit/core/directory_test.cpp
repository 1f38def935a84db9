#include "server/core/actors/directory.h"

#include <doctest/doctest.h>

#include <functional>
#include <string>

#include "server/core/routing/delivery_queue.h"
#include "server/runtime/shard.h"
#include "server/runtime/signal.h"
#include "tests/support/world.h"

using namespace clarion;
using namespace clarion::core;
using namespace clarion::test;

namespace {

constexpr std::string_view juliet = "juliet@example.org";

class Book final : public Actor {
public:
    using Actor::Actor;
    Relation relation_to(const Jid&) const override { return Relation::stranger; }
};

/// What is read from it is read when it is told to.
class Shelf final : public Directory<Book> {
public:
    explicit Shelf(Context& context) : Directory(context, "book") {}
    void answer() { asked_.notify(); }

private:
    Task<Result<std::unique_ptr<Actor>>> read(std::string address) override {
        co_await asked_.wait(context().shard());
        co_return std::make_unique<Book>(context(), Jid::trusted(address), Actor::Stored{});
    }
    Signal asked_;
};

/// Asks for Juliet's book, and says something to it: notes when that is delivered.
void say(Shelf& shelf, Context& context, std::string& heard, char what) {
    shelf.with(juliet, [&context, &heard, what](Result<Book*> found) {
        const char said = found ? what : '!';
        context.deliveries().push([&heard, said](Context&) { heard += said; });
    });
}

}  // namespace

TEST_CASE("what waited while an actor was read comes before what was under way by then") {
    World world({.config = "account_inbox_limit = 2\n", .shards = 1});
    Shelf shelf(world.core(0));
    std::string heard;
    const auto push = [&](Core& core, char what) {
        core.deliveries().push([&, what](Context& here) { say(shelf, here, heard, what); });
    };
    world.post(juliet, [&](Core& core) {
        say(shelf, core, heard, 'a');
        say(shelf, core, heard, 'b');
        say(shelf, core, heard, 'c');  // one too many
    });
    world.run_shards();
    CHECK(heard == "!");
    // In each turn more is said; in one of them the actor has been read.
    int turns = 0;
    std::function<void(Core&)> say_more = [&](Core& core) {
        for (char what = 'd'; what < 'g'; ++what) push(core, what);
        if (turns == 0) shelf.answer();
        if (++turns < 3) core.shards().post(0, [&say_more, &core] { say_more(core); });
    };
    world.at(juliet, say_more);
    CHECK(heard == "!abdefdefdef");
    CHECK(shelf.find(juliet) != nullptr);
}
