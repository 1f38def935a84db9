// The event bus: the kinds of events, the order of stages and handlers, and how it is printed.
#include "server/runtime/event_bus.h"

#include <doctest/doctest.h>

namespace clarion::core {
namespace {

struct Moved {
    enum class Stage { note, tell };
    static constexpr std::string_view name = "Moved";
    int by;
};

struct Counting {
    enum class Stage { count };
    static constexpr std::string_view name = "Counting";
    static constexpr auto kind = EventKind::fill_in;
    int total = 0;
};

struct Leaving {
    enum class Stage { ask, pack, wave };
    static constexpr std::string_view name = "Leaving";
    static constexpr auto kind = EventKind::stoppable;
    std::string& trace;
};

TEST_CASE("stages run in the order of their declaration, handlers in that of their subscription") {
    EventBus bus;
    std::string trace;
    const auto add = [&](Leaving::Stage stage, std::string_view who) {
        bus.on<Leaving>(stage, who, [who](Leaving& event) { event.trace += who; });
    };
    add(Leaving::Stage::wave, "c");
    add(Leaving::Stage::ask, "a");
    add(Leaving::Stage::wave, "d");
    add(Leaving::Stage::pack, "b");
    CHECK(bus.fire(Leaving{trace}) == Flow::next);
    CHECK(trace == "abcd");
    CHECK(bus.describe() == std::vector<std::string>{"Leaving ask a", "Leaving pack b",
                                                     "Leaving wave c", "Leaving wave d"});
}

TEST_CASE("the first that stops a stoppable event ends it") {
    EventBus bus;
    std::string trace;
    bus.on<Leaving>(Leaving::Stage::ask, "a", [](Leaving& event) { event.trace += 'a'; });
    bus.on<Leaving>(Leaving::Stage::pack, "b", [](Leaving& event) {
        event.trace += 'b';
        return Flow::stop;
    });
    bus.on<Leaving>(Leaving::Stage::wave, "c", [](Leaving& event) { event.trace += 'c'; });
    CHECK(bus.fire(Leaving{trace}) == Flow::stop);
    CHECK(trace == "ab");
}

TEST_CASE("all handlers fill in what is to be filled in, and all see a fact as it is") {
    EventBus bus;
    for (const int more : {1, 2})
        bus.on<Counting>(Counting::Stage::count, "m", [more](Counting& e) { e.total += more; });
    Counting counting;
    bus.fire(counting);
    CHECK(counting.total == 3);

    int seen = 0;
    bus.on<Moved>(Moved::Stage::tell, "m", [&](const Moved& event) { seen += event.by; });
    bus.fire(Moved{4});
    CHECK(seen == 4);
    static_assert(kind_of<Moved>() == EventKind::fact);
}

TEST_CASE("a stage is called what its enumerator is called") {
    static_assert(stage_name(Moved::Stage::note) == "note");
    static_assert(stage_name(Leaving::Stage::wave) == "wave");
    static_assert(stage_name(static_cast<Leaving::Stage>(3)).empty());
    static_assert(stage_name(static_cast<Leaving::Stage>(most_stages)).empty());
}

}  // namespace
}  // namespace clarion::core
