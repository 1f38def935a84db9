// WebSocket frames (RFC 6455, section 5), as XMPP uses them (RFC 7395): text messages, each one XML
// element; no extensions.
//
// FrameReader is the server's half: bytes of masked frames in, pieces of messages and control
// frames out. It keeps no message: what has come of one is told at once, so a message of any size
// takes no memory here. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace clarion::websocket {

/// Whether this may be a Sec-WebSocket-Key: 16 bytes in base64.
bool is_key(std::string_view key);
/// Sec-WebSocket-Accept for it (RFC 6455, 4.2.2).
std::string accept_key(std::string_view key);

enum class Opcode : std::uint8_t {
    continuation = 0,
    text = 1,
    binary = 2,
    close = 8,
    ping = 9,
    pong = 10,
};

/// Why a WebSocket ends (RFC 6455, 7.4.1).
enum class CloseCode : std::uint16_t {
    normal = 1000,
    going_away = 1001,
    protocol_error = 1002,
    unsupported_data = 1003,  // a binary message
    invalid_payload = 1007,   // no UTF-8
    policy_violation = 1008,
    too_big = 1009,
    internal_error = 1011,
};

class FrameReader {
public:
    enum class Event : std::uint8_t {
        need_more,    // all bytes are used up
        piece,        // payload(): of a text message
        message_end,  // the message whose pieces were told is whole
        ping,         // payload(): to be sent back
        close,        // close_code(): the peer says nothing more
        error,        // close_code(): it broke the rules; for ever
    };

    /// Bytes as they came; payloads are unmasked in place. REQUIRES: the last next() said
    /// need_more, or nothing was given yet; they stay valid until it says so again or rest() was
    /// taken.
    void feed(std::span<char> bytes) { input_ = bytes; }
    Event next();
    /// Valid as long as the bytes, of a ping until the next call.
    std::string_view payload() const { return payload_; }
    CloseCode close_code() const { return close_code_; }
    /// A sentence for the log about an error.
    std::string_view error_text() const { return error_text_; }
    /// What was given and not used up.
    std::span<char> rest() const { return input_; }

private:
    enum class State : std::uint8_t { head, payload, closed, failed };
    static constexpr std::size_t max_head = 14;
    static constexpr std::size_t max_control = 125;

    Event fail(CloseCode code, std::string_view text);
    bool take_head();
    Event begin_frame();
    Event begin_control(Opcode opcode, bool fin, std::uint64_t length);
    Event begin_data(Opcode opcode, bool fin);
    Event take_payload();
    Event take_control();
    Event end_control();
    void unmask(std::span<char> bytes);

    std::span<char> input_;
    std::string_view payload_;
    std::string_view error_text_;
    std::uint64_t left_ = 0;  // of the frame's payload
    std::array<char, max_control> control_{};
    std::array<unsigned char, max_head> head_{};
    std::uint8_t head_size_ = 0;
    std::uint8_t control_size_ = 0;
    std::array<unsigned char, 4> mask_{};
    std::uint8_t mask_at_ = 0;
    Opcode opcode_ = Opcode::text;  // of the frame
    State state_ = State::head;
    CloseCode close_code_ = CloseCode::normal;
    bool fin_ = false;
    bool in_message_ = false;  // one has begun and is not whole
};

/// A text message of the server's, written into `out`: begin_message(), the payload appended,
/// end_message() with what the former returned.
std::size_t begin_message(std::string& out);
void end_message(std::string& out, std::size_t begin);
/// A control frame; `payload`: at most 125 bytes.
void append_pong(std::string& out, std::string_view payload);
void append_close(std::string& out, CloseCode code);

/// Takes the XML declaration off the front of a message whose pieces come one after the other:
/// those who send one mean well (RFC 7395, 3.3.3), and expat knows it only at the beginning of all.
class DeclarationFilter {
public:
    /// What is left of the piece: up to two parts, in order. Empty parts mean nothing.
    struct Parts {
        std::string_view first, second;
    };
    Parts filter(std::string_view piece);
    /// A message is whole: what was held back of it, if it was shorter than a declaration's start.
    std::string_view end();

private:
    enum class State : std::uint8_t { start, inside, question, beyond };
    static constexpr std::string_view opening = "<?xml";

    State state_ = State::start;
    std::uint8_t matched_ = 0;  // of `opening`
};

}  // namespace clarion::websocket
