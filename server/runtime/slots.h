// SessionSlot<T>, AccountSlot<T>: a module's own state on a session or an account, typed and
// private.
//
// A module makes its slot once, in install(), and keeps it; nobody else can name it. The state is
// created on first use and dies with its session or account. (StreamSlots follow the same pattern
// if needed.)
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "base/memory.h"

namespace clarion::core {

/// The storage behind slots; a member of Session and of Account.
class Slots {
public:
    struct Value {
        virtual ~Value() = default;
        virtual std::size_t size() const = 0;
    };
    Value* get(std::size_t index) const {
        return index < values_.size() ? values_[index].get() : nullptr;
    }
    void set(std::size_t index, std::unique_ptr<Value> value) {
        if (index >= values_.size()) values_.resize(index + 1);
        values_[index] = std::move(value);
    }
    /// What they take in memory, without what the modules' states own elsewhere.
    std::size_t memory() const {
        std::size_t bytes = heap_bytes(values_);
        for (const auto& value : values_) bytes += value ? heap_bytes(value->size()) : 0;
        return bytes;
    }

private:
    std::vector<std::unique_ptr<Value>> values_;  // empty until a module needs one
};

/// How many slots the modules of one shard have made so far, by what they sit on: the next slot's
/// index. Each shard counts for itself, so that an index never exceeds the number of slots there
/// are.
struct SlotCounts {
    std::size_t session = 0;
    std::size_t account = 0;
};

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
template <class T>
using SessionSlot = Slot<Session, T>;
template <class T>
using AccountSlot = Slot<Account, T>;

}  // namespace clarion::core
