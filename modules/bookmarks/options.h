// [bookmarks]
#pragma once

#include <cstdint>

#include "base/option.h"

namespace clarion::bookmarks {

struct BookmarksOptions {
    std::int64_t max_bookmarks = 2000;
    std::int64_t max_other_bytes = 64 << 10;
    Duration keep_removed = std::chrono::hours(24 * 30);
    std::int64_t max_removed_bytes = 1 << 20;
    static void declare(OptionTable<BookmarksOptions>& table);
};

}  // namespace clarion::bookmarks
