// EventBus: how the parts of a shard meet. One per shard; handlers are plain functions on its
// thread.
//
// An event is a struct (server/events/) with an `enum class Stage` whose enumerators stand in the
// order in which they run; a handler subscribes to a stage. Events named -ing may be changed or
// stopped by their handlers (`Flow::stop`); events in the past tense are facts, their handlers
// return void.
#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace clarion::core {

enum class Flow : bool { next, stop };

template <class E>
using StageOf = typename std::remove_const_t<E>::Stage;

/// Of a member function that handles an event: which. Its one parameter says it.
template <class F>
struct HandlerTraits;
template <class C, class R, class E>
struct HandlerTraits<R (C::*)(E&)> {
    using Event = std::remove_const_t<E>;
};
template <class C, class R, class E>
struct HandlerTraits<R (C::*)(E&) const> {
    using Event = std::remove_const_t<E>;
};
template <class F>
using HandledBy = typename HandlerTraits<F>::Event;

class EventBus {
public:
    /// `who` is the module's name, for the printed order. Handlers of one stage run in order of
    /// subscription. `fn` is `Flow(E&)` for events that declare `using Result = Flow`, or
    /// `void(E&)` if it never stops them, else `void(const E&)`.
    template <class E, class F>
    void on(StageOf<E> stage, std::string_view who, F fn) {
        if constexpr (stoppable<E> && std::is_void_v<std::invoke_result_t<F&, E&>>) {
            on<E>(stage, who, [fn = std::move(fn)](E& event) {
                fn(event);
                return Flow::next;
            });
        } else {
            auto& list = handlers<E>();
            auto at = std::upper_bound(list.begin(), list.end(), stage,
                                       [](auto s, const auto& h) { return s < h.stage; });
            list.insert(at, {stage, std::function<Signature<E>>(std::move(fn))});
            order_.push_back({std::string(E::name), static_cast<int>(stage), std::string(who)});
        }
    }

    /// Runs the handlers; Flow::stop from one ends it and is returned.
    template <class E>
    auto fire(E&& event) {
        using Event = std::remove_cvref_t<E>;
        if constexpr (stoppable<Event>) {
            for (auto& handler : handlers<Event>())
                if (handler.fn(event) == Flow::stop) return Flow::stop;
            return Flow::next;
        } else {
            for (auto& handler : handlers<Event>()) handler.fn(event);
        }
    }

    /// "Event stage-number module" lines in running order, for the golden file and the debug log.
    std::vector<std::string> describe() const;

private:
    template <class E>
    static constexpr bool stoppable = requires {
        typename E::Result;
    };
    template <class E>
    using Signature = std::conditional_t<stoppable<E>, Flow(E&), void(const E&)>;
    template <class E>
    struct Handler {
        typename E::Stage stage;
        std::function<Signature<E>> fn;
    };
    struct ListBase {
        virtual ~ListBase() = default;
    };
    template <class E>
    struct List final : ListBase {
        std::vector<Handler<E>> handlers;
    };
    static std::size_t next_index();
    template <class E>
    static std::size_t index() {
        static const std::size_t mine = next_index();
        return mine;
    }
    template <class E>
    std::vector<Handler<E>>& handlers() {
        const std::size_t i = index<E>();
        if (i >= lists_.size()) lists_.resize(i + 1);
        if (!lists_[i]) lists_[i] = std::make_unique<List<E>>();
        return static_cast<List<E>&>(*lists_[i]).handlers;
    }
    struct Order {
        std::string event;
        int stage;
        std::string who;
    };
    std::vector<std::unique_ptr<ListBase>> lists_;
    std::vector<Order> order_;
};

}  // namespace clarion::core
