// call_on_shard(): asks another shard and waits for its answer, for the few coroutines that must
// (administration).
#pragma once

#include <functional>
#include <string>

#include "base/result.h"
#include "base/task.h"

namespace clarion::core {

class Context;

/// Runs `work` as a coroutine on that shard (here, if it is this one) and resumes on `here` when it
/// has ended. `work`, with what it captured, lives until then; results travel through what it
/// refers to. If the other shard is stopping, `work` may not run: initialise results accordingly.
Task<> call_on_shard(Context& here, unsigned shard, std::function<Task<>(Context&)> work);

/// The same at the home of an account or domain, wherever that is; while it moves, once it is
/// there.
Task<> call_at_home(Context& here, std::string key, std::function<Task<>(Context&)> work);

/// The same for work that has an answer. If that is "moved", because its home released it
/// meanwhile, it is asked again at the next one, a few times: REQUIRES that `work` may then be done
/// again.
template <class T>
Task<Result<T>> ask_at_home(Context& here, std::string key,
                            std::function<Task<Result<T>>(Context&)> work) {
    constexpr int most_homes = 5;
    Result<T> answer = fail(error_code::moved);
    const std::function<Task<>(Context&)> ask = [&](Context& home) -> Task<> {
        answer = co_await work(home);
    };
    for (int i = 0; i < most_homes && !answer && answer.error().is(error_code::moved); ++i) {
        answer = fail("internal-server-error", "the server is stopping");
        co_await call_at_home(here, key, ask);
    }
    co_return answer;
}

/// call_on_shard() for every shard, one after the other.
Task<> run_on_all(Context& here, std::function<Task<>(Context&)> work);

}  // namespace clarion::core
