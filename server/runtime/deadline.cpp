#include "server/runtime/deadline.h"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <memory>

#include "server/runtime/shard.h"

namespace clarion::core {

namespace asio = boost::asio;

namespace {
/// Lives until both the timer and the task are done with it.
struct Limit {
    asio::cancellation_signal signal;
    bool expired = false;
};
}  // namespace

Task<bool> within(Shard& shard, Duration limit, Task<> task) {
    auto state = std::make_shared<Limit>();
    auto outer = co_await asio::this_coro::cancellation_state;
    if (outer.slot().is_connected())
        outer.slot().assign([state](asio::cancellation_type type) { state->signal.emit(type); });
    const TimerId timer = shard.after(limit, [state] {
        state->expired = true;
        state->signal.emit(asio::cancellation_type::all);
    });
    std::exception_ptr failure;
    bool aborted = false;
    try {
        const auto executor = co_await asio::this_coro::executor;
        auto token = asio::bind_cancellation_slot(state->signal.slot(), asio::use_awaitable);
        co_await asio::co_spawn(executor, std::move(task), std::move(token));
    } catch (const boost::system::system_error& error) {
        aborted = error.code() == asio::error::operation_aborted;
        failure = std::current_exception();
    } catch (...) {
        failure = std::current_exception();
    }
    shard.cancel(timer);
    outer.slot().clear();
    // co_spawn may have posted a call into the signal (it does when told outside a handler).
    asio::post(shard.executor(), [state] {});
    if (failure && !(aborted && state->expired)) std::rethrow_exception(failure);
    co_return !state->expired;
}

}  // namespace clarion::core
