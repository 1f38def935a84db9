// Frames of a WebSocket (RFC 6455): whatever bytes come, in whatever slices, the reader says the same,
// and what it tells lies in what it was given.
#include <cstdlib>
#include <string>

#include "proto/websocket.h"

using clarion::websocket::DeclarationFilter;
using clarion::websocket::FrameReader;

namespace {

std::string read(std::string bytes, std::size_t slice) {
    FrameReader reader;
    DeclarationFilter filter;
    std::string told;
    for (std::size_t at = 0; at < bytes.size(); at += slice) {
        reader.feed(std::span<char>(bytes).subspan(at, std::min(slice, bytes.size() - at)));
        for (bool more = true; more;) {
            switch (reader.next()) {
                case FrameReader::Event::need_more: more = false; break;
                case FrameReader::Event::piece: {
                    const auto parts = filter.filter(reader.payload());
                    told.append(parts.first).append(parts.second);
                    break;
                }
                case FrameReader::Event::message_end: told.append(filter.end()).append("|"); break;
                case FrameReader::Event::ping: told.append("p").append(reader.payload()); break;
                case FrameReader::Event::close: told += 'c'; break;
                case FrameReader::Event::error: return told + 'e';
            }
        }
    }
    return told;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    if (size == 0) return 0;
    const std::string bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
    const std::size_t slice = data[0] % 16 + 1;
    if (read(bytes, slice) != read(bytes, bytes.size() + 1)) std::abort();
    return 0;
}
