#include "tools/bench/histogram.h"

namespace clarion::bench {

std::uint64_t Histogram::upper_end(std::size_t bucket) {
    if (bucket < sub_count) return bucket;
    const auto shift = bucket / sub_count - 1;
    return ((bucket % sub_count + sub_count + 1) << shift) - 1;
}

double Histogram::percentile_ms(double share) const {
    const auto wanted = static_cast<std::uint64_t>(share * static_cast<double>(count_));
    std::uint64_t seen = 0;
    for (std::size_t bucket = 0; bucket < buckets_.size(); ++bucket) {
        seen += buckets_[bucket];
        if (buckets_[bucket] != 0 && seen >= wanted) {
            return static_cast<double>(std::min(upper_end(bucket), max_)) / 1e6;
        }
    }
    return 0;
}

}  // namespace clarion::bench
