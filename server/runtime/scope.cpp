#include "server/runtime/scope.h"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <list>

#include "base/log.h"

namespace clarion::core {

namespace asio = boost::asio;

namespace {
constexpr Logger logger{"scope"};

void report(std::string_view name, std::exception_ptr failure) {
    try {
        std::rethrow_exception(failure);
    } catch (const boost::system::system_error& error) {
        if (error.code() == asio::error::operation_aborted) return;  // cancelled: as asked
        logger.error("task-failed", {{"task", name}, {"error", error.what()}});
    } catch (const std::exception& error) {
        logger.error("task-failed", {{"task", name}, {"error", error.what()}});
    }
}
}  // namespace

/// Shared with the completions, so that one that comes late finds something.
struct Scope::State {
    explicit State(asio::any_io_executor on) : executor(on), empty(on) {
        empty.expires_at(asio::steady_timer::time_point::max());
    }
    asio::any_io_executor executor;
    struct Entry {
        asio::cancellation_signal signal;
        bool finished = false;
    };
    std::list<Entry> tasks;
    std::size_t running = 0;
    asio::steady_timer empty;  // never expires: a condition "nothing runs"
    bool closed = false;
};

Scope::Scope(asio::any_io_executor executor)
    : state_(std::make_shared<State>(std::move(executor))) {}

Scope::~Scope() { state_->closed = true; }

bool Scope::spawn(std::string_view name, Task<> task) {
    if (state_->closed) return false;
    const auto entry = state_->tasks.emplace(state_->tasks.end());
    ++state_->running;
    auto finished = [state = state_, entry, name](std::exception_ptr failure) {
        if (failure) report(name, failure);
        entry->finished = true;
        if (--state->running == 0) state->empty.cancel();
        // Later: co_spawn may have posted a call into the signal (it does when told outside a
        // handler).
        asio::post(state->executor, [state, entry] { state->tasks.erase(entry); });
    };
    asio::co_spawn(state_->executor, std::move(task),
                   asio::bind_cancellation_slot(entry->signal.slot(), finished));
    return true;
}

void Scope::cancel() {
    state_->closed = true;
    const auto state = state_;
    for (auto& task : state->tasks)
        if (!task.finished) task.signal.emit(asio::cancellation_type::all);
}

Task<> Scope::joined() {
    const auto state = state_;
    while (state->running > 0) {
        boost::system::error_code ignored;
        co_await state->empty.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    }
}

std::size_t Scope::running() const { return state_->running; }

}  // namespace clarion::core
