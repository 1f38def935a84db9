// Task<T>: the return type of every coroutine in Clarion.
//
// This is the only header of ours that includes Asio, and awaitable.hpp is the only part of Asio it
// includes: whoever writes `Task<Result<Page>> read(...)` needs nothing else. A Task runs when it
// is awaited, or when a Scope (server/runtime/scope.h) spawns it on a shard; it stays on that
// shard.
#pragma once

#include <boost/asio/awaitable.hpp>

namespace clarion {

template <class T = void>
using Task = boost::asio::awaitable<T>;

}  // namespace clarion
