#include "server/core/setup/remote_call.h"
#include "server/core/context.h"
#include "server/runtime/scope.h"
#include "server/runtime/shard.h"

#include <boost/asio/async_result.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <memory>

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

Task<> run(Context& context, std::shared_ptr<std::function<Task<>(Context&)>> work,
           std::unique_ptr<AtEnd> end) {
    co_await (*work)(context);
    end.reset();
}

/// `send` brings what it is given to the shard where it is to be called.
Task<> call(Context& here, std::function<Task<>(Context&)> work,
            std::function<void(UniqueFunction<void(Context&)>)> send) {
    auto kept = std::make_shared<std::function<Task<>(Context&)>>(std::move(work));
    auto start = [&here, kept, send = std::move(send)](auto handler) {
        auto shared = std::make_shared<decltype(handler)>(std::move(handler));
        ShardSet& shards = here.shards();
        const unsigned home = here.shard().index();
        auto end = std::make_unique<AtEnd>(
            [&shards, home, shared] { shards.post(home, [shared] { (*shared)(); }); });
        send([kept, end = std::move(end)](Context& target) mutable {
            target.scope().spawn("run-on", run(target, kept, std::move(end)));
        });
    };
    co_await asio::async_initiate<decltype(asio::use_awaitable), void()>(std::move(start),
                                                                         asio::use_awaitable);
}

}  // namespace

Task<> call_on_shard(Context& here, unsigned shard, std::function<Task<>(Context&)> work) {
    if (shard == here.shard().index()) {
        co_await work(here);
        co_return;
    }
    Context* const target = &here.at(shard);
    co_await call(here, std::move(work),
                  [&here, target, shard](UniqueFunction<void(Context&)> start) {
                      here.shards().post(
                          shard, [target, start = std::move(start)]() mutable { start(*target); });
                  });
}

Task<> call_at_home(Context& here, std::string key, std::function<Task<>(Context&)> work) {
    if (here.is_home(key)) {
        co_await work(here);
        co_return;
    }
    const auto send = [&here, key](UniqueFunction<void(Context&)> start) {
        here.on_home_shard(key, std::move(start));
    };
    co_await call(here, std::move(work), send);
}

Task<> run_on_all(Context& here, std::function<Task<>(Context&)> work) {
    for (unsigned i = 0; i < here.shards().count(); ++i) co_await call_on_shard(here, i, work);
}

}  // namespace clarion::core
