// SessionSlot<T>, AccountSlot<T>, StreamSlot<T>: a module's own state on a session, an account, or
// a client's stream that has no session yet, typed and private.
//
// A module makes its slot once, in install(), and keeps it; nobody else can name it. The state is
// created on first use and dies with what it sits on.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <utility>

#include "base/memory.h"

namespace clarion::core {

/// The storage behind slots; a member of what has them.
class Slots {
public:
    struct Value {
        virtual ~Value() = default;
        virtual std::size_t size() const = 0;
    };
    /// The most slots that there may be.
    static constexpr std::size_t most = 64;

    Value* get(std::size_t index) const {
        return has(index) ? values_[place(index)].get() : nullptr;
    }
    /// REQUIRES: index < most.
    void set(std::size_t index, std::unique_ptr<Value> value) {
        if (!has(index)) make_room(index);
        values_[place(index)] = std::move(value);
    }
    /// What they take in memory, without what the modules' states own elsewhere.
    std::size_t memory() const {
        std::size_t bytes = heap_bytes(count() * sizeof(std::unique_ptr<Value>));
        for (std::size_t i = 0; i < count(); ++i)
            bytes += values_[i] ? heap_bytes(values_[i]->size()) : 0;
        return bytes;
    }

private:
    bool has(std::size_t index) const { return (made_ >> index & 1) != 0; }
    std::size_t count() const { return static_cast<std::size_t>(std::popcount(made_)); }
    std::size_t place(std::size_t index) const {
        const std::uint64_t before = (std::uint64_t{1} << index) - 1;
        return static_cast<std::size_t>(std::popcount(made_ & before));
    }
    void make_room(std::size_t index) {
        const std::size_t at = place(index);
        auto more = std::make_unique<std::unique_ptr<Value>[]>(count() + 1);
        for (std::size_t i = 0; i < count(); ++i) more[i < at ? i : i + 1] = std::move(values_[i]);
        values_ = std::move(more);
        made_ |= std::uint64_t{1} << index;
    }

    // Many modules have slots, and most owners use few: there is a place for each that was ever
    // set, in the order of their indices.
    std::uint64_t made_ = 0;
    std::unique_ptr<std::unique_ptr<Value>[]> values_;
};

/// How many slots the modules of one shard have made so far, by what they sit on: the next slot's
/// index. Each shard counts for itself, so that an index never exceeds the number of slots there
/// are.
struct SlotCounts {
    std::size_t session = 0;
    std::size_t account = 0;
    std::size_t stream = 0;
};

/// Throws std::logic_error: all modules together have too many.
inline std::size_t next_slot(std::size_t& count) {
    if (count == Slots::most) throw std::logic_error("more slots than Slots::most");
    return count++;
}

template <class Owner, class T>
class Slot {
public:
    /// The state, created if absent.
    T& of(Owner& owner) const {
        if (auto* value = owner.slots().get(index_)) return static_cast<Holder*>(value)->state;
        auto made = std::make_unique<Holder>();
        T& state = made->state;
        owner.slots().set(index_, std::move(made));
        return state;
    }
    /// The state, or nullptr if this owner never had one.
    T* find(Owner& owner) const {
        auto* value = owner.slots().get(index_);
        return value ? &static_cast<Holder*>(value)->state : nullptr;
    }
    void clear(Owner& owner) const { owner.slots().set(index_, nullptr); }

private:
    friend class ModuleSetup;
    explicit Slot(std::size_t index) : index_(index) {}
    struct Holder final : Slots::Value {
        std::size_t size() const override { return sizeof *this; }
        T state{};
    };
    std::size_t index_;
};

class Session;
class Account;
class C2sStream;
template <class T>
using SessionSlot = Slot<Session, T>;
template <class T>
using AccountSlot = Slot<Account, T>;
template <class T>
using StreamSlot = Slot<C2sStream, T>;

}  // namespace clarion::core
