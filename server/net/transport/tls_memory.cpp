#include "server/net/transport/tls_memory.h"

#include <malloc.h>
#include <openssl/crypto.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <cstdlib>

namespace clarion::net {

namespace {

/// A few counters, so that threads seldom share one. One of them may be below zero: what one thread
/// allocates another frees.
struct alignas(64) Counter {
    std::atomic<std::int64_t> bytes{0};
};
std::array<Counter, 16> counters;
std::atomic<std::size_t> threads{0};

std::int64_t size_of(void* memory) {
    constexpr std::int64_t word = 8;
    return memory == nullptr ? 0 : static_cast<std::int64_t>(::malloc_usable_size(memory)) + word;
}

void count(std::int64_t bytes) {
    thread_local Counter& mine = counters[threads.fetch_add(1) % counters.size()];
    mine.bytes.fetch_add(bytes, std::memory_order_relaxed);
}

void* allocate(std::size_t size, const char*, int) {
    void* const memory = std::malloc(size);
    count(size_of(memory));
    return memory;
}

void* reallocate(void* old, std::size_t size, const char*, int) {
    const std::int64_t before = size_of(old);
    void* const memory = std::realloc(old, size);
    if (memory != nullptr || size == 0) count(size_of(memory) - before);
    return memory;
}

void release(void* memory, const char*, int) {
    count(-size_of(memory));
    std::free(memory);
}

}  // namespace

void count_tls_memory() { (void)CRYPTO_set_mem_functions(allocate, reallocate, release); }

std::size_t tls_memory() {
    std::int64_t bytes = 0;
    for (const Counter& counter : counters) bytes += counter.bytes.load(std::memory_order_relaxed);
    return static_cast<std::size_t>(std::max<std::int64_t>(bytes, 0));
}

}  // namespace clarion::net
