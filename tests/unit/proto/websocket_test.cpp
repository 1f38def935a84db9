#include "proto/websocket.h"

#include <doctest/doctest.h>

#include <vector>

using namespace clarion;
using websocket::CloseCode;
using websocket::FrameReader;
using Event = FrameReader::Event;

namespace {

/// A client's frame.
std::string frame(unsigned first, const std::string& payload, bool masked = true) {
    const std::string mask = "\x12\x34\x56\x78";
    std::string out(1, static_cast<char>(first));
    const char bit = masked ? static_cast<char>(0x80) : '\0';
    if (payload.size() < 126) {
        out += static_cast<char>(payload.size() | static_cast<unsigned char>(bit));
    } else {
        out += static_cast<char>(126 | static_cast<unsigned char>(bit));
        out += static_cast<char>(payload.size() >> 8);
        out += static_cast<char>(payload.size() & 0xff);
    }
    if (masked) out += mask;
    for (std::size_t i = 0; i < payload.size(); ++i)
        out += masked ? static_cast<char>(payload[i] ^ mask[i & 3]) : payload[i];
    return out;
}

struct Read {
    std::vector<std::string> messages;
    std::vector<std::string> pings;
    std::string unfinished;
    std::optional<CloseCode> closed, failed;
};

/// Everything, given in slices of that size.
Read read(std::string bytes, std::size_t slice = 100000) {
    FrameReader reader;
    Read result;
    for (std::size_t at = 0; at < bytes.size(); at += slice) {
        reader.feed(std::span<char>(bytes).subspan(at, std::min(slice, bytes.size() - at)));
        for (bool more = true; more;) {
            switch (reader.next()) {
                case Event::need_more: more = false; break;
                case Event::piece: result.unfinished += reader.payload(); break;
                case Event::message_end:
                    result.messages.push_back(std::exchange(result.unfinished, {}));
                    break;
                case Event::ping: result.pings.emplace_back(reader.payload()); break;
                case Event::close: result.closed = reader.close_code(); break;
                case Event::error: result.failed = reader.close_code(); return result;
            }
        }
    }
    return result;
}

std::string filtered(std::vector<std::string_view> pieces) {
    websocket::DeclarationFilter filter;
    std::string out;
    for (const std::string_view piece : pieces) {
        const auto parts = filter.filter(piece);
        out.append(parts.first).append(parts.second);
    }
    return out.append("|").append(filter.end());
}

}  // namespace

TEST_CASE("the answer to a key is that of RFC 6455") {
    CHECK(websocket::accept_key("dGhlIHNhbXBsZSBub25jZQ==") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    CHECK(websocket::is_key("dGhlIHNhbXBsZSBub25jZQ=="));
    CHECK_FALSE(websocket::is_key("dGhlIHNhbXBsZQ=="));
    CHECK_FALSE(websocket::is_key(""));
    CHECK_FALSE(websocket::is_key("dGhlIHNhbXBsZSBub25jZQ==\r\nX: y"));
}

TEST_CASE("messages come whole, in fragments, between pings, in slices of any size") {
    std::string bytes = frame(0x81, "<a/>") + frame(0x01, "<b>") + frame(0x89, "ping") +
                        frame(0x00, std::string(300, 'x')) + frame(0x8a, "pong") +
                        frame(0x80, "</b>") + frame(0x81, "") +
                        frame(0x88,
                              "\x03\xe8"
                              "bye");
    for (const std::size_t slice : {1, 2, 3, 7, 64, 100000}) {
        CAPTURE(slice);
        const Read got = read(bytes, slice);
        REQUIRE(got.messages.size() == 3);
        CHECK(got.messages[0] == "<a/>");
        CHECK(got.messages[1] == "<b>" + std::string(300, 'x') + "</b>");
        CHECK(got.messages[2].empty());
        CHECK(got.pings == std::vector<std::string>{"ping"});
        CHECK(got.closed == CloseCode::normal);
        CHECK_FALSE(got.failed);
    }
}

TEST_CASE("what follows a close frame is nothing") {
    const Read got = read(frame(0x88, "") + frame(0x81, "<a/>"));
    CHECK(got.closed == CloseCode::normal);
    CHECK(got.messages.empty());
}

TEST_CASE("frames that break the rules end it") {
    struct Row {
        std::string bytes;
        CloseCode code;
    };
    const std::vector<Row> rows{
        {frame(0x81, "<a/>", false), CloseCode::protocol_error},  // not masked
        {frame(0xc1, "<a/>"), CloseCode::protocol_error},         // an extension
        {frame(0x82, "<a/>"), CloseCode::unsupported_data},       // binary
        {frame(0x83, "<a/>"), CloseCode::protocol_error},         // unknown
        {frame(0x8b, ""), CloseCode::protocol_error},             // unknown control
        {frame(0x80, "x"), CloseCode::protocol_error},            // continues nothing
        {frame(0x01, "<a>") + frame(0x81, "<b/>"), CloseCode::protocol_error},
        {frame(0x09, "x"), CloseCode::protocol_error},                    // fragmented control
        {frame(0x89, std::string(126, 'x')), CloseCode::protocol_error},  // too long
        {frame(0x88, "x"), CloseCode::protocol_error},                    // half a code
        {frame(0x88, "\x03\xed"), CloseCode::protocol_error},             // 1005 is never sent
        {std::string("\x81\xfe\x00\x05\0\0\0\0hello", 13), CloseCode::protocol_error},
        {std::string("\x81\xff\xff\xff\xff\xff\xff\xff\xff\xff\0\0\0\0", 14),
         CloseCode::protocol_error},
    };
    for (const Row& row : rows) {
        const Read got = read(row.bytes);
        REQUIRE(got.failed);
        CHECK(*got.failed == row.code);
        CHECK(read(row.bytes, 1).failed == row.code);
    }
}

TEST_CASE("our frames have the shortest length there is") {
    for (const std::size_t size : {0u, 1u, 125u, 126u, 127u, 65535u, 65536u, 100000u}) {
        std::string out = "before";
        const std::size_t begin = websocket::begin_message(out);
        out.append(size, 'x');
        websocket::end_message(out, begin);
        const std::size_t head = size < 126 ? 2 : size < 65536 ? 4 : 10;
        REQUIRE(out.size() == 6 + head + size);
        CHECK(static_cast<unsigned char>(out[6]) == 0x81);
        CHECK(static_cast<unsigned char>(out[7]) == (size < 126 ? size : size < 65536 ? 126 : 127));
        std::size_t length = 0;
        for (std::size_t i = 8; i < 6 + head; ++i)
            length = length << 8 | static_cast<unsigned char>(out[i]);
        if (head > 2) CHECK(length == size);
        CHECK(out.find_first_not_of('x', 6 + head) == std::string::npos);
    }
    std::string out;
    websocket::append_pong(out, "hi");
    websocket::append_close(out, CloseCode::too_big);
    CHECK(out == "\x8a\x02hi\x88\x02\x03\xf1");
}

TEST_CASE("an XML declaration in front of a message is left out") {
    CHECK(filtered({"<?xml version='1.0'?><a/>"}) == "<a/>|");
    CHECK(filtered({"<", "?", "xml ?", ">", "<a", "/>"}) == "<a/>|");
    CHECK(filtered({"<a/>"}) == "<a/>|");
    CHECK(filtered({"<", "a/>"}) == "<a/>|");
    CHECK(filtered({"<?x", "y?>"}) == "<?xy?>|");
    CHECK(filtered({"<?xm"}) == "|<?xm");
    CHECK(filtered({""}) == "|");
}
