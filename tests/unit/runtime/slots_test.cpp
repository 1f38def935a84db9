// Slots are numbered for each shard and owner apart: what a session carries does not grow with the
// number of shards.
#include "server/runtime/slots.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <iterator>
#include <memory>

#include "tests/support/world.h"

namespace clarion {
namespace {

void install_two_and_one(core::ModuleSetup& setup) {
    (void)setup.session_slot<int>();
    (void)setup.account_slot<int>();
    (void)setup.session_slot<int>();
}

TEST_CASE("each shard numbers the slots of sessions and of accounts from 0") {
    test::World world{{.modules = {{"specimen", install_two_and_one}}, .shards = 5}};
    for (unsigned shard = 0; shard < 5; ++shard) {
        CAPTURE(shard);
        CHECK(world.core(shard).slot_counts().session == 2);
        CHECK(world.core(shard).slot_counts().account == 1);
    }
}

struct Number final : core::Slots::Value {
    explicit Number(int value) : number(value) {}
    std::size_t size() const override { return sizeof *this; }
    int number;
};

int number_in(const core::Slots& slots, std::size_t index) {
    const auto* const value = static_cast<const Number*>(slots.get(index));
    return value ? value->number : 0;
}

TEST_CASE("slots have what was set, in whatever order, and no room for others") {
    core::Slots slots;
    CHECK(slots.memory() == 0);
    const std::size_t indices[] = {7, 0, 63, 3, 62, 1};
    for (const std::size_t index : indices)
        slots.set(index, std::make_unique<Number>(static_cast<int>(index) + 1));
    for (std::size_t index = 0; index < core::Slots::most; ++index) {
        const bool is_set =
            std::find(std::begin(indices), std::end(indices), index) != std::end(indices);
        CHECK(number_in(slots, index) == (is_set ? static_cast<int>(index) + 1 : 0));
    }
    slots.set(3, std::make_unique<Number>(100));
    CHECK(number_in(slots, 3) == 100);
    slots.set(3, nullptr);
    CHECK(slots.get(3) == nullptr);
    CHECK(number_in(slots, 7) == 8);
    CHECK(slots.memory() <= 64 + 6 * 32);
}

}  // namespace
}  // namespace clarion
