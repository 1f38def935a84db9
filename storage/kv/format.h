// The number of the database's format: which tables there are and how their keys are made
// (docs/formats.md). A database of another number is never written to.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/result.h"

namespace clarion::storage {

inline constexpr std::uint64_t format_version = 2;

/// Keys of Table::meta.
inline constexpr std::string_view format_key = "format";
inline constexpr std::string_view run_key = "run";
inline constexpr std::string_view clock_key = "clock";

/// Numbers of a run (accounts, log entries, spooled stanzas) begin at run << run_shift.
inline constexpr int run_shift = 40;

/// Error "unsupported-format" if this server does not know the format; said after the database's
/// name.
Result<> check_format(std::uint64_t format);
/// The same of what Table::meta has under format_key; absent: the database is new.
Result<> check_stored_format(std::optional<std::string_view> stored);

}  // namespace clarion::storage
