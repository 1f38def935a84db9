// How much room a disk has.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace clarion {

/// What this process may still write where that directory is, or will be: of the nearest directory
/// above it that exists. nullopt: it cannot be asked. Any thread; may block on the disk for moments.
std::optional<std::uint64_t> free_bytes(const std::string& directory);

}  // namespace clarion
