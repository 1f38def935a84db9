// What OpenSSL has allocated: of all that a connection holds the largest part, and nothing that it
// tells by itself.
#pragma once

#include <cstddef>

namespace clarion::net {

/// From now on what OpenSSL allocates is counted. Before anything uses it, else nothing happens.
void count_tls_memory();
/// Bytes, as the allocator counts them, in all threads together.
std::size_t tls_memory();

}  // namespace clarion::net
