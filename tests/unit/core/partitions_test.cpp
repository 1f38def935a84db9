#include "server/core/address/partitions.h"

#include <doctest/doctest.h>

using namespace clarion;
using namespace clarion::core;

namespace {

using State = PartitionState;
constexpr Partition one{7};

enum class Step { arrive, open, drain, close, leave, reopen, lose };

struct Table {
    Homes homes{2};
    Partitions partitions{homes, 1};
    PartitionSet set;

    /// A table whose partition is in that state.
    explicit Table(State state) {
        set.add(one);
        if (state == State::arriving || state == State::away) take(Step::lose);
        if (state == State::arriving) take(Step::arrive);
        if (state == State::draining || state == State::leaving) take(Step::drain);
        if (state == State::leaving) take(Step::close);
    }
    void take(Step step) {
        switch (step) {
            case Step::arrive: return partitions.arrive(set);
            case Step::open: return partitions.open(set);
            case Step::drain: return partitions.drain(set);
            case Step::close: return partitions.close(set);
            case Step::leave: return partitions.leave(set);
            case Step::reopen: return partitions.reopen(set);
            case Step::lose: return partitions.lose(set);
        }
    }
    State after(Step step) {
        take(step);
        CHECK(partitions.here().contains(one) == partitions.delivers(one));
        return partitions.state(one);
    }
};

}  // namespace

TEST_CASE("a partition goes from state to state, and a step that does not fit leaves it") {
    struct Row {
        State from, arrive, open, drain, close, leave, reopen;
    };
    using enum PartitionState;
    for (const Row& row : {Row{away, arriving, away, away, away, away, away},
                           Row{arriving, arriving, here, arriving, arriving, arriving, arriving},
                           Row{here, here, here, draining, here, here, here},
                           Row{draining, draining, draining, draining, leaving, draining, here},
                           Row{leaving, leaving, leaving, leaving, leaving, away, here}}) {
        CAPTURE(static_cast<int>(row.from));
        CHECK(Table(row.from).partitions.state(one) == row.from);
        CHECK(Table(row.from).after(Step::arrive) == row.arrive);
        CHECK(Table(row.from).after(Step::open) == row.open);
        CHECK(Table(row.from).after(Step::drain) == row.drain);
        CHECK(Table(row.from).after(Step::close) == row.close);
        CHECK(Table(row.from).after(Step::leave) == row.leave);
        CHECK(Table(row.from).after(Step::reopen) == row.reopen);
        CHECK(Table(row.from).after(Step::lose) == away);
    }
}

TEST_CASE("what is at home on a shard is here from the start, and nothing else") {
    const Homes homes(3);
    for (unsigned shard = 0; shard < 3; ++shard)
        CHECK(Partitions(homes, shard).here() == homes.partitions_of(shard));
}
