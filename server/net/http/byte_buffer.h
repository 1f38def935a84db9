// ByteBuffer: what was read from a connection and not yet used up. Owns memory only while it holds
// something.
#pragma once

#include <cstring>
#include <memory>
#include <span>
#include <string_view>

#include "base/memory.h"

namespace clarion::net {

class ByteBuffer {
public:
    std::string_view bytes() const { return {data_.get() + begin_, end_ - begin_}; }
    /// The same, to be changed in place.
    std::span<char> span() { return {data_.get() + begin_, end_ - begin_}; }
    bool empty() const { return begin_ == end_; }
    std::size_t size() const { return end_ - begin_; }

    /// Room for `size` more bytes, behind what there is; valid until the next call. Moves what
    /// there is.
    std::span<char> prepare(std::size_t size) {
        if (capacity_ - end_ < size) make_room(size);
        return {data_.get() + end_, size};
    }
    /// So many were put there.
    void commit(std::size_t size) { end_ += size; }
    /// So many from the front are used up.
    void consume(std::size_t size) {
        begin_ += size;
        if (begin_ == end_) begin_ = end_ = 0;
    }
    void append(std::string_view more) {
        if (more.empty()) return;
        std::memcpy(prepare(more.size()).data(), more.data(), more.size());
        commit(more.size());
    }
    /// Gives the memory back, if there is nothing in it.
    void release_if_empty() {
        if (!empty()) return;
        data_.reset();
        capacity_ = 0;
    }
    /// What it holds in memory, besides itself.
    std::size_t memory() const { return data_ ? heap_bytes(capacity_) : 0; }

private:
    void make_room(std::size_t size) {
        const std::size_t held = end_ - begin_;
        if (held + size > capacity_) {
            const std::size_t capacity = std::max(held + size, 2 * held);
            auto larger = std::make_unique_for_overwrite<char[]>(capacity);
            if (held > 0) std::memcpy(larger.get(), data_.get() + begin_, held);
            data_ = std::move(larger);
            capacity_ = capacity;
        } else {
            std::memmove(data_.get(), data_.get() + begin_, held);
        }
        begin_ = 0;
        end_ = held;
    }

    std::unique_ptr<char[]> data_;
    std::size_t capacity_ = 0;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
};

}  // namespace clarion::net
