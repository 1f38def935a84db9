// OneShard: a shard without anything on it, run by hand, for tests of what coroutines do.
#pragma once

#include <memory>
#include <string>

#include "base/log.h"
#include "server/runtime/shard.h"
#include "storage/memory/memory_storage.h"
#include "tests/support/manual_clock.h"

namespace clarion::test {

struct OneShard {
    OneShard() { set_log_level(LogLevel::error); }
    ~OneShard() { storage->stop(); }
    void run() {
        while (shard().run_ready()) {
        }
    }
    void advance(std::chrono::microseconds by) {
        clock.advance(by);
        run();
    }
    core::Shard& shard() { return shards.at(0); }

    ManualClock clock;
    std::unique_ptr<storage::MemoryStorage> storage = storage::make_memory_test_storage();
    core::ShardSet shards{1, clock, *storage};
};

inline Task<> sleep_and_say(core::Shard& shard, Duration time, std::string& said,
                            std::string what) {
    co_await shard.sleep(time);
    said += what;
}

}  // namespace clarion::test
