#include "server/runtime/signal.h"

#include <algorithm>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "server/runtime/shard.h"

namespace clarion::core {

namespace asio = boost::asio;

namespace {
using Code = boost::system::error_code;
}

struct Signal::Waiter {
    explicit Waiter(Shard& on) : shard(on) {}

    /// Called once, by whatever comes first.
    void go_on(Code code, bool notified) {
        if (!handler) return;
        shard.cancel(timer);
        asio::post(shard.executor(),
                   [code, notified, go = std::move(handler)]() mutable { go(code, notified); });
        handler = {};
    }

    Shard& shard;
    UniqueFunction<void(Code, bool)> handler;
    TimerId timer = TimerId::none;
};

Signal::Signal() = default;
Signal::~Signal() = default;

Task<bool> Signal::wait(Shard& shard, Duration limit) {
    auto start = [this, &shard, limit](auto handler) {
        auto slot = asio::get_associated_cancellation_slot(handler);
        auto waiter = std::make_shared<Waiter>(shard);
        waiter->handler = [go = std::move(handler)](Code code, bool notified) mutable {
            std::move(go)(code, notified);
        };
        if (limit != Duration::max())
            waiter->timer = shard.after(limit, [waiter] { waiter->go_on({}, false); });
        // Weak: the slot belongs to the coroutine, which belongs to the handler.
        if (slot.is_connected())
            slot.assign([weak = std::weak_ptr(waiter)](asio::cancellation_type) {
                if (const auto waiting = weak.lock())
                    waiting->go_on(asio::error::operation_aborted, false);
            });
        if (!waiters_) waiters_ = std::make_unique<std::vector<std::shared_ptr<Waiter>>>();
        std::erase_if(*waiters_, [](const auto& other) { return !other->handler; });
        waiters_->push_back(std::move(waiter));
    };
    co_return co_await asio::async_initiate<decltype(asio::use_awaitable), void(Code, bool)>(
        start, asio::use_awaitable);
}

void Signal::notify() {
    if (!waiters_) return;
    const auto waiters = std::move(waiters_);
    for (const auto& waiter : *waiters) waiter->go_on({}, true);
}

}  // namespace clarion::core
