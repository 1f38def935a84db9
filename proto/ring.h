// Ring<T>: a first-in first-out queue that costs 24 bytes while empty.
//
// Owner: a sm::OutQueue or sm::AckWindow, one of each per stream, most of them empty most of the
// time; that is why this is not std::deque (576 bytes and a heap block even when empty). Storage is
// allocated at the first push, doubles when full, and is freed when the queue drains while it is
// large; a small block is kept, so that one stanza at a time does not allocate.
//
// Thread: the owner's. T must be default-constructible and movable; an empty slot holds T{}.
#pragma once

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

namespace clarion {

template <class T>
class Ring {
public:
    Ring() = default;
    Ring(Ring&& other) noexcept { swap(other); }
    Ring& operator=(Ring&& other) noexcept {
        Ring(std::move(other)).swap(*this);
        return *this;
    }

    bool empty() const { return size_ == 0; }
    std::uint32_t size() const { return size_; }
    std::uint32_t capacity() const { return capacity_; }

    /// REQUIRES: index < size(). 0 is the oldest.
    T& operator[](std::uint32_t index) {
        assert(index < size_);
        return slots_[slot(index)];
    }
    const T& operator[](std::uint32_t index) const {
        assert(index < size_);
        return slots_[slot(index)];
    }

    void push_back(T value) {
        if (size_ == capacity_) grow();
        slots_[slot(size_)] = std::move(value);
        ++size_;
    }

    /// REQUIRES: !empty().
    T pop_front() {
        assert(size_ > 0);
        T value = std::exchange(slots_[head_], T{});
        head_ = (head_ + 1) & (capacity_ - 1);
        if (--size_ == 0 && capacity_ * sizeof(T) > kept_bytes) clear();
        return value;
    }

    /// Drops all entries and the storage.
    void clear() { Ring().swap(*this); }

    void swap(Ring& other) noexcept {
        std::swap(slots_, other.slots_);
        std::swap(head_, other.head_);
        std::swap(size_, other.size_);
        std::swap(capacity_, other.capacity_);
    }

private:
    static constexpr std::size_t kept_bytes = 256;
    static constexpr std::uint32_t first_capacity = 8;  // a power of two, like all that follow

    std::uint32_t slot(std::uint32_t index) const { return (head_ + index) & (capacity_ - 1); }

    void grow() {
        const std::uint32_t capacity = capacity_ == 0 ? first_capacity : capacity_ * 2;
        auto bigger = std::make_unique<T[]>(capacity);
        for (std::uint32_t i = 0; i < size_; ++i) bigger[i] = std::move(slots_[slot(i)]);
        slots_ = std::move(bigger);
        capacity_ = capacity;
        head_ = 0;
    }

    std::unique_ptr<T[]> slots_;
    std::uint32_t head_ = 0;
    std::uint32_t size_ = 0;
    std::uint32_t capacity_ = 0;
};

}  // namespace clarion
