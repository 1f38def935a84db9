#include "server/core/remote_call.h"

#include <boost/asio/async_result.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <memory>

#include "server/core/core.h"

namespace clarion::core {

namespace asio = boost::asio;

namespace {

/// Calls `done` when it dies: after the work, or when the work was dropped without running.
struct AtEnd {
    explicit AtEnd(UniqueFunction<void()> fn) : done(std::move(fn)) {}
    AtEnd(const AtEnd&) = delete;
    AtEnd& operator=(const AtEnd&) = delete;
    ~AtEnd() { done(); }
    UniqueFunction<void()> done;
};

Task<> run(Core& core, std::shared_ptr<std::function<Task<>(Core&)>> work,
           std::unique_ptr<AtEnd> end) {
    co_await (*work)(core);
    end.reset();
}

/// `send` brings what it is given to the shard where it is to be called.
Task<> call(Core& here, std::function<Task<>(Core&)> work,
            std::function<void(UniqueFunction<void(Core&)>)> send) {
    auto kept = std::make_shared<std::function<Task<>(Core&)>>(std::move(work));
    auto start = [&here, kept, send = std::move(send)](auto handler) {
        auto shared = std::make_shared<decltype(handler)>(std::move(handler));
        ShardSet& shards = here.shared().shards;
        const unsigned home = here.shard().index();
        auto end = std::make_unique<AtEnd>(
            [&shards, home, shared] { shards.post(home, [shared] { (*shared)(); }); });
        send([kept, end = std::move(end)](Core& target) mutable {
            target.scope().spawn("run-on", run(target, kept, std::move(end)));
        });
    };
    co_await asio::async_initiate<decltype(asio::use_awaitable), void()>(std::move(start),
                                                                         asio::use_awaitable);
}

}  // namespace

Task<> call_on_shard(Core& here, unsigned shard, std::function<Task<>(Core&)> work) {
    if (shard == here.shard().index()) {
        co_await work(here);
        co_return;
    }
    Core* const target = here.shared().cores[shard].get();
    co_await call(here, std::move(work), [&here, target, shard](UniqueFunction<void(Core&)> start) {
        here.shared().shards.post(shard,
                                  [target, start = std::move(start)]() mutable { start(*target); });
    });
}

Task<> call_at_home(Core& here, std::string key, std::function<Task<>(Core&)> work) {
    if (here.is_home(key)) {
        co_await work(here);
        co_return;
    }
    const auto send = [&here, key](UniqueFunction<void(Core&)> start) {
        here.on_home_shard(key, std::move(start));
    };
    co_await call(here, std::move(work), send);
}

Task<> run_on_all(Core& here, std::function<Task<>(Core&)> work) {
    for (unsigned i = 0; i < here.shared().shards.count(); ++i)
        co_await call_on_shard(here, i, work);
}

}  // namespace clarion::core
