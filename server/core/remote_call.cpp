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

}  // namespace

Task<> call_on_shard(Core& here, unsigned shard, std::function<Task<>(Core&)> work) {
    if (shard == here.shard().index()) {
        co_await work(here);
        co_return;
    }
    auto kept = std::make_shared<std::function<Task<>(Core&)>>(std::move(work));
    auto start = [&here, shard, kept](auto handler) {
        auto shared = std::make_shared<decltype(handler)>(std::move(handler));
        ShardSet& shards = here.shared().shards;
        const unsigned home = here.shard().index();
        auto end = std::make_unique<AtEnd>(
            [&shards, home, shared] { shards.post(home, [shared] { (*shared)(); }); });
        Core* const target = here.shared().cores[shard].get();
        shards.post(shard, [target, kept, end = std::move(end)]() mutable {
            target->scope().spawn("run-on", run(*target, kept, std::move(end)));
        });
    };
    co_await asio::async_initiate<decltype(asio::use_awaitable), void()>(std::move(start),
                                                                         asio::use_awaitable);
}

Task<> run_on_all(Core& here, std::function<Task<>(Core&)> work) {
    for (unsigned i = 0; i < here.shared().shards.count(); ++i)
        co_await call_on_shard(here, i, work);
}

}  // namespace clarion::core
