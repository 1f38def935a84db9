#include "base/id.h"

#include <sys/random.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <system_error>

#include "base/text.h"

namespace clarion {
namespace {

void read_kernel(std::span<unsigned char> out) {
    while (!out.empty()) {
        const ssize_t got = ::getrandom(out.data(), out.size(), 0);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) throw std::system_error(errno, std::generic_category(), "getrandom");
        out = out.subspan(static_cast<std::size_t>(got));
    }
}

/// Random bytes in stock. What was handed out is wiped at once.
class Stock {
public:
    void take(std::span<unsigned char> out) {
        if (left_ < out.size()) {
            read_kernel(bytes_);
            left_ = bytes_.size();
        }
        unsigned char* const from = bytes_.data() + bytes_.size() - left_;
        std::memcpy(out.data(), from, out.size());
        explicit_bzero(from, out.size());
        left_ -= out.size();
    }

    static constexpr std::size_t largest = 64;

private:
    std::array<unsigned char, 1024> bytes_{};
    std::size_t left_ = 0;
};

thread_local Stock stock;

}  // namespace

void fill_random(std::span<unsigned char> out) {
    if (out.empty()) return;
    if (out.size() > Stock::largest) return read_kernel(out);
    stock.take(out);
}

std::uint64_t random_u64() {
    std::array<unsigned char, sizeof(std::uint64_t)> bytes{};
    fill_random(bytes);
    std::uint64_t number = 0;
    std::memcpy(&number, bytes.data(), sizeof number);
    return number;
}

std::string random_token(std::size_t bytes) {
    std::string raw(bytes, '\0');
    fill_random({reinterpret_cast<unsigned char*>(raw.data()), raw.size()});
    return base64url_encode(raw);
}

}  // namespace clarion
