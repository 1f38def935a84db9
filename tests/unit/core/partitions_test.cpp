#include "server/core/partitions.h"

#include <doctest/doctest.h>

using namespace clarion;
using namespace clarion::core;

namespace {

using State = PartitionState;
constexpr Partition one{7};

enum class Step { arrive, open, close, leave, lose };

struct Table {
    Homes homes{2};
    Partitions partitions{homes, 1};
    PartitionSet set;

    /// A table whose partition is in that state.
    explicit Table(State state) {
        set.add(one);
        if (state == State::arriving || state == State::away) take(Step::lose);
        if (state == State::arriving) take(Step::arrive);
        if (state == State::leaving) take(Step::close);
    }
    void take(Step step) {
        switch (step) {
            case Step::arrive: return partitions.arrive(set, homes);
            case Step::open: return partitions.open(set);
            case Step::close: return partitions.close(set);
            case Step::leave: return partitions.leave(set);
            case Step::lose: return partitions.lose(set);
        }
    }
    State after(Step step) {
        take(step);
        CHECK(partitions.here().contains(one) == partitions.is_here(one));
        return partitions.state(one);
    }
};

}  // namespace

TEST_CASE("a partition goes from state to state, and a step that does not fit leaves it") {
    struct Row {
        State from, arrive, open, close, leave;
    };
    using enum PartitionState;
    for (const Row& row :
         {Row{away, arriving, away, away, away}, Row{arriving, arriving, here, arriving, arriving},
          Row{here, here, here, leaving, here}, Row{leaving, leaving, leaving, leaving, away}}) {
        CAPTURE(static_cast<int>(row.from));
        CHECK(Table(row.from).partitions.state(one) == row.from);
        CHECK(Table(row.from).after(Step::arrive) == row.arrive);
        CHECK(Table(row.from).after(Step::open) == row.open);
        CHECK(Table(row.from).after(Step::close) == row.close);
        CHECK(Table(row.from).after(Step::leave) == row.leave);
        CHECK(Table(row.from).after(Step::lose) == away);
    }
}

TEST_CASE("what is at home on a shard is here from the start, and nothing else") {
    const Homes homes(3);
    for (unsigned shard = 0; shard < 3; ++shard)
        CHECK(Partitions(homes, shard).here() == homes.partitions_of(shard));
}

TEST_CASE("a partition has the epoch of its newest arrival") {
    Table table(State::here);
    CHECK(table.partitions.epoch(one) == 1);
    table.take(Step::lose);
    table.homes.move(table.set, 0);
    table.homes.move(table.set, 1);
    CHECK(table.partitions.epoch(one) == 1);
    table.take(Step::arrive);
    CHECK(table.partitions.epoch(one) == 3);
}
