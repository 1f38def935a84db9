// What an allocation takes, for those who say how much memory they hold (clarion_memory_bytes).
//
// It is glibc's malloc that is meant: a word of its own for each, and a multiple of 16 bytes.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

namespace clarion {

constexpr std::size_t heap_bytes(std::size_t size) {
    constexpr std::size_t word = 8, unit = 16, least = 32;
    return size == 0 ? 0 : std::max(least, (size + word + unit - 1) / unit * unit);
}

/// What a string has besides itself.
inline std::size_t heap_bytes(const std::string& text) {
    static const std::size_t within = std::string().capacity();
    return text.capacity() > within ? heap_bytes(text.capacity() + 1) : 0;
}

/// The same of a vector, without what its elements have.
template <class T>
std::size_t heap_bytes(const std::vector<T>& elements) {
    return heap_bytes(elements.capacity() * sizeof(T));
}

/// Of std::make_shared<T>().
template <class T>
constexpr std::size_t shared_bytes() {
    constexpr std::size_t counts = 16;
    return heap_bytes(sizeof(T) + counts);
}

}  // namespace clarion
