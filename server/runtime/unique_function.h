// UniqueFunction<void(Args...)>: a callable that is moved, never copied, so that it may own what it
// carries (a stanza in envelope, a ticket, a socket). What std::move_only_function is in C++23.
#pragma once

#include <memory>
#include <type_traits>
#include <utility>

namespace clarion {

template <class Signature>
class UniqueFunction;

template <class R, class... Args>
class UniqueFunction<R(Args...)> {
public:
    UniqueFunction() = default;
    template <class F>
    requires(!std::is_same_v<std::decay_t<F>, UniqueFunction> &&
             std::is_invocable_r_v<R, std::decay_t<F>&, Args...>) UniqueFunction(F&& fn)
        : callable_(std::make_unique<Holder<std::decay_t<F>>>(std::forward<F>(fn))) {}

    explicit operator bool() const { return callable_ != nullptr; }
    /// REQUIRES: not empty.
    R operator()(Args... args) { return callable_->call(std::forward<Args>(args)...); }

private:
    struct Callable {
        virtual ~Callable() = default;
        virtual R call(Args... args) = 0;
    };
    template <class F>
    struct Holder final : Callable {
        explicit Holder(F&& fn) : fn_(std::move(fn)) {}
        explicit Holder(const F& fn) : fn_(fn) {}
        R call(Args... args) override { return fn_(std::forward<Args>(args)...); }
        F fn_;
    };
    std::unique_ptr<Callable> callable_;
};

}  // namespace clarion
