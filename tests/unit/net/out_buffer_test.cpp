#include "server/net/transport/out_buffer.h"

#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

using namespace clarion::net;

TEST_CASE("spare buffers are handed out again, and keep no more memory than they may") {
    BufferPool pool;
    std::vector<std::string> taken;
    for (int i = 0; i < 10'000; ++i) taken.push_back(pool.take());
    const std::size_t size = taken.front().capacity();
    CHECK(size >= 500);  // a stanza does not make it grow
    for (std::string& buffer : taken) {
        buffer = "<presence/>" + std::move(buffer);
        buffer.reserve(size);
        pool.give(std::move(buffer));
        CHECK(buffer.capacity() <= std::string().capacity());
    }
    CHECK(pool.spare_bytes() > BufferPool::max_spare / 2);
    const std::size_t before = pool.spare_bytes();
    pool.give(std::string(4096, 'x'));  // there are many already, of usual size
    CHECK(pool.spare_bytes() == before);
    CHECK(pool.spare_bytes() <= BufferPool::max_spare);
    CHECK(pool.take().empty());
}

TEST_CASE("a buffer that was long is not kept, nor one without memory of its own") {
    BufferPool pool;
    pool.give(std::string(1'000'000, 'x'));
    pool.give({});
    CHECK(pool.spare_bytes() == 0);
}
