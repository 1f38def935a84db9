// Random numbers and names nobody can guess: from the kernel (getrandom), a page at a time per
// thread. Bytes that were handed out are wiped from the buffer. Safe on any thread; the only
// failure, a kernel without getrandom, is a broken invariant and throws.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace clarion {

/// `bytes` random bytes as base64url without padding: stream and session ids, tokens, nonces.
/// 16 bytes are enough to be unguessable, 32 for what is kept for long.
std::string random_token(std::size_t bytes);

std::uint64_t random_u64();

void fill_random(std::span<unsigned char> out);

}  // namespace clarion
