// Feeds raw DNS messages to the SRV parser, and what it accepts to the ordering.

#include "proto/srv_order.h"

#include <cstdlib>

using namespace clarion::srv;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    auto parsed = parse_srv_answer({data, size});
    if (!parsed.ok()) return 0;
    for (const SrvRecord& record : parsed.value()) {
        if (record.target.empty() || record.target.size() > 255) std::abort();
    }
    const std::size_t count = parsed.value().size();
    const auto ordered = order(*std::move(parsed),
                               [&](std::uint32_t bound) { return bound == 0 ? 0 : size % bound; });
    if (count > max_srv_records || ordered.size() != count) std::abort();
    return 0;
}
