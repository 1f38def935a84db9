// EventBus: how the parts of a shard meet. One per shard; handlers are plain functions on its
// thread.
//
// An event is a struct (server/core/events/) with an `enum class Stage` whose enumerators stand in
// the order in which they run and say what happens then; a handler subscribes to a stage. What
// handlers may do with an event is its kind.
#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "server/runtime/stage_name.h"

namespace clarion::core {

enum class Flow : bool { next, stop };

/// Said by an event with `static constexpr auto kind`.
enum class EventKind {
    /// It has happened, which its name says in the past tense; handlers are void(const E&). An
    /// event that says nothing is one.
    fact,
    /// Somebody asks, or makes something: handlers fill in what they have; void(E&).
    fill_in,
    /// It is about to happen: handlers may change it, and the first that returns Flow::stop ends
    /// it; Flow(E&), or void(E&) for one that never does.
    stoppable,
};

template <class E>
constexpr EventKind kind_of() {
    if constexpr (requires { E::kind; })
        return E::kind;
    else
        return EventKind::fact;
}

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
    /// subscription. What `fn` must be, the event's kind says.
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
            order_.push_back({std::string(E::name), static_cast<int>(stage), stage_name(stage),
                              std::string(who)});
        }
    }

    /// Runs the handlers; of a stoppable event, Flow::stop from one ends it and is returned.
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

    /// "Event stage module" lines in running order, for the golden file and the debug log.
    std::vector<std::string> describe() const;

private:
    template <class E>
    static constexpr bool stoppable = kind_of<E>() == EventKind::stoppable;
    template <class E>
    using Seen = std::conditional_t<kind_of<E>() == EventKind::fact, const E, E>;
    template <class E>
    using Signature = std::conditional_t<stoppable<E>, Flow, void>(Seen<E>&);
    template <class E>
    struct Handler {
        StageOf<E> stage;
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
        std::string_view stage_name;
        std::string who;
    };
    std::vector<std::unique_ptr<ListBase>> lists_;
    std::vector<Order> order_;
};

}  // namespace clarion::core
