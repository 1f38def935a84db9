// Histogram of durations: fixed memory, an error of at most 1.6 %, any number of samples.
//
// Buckets are log-linear: 64 for each power of two. Owner: the mode that measures; one thread.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace clarion::bench {

class Histogram {
public:
    void add(std::int64_t nanoseconds) {
        const auto value = static_cast<std::uint64_t>(std::max<std::int64_t>(nanoseconds, 0));
        ++buckets_[bucket_of(value)];
        ++count_;
        max_ = std::max(max_, value);
    }

    std::uint64_t count() const { return count_; }
    double max_ms() const { return static_cast<double>(max_) / 1e6; }
    /// Milliseconds that `share` (0 to 1) of the samples did not exceed; 0 without samples.
    double percentile_ms(double share) const;

private:
    static constexpr int sub_bits = 6;
    static constexpr std::uint64_t sub_count = 1U << sub_bits;

    static std::size_t bucket_of(std::uint64_t value) {
        if (value < sub_count) return value;
        const int shift = std::bit_width(value) - 1 - sub_bits;
        return (static_cast<std::size_t>(shift) + 1) * sub_count + ((value >> shift) - sub_count);
    }
    static std::uint64_t upper_end(std::size_t bucket);

    std::array<std::uint64_t, (64 - sub_bits + 1) * sub_count> buckets_{};
    std::uint64_t count_ = 0;
    std::uint64_t max_ = 0;
};

}  // namespace clarion::bench
