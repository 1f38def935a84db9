// How much of a list of stanzas is read at once: by number and by bytes, since one may have a
// thousand times the bytes of another.
#pragma once

#include <cstddef>

namespace clarion::storage {

struct PageSize {
    std::size_t count = 0;  // the most there are
    /// A page ends early before the stanza that would make its stanzas larger than this together,
    /// but has one at least.
    std::size_t bytes = 256 * 1024;

    bool fits(std::size_t count_so_far, std::size_t bytes_with_next) const {
        return count_so_far < count && (count_so_far == 0 || bytes_with_next <= bytes);
    }
};

}  // namespace clarion::storage
