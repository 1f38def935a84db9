// Requests over HTTP: whatever bytes come, however they are cut, the parser reads what is there,
// and no path that it gives leads out of a directory.
#include <cstdlib>
#include <string>

#include "server/net/http/request_parser.h"

using clarion::net::RequestParser;

namespace {

constexpr std::size_t max_head = 4096;

void check(const clarion::core::HttpRequest& request) {
    if (request.path == "*") return;
    if (!request.path.starts_with('/') || request.path.find("/../") != std::string::npos ||
        request.path.ends_with("/..") || request.path.find('\n') != std::string::npos)
        std::abort();
}

/// All requests in `bytes`, as text; `slice` bytes more are there at a time.
std::string read(std::string_view bytes, std::size_t slice) {
    std::string told;
    std::size_t at = 0, end = 0;
    while (true) {
        RequestParser parser(max_head);
        bool known = false;
        while (parser.state() == RequestParser::State::head ||
               parser.state() == RequestParser::State::body) {
            const std::size_t used = parser.put(bytes.substr(at, end - at));
            at += used;
            told += parser.piece();
            if (!known && parser.state() != RequestParser::State::head &&
                parser.state() != RequestParser::State::failed) {
                known = true;
                const auto request = parser.take_request();
                check(request);
                told += "\n" + request.method + " " + request.path + " " + request.host + "\n";
            }
            if (used > 0 || parser.state() == RequestParser::State::failed) continue;
            if (parser.state() == RequestParser::State::done) break;
            if (end == bytes.size() || end - at > max_head) return told + "...";
            end = std::min(bytes.size(), end + slice);
        }
        if (parser.state() == RequestParser::State::failed) return told + "!";
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    if (size == 0) return 0;
    const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
    read(bytes, data[0] % 32 + 1);
    read(bytes, bytes.size() + 1);
    return 0;
}
