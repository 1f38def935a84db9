// What an account has uploaded and may still upload. Pure.
#pragma once

#include <cstdint>
#include <optional>

#include "base/time.h"
#include "modules/http_upload/options.h"
#include "modules/http_upload/purpose.h"

namespace clarion::http_upload {

/// Of one account.
struct Usage {
    std::uint64_t bytes = 0;  // of files, those for its profile aside
    std::uint64_t profile_bytes = 0;
    std::uint64_t files = 0;  // all of them
    /// What was uploaded of late: it drains by daily_quota in 24 hours.
    std::uint64_t daily = 0;
    LastingTime daily_at{};  // when it was that

    bool operator==(const Usage&) const = default;
};

/// What is promised to slots whose files are not there yet.
struct Promised {
    std::uint64_t bytes = 0;
    std::uint64_t profile_bytes = 0;
    std::uint64_t files = 0;
    std::size_t slots = 0;  // all that are remembered, those that were used among them
    std::optional<LastingTime> next_end;  // when the first of them is forgotten
};

/// What there is no room for.
struct Shortage {
    enum class Of : std::uint8_t { bytes, files, day, slots };
    Of of;
    std::optional<LastingTime> again{};  // when there may be; nullopt: nobody knows

    bool operator==(const Shortage&) const = default;
};

/// nullopt: a slot for such a file may be given.
std::optional<Shortage> find_shortage(const Usage& usage, const Promised& promised,
                                      const UploadOptions& options, Purpose purpose,
                                      std::uint64_t size, LastingTime now);

/// Usage::daily as it is by now.
std::uint64_t drained(const Usage& usage, const UploadOptions& options, LastingTime now);
/// A slot of that size was given, or given back unused.
void add_daily(Usage& usage, const UploadOptions& options, std::uint64_t size, LastingTime now);
void give_back_daily(Usage& usage, const UploadOptions& options, std::uint64_t size,
                     LastingTime now);
/// A file is there, or is not any more.
void add_file(Usage& usage, Purpose purpose, std::uint64_t size);
void remove_file(Usage& usage, Purpose purpose, std::uint64_t size);

}  // namespace clarion::http_upload
