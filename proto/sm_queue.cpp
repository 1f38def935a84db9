#include "proto/sm_queue.h"

#include <charconv>
#include <string>

namespace clarion::sm {

Error handled_count_too_high(std::uint32_t handled, std::uint32_t sent) {
    return fail(error_code::handled_count_too_high, "the peer acknowledged up to " +
                                                        std::to_string(handled) + ", we sent " +
                                                        std::to_string(sent));
}

Result<std::uint32_t> parse_count(std::string_view text) {
    std::uint32_t count = 0;
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, count);
    if (error != std::errc{} || stop != end) return fail("malformed", "not an unsigned int");
    return count;
}

}  // namespace clarion::sm
