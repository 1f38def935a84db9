// Feeds bytes to the server's side of SOCKS 5, cut in two and byte by byte. However they are cut
// the outcome is the same, and nothing is asked for but forty hexadecimal digits.

#include "proto/socks5.h"

#include <algorithm>
#include <cstdlib>

using namespace clarion::socks5;
using Step = ServerNegotiation::Step;

namespace {

struct Outcome {
    Step step = Step::more;
    std::string said, address;
    bool operator==(const Outcome&) const = default;
};

Outcome talk(std::string_view bytes, std::size_t piece) {
    ServerNegotiation negotiation;
    Outcome outcome;
    for (; !bytes.empty(); bytes.remove_prefix(std::min(piece, bytes.size())))
        outcome.step = negotiation.feed(bytes.substr(0, piece), outcome.said);
    if (outcome.step == Step::asked) outcome.address = negotiation.address();
    return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    const Outcome whole = talk(bytes, size);
    if (whole != talk(bytes, 1) || whole != talk(bytes, size / 2 + 1)) std::abort();
    if (whole.step != Step::asked) return 0;
    if (whole.address.size() != 40 || whole.said != std::string("\5\0", 2)) std::abort();
    if (whole.address.find_first_not_of("0123456789abcdef") != std::string::npos) std::abort();
    return 0;
}
