#include "proto/websocket.h"

#include <algorithm>
#include <cstring>

#include "base/text.h"
#include "proto/crypto.h"

namespace clarion::websocket {

namespace {

/// RFC 6455, 1.3.
constexpr std::string_view guid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
/// The head of a server's frame whose payload has 126 to 65535 bytes: most of ours.
constexpr std::size_t usual_head = 4;

char octet(std::uint64_t value, unsigned shift) {
    return static_cast<char>(static_cast<unsigned char>(value >> shift));
}

char first_byte(Opcode opcode) { return static_cast<char>(0x80 | static_cast<int>(opcode)); }

/// RFC 6455, 7.4: what may be sent in a close frame.
bool is_close_code(unsigned code) {
    return (code >= 1000 && code <= 1014 && code != 1004 && code != 1005 && code != 1006) ||
           (code >= 3000 && code <= 4999);
}

}  // namespace

bool is_key(std::string_view key) {
    const auto bytes = base64_decode(key);
    return key.size() == 24 && bytes && bytes->size() == 16;
}

std::string accept_key(std::string_view key) {
    return base64_encode(crypto::sha1(std::string(key).append(guid)));
}

// --- reading ------------------------------------------------------------------------------------

FrameReader::Event FrameReader::fail(CloseCode code, std::string_view text) {
    state_ = State::failed;
    close_code_ = code;
    error_text_ = text;
    input_ = {};
    return Event::error;
}

FrameReader::Event FrameReader::next() {
    for (;;) {
        switch (state_) {
            case State::failed: return Event::error;
            case State::closed: input_ = {}; return Event::need_more;
            case State::head:
                if (!take_head()) return Event::need_more;
                if (const Event event = begin_frame(); event != Event::need_more) return event;
                break;
            case State::payload:
                if (const Event event = take_payload(); event != Event::need_more) return event;
                if (state_ == State::payload) return Event::need_more;
        }
    }
}

/// Whether the head is whole.
bool FrameReader::take_head() {
    const auto size = [this]() -> std::size_t {
        if (head_size_ < 2) return 2;
        const unsigned length = head_[1] & 0x7f;
        return 2 + (length == 126 ? 2u : length == 127 ? 8u : 0u) + ((head_[1] & 0x80) ? 4u : 0u);
    };
    while (head_size_ < size()) {
        const std::size_t n = std::min(size() - head_size_, input_.size());
        if (n == 0) return false;
        std::memcpy(head_.data() + head_size_, input_.data(), n);
        head_size_ = static_cast<std::uint8_t>(head_size_ + n);
        input_ = input_.subspan(n);
    }
    return true;
}

/// need_more: its payload is next.
FrameReader::Event FrameReader::begin_frame() {
    head_size_ = 0;
    const bool fin = (head_[0] & 0x80) != 0;
    const auto opcode = static_cast<Opcode>(head_[0] & 0x0f);
    if ((head_[0] & 0x70) != 0)
        return fail(CloseCode::protocol_error, "a frame uses an extension that was not agreed on");
    if ((head_[1] & 0x80) == 0) return fail(CloseCode::protocol_error, "a frame is not masked");
    const unsigned short_length = head_[1] & 0x7f;
    const std::size_t extra = short_length == 126 ? 2 : short_length == 127 ? 8 : 0;
    std::uint64_t length = extra == 0 ? short_length : 0;
    for (std::size_t i = 0; i < extra; ++i) length = length << 8 | head_[2 + i];
    if ((extra == 2 && length < 126) || (extra == 8 && (length < 65536 || length >> 63 != 0)))
        return fail(CloseCode::protocol_error,
                    "the length of a frame is not written as it must be");
    std::copy_n(head_.begin() + 2 + static_cast<std::ptrdiff_t>(extra), 4, mask_.begin());
    mask_at_ = 0;
    left_ = length;
    return static_cast<unsigned>(opcode) >= 8 ? begin_control(opcode, fin, length)
                                              : begin_data(opcode, fin);
}

FrameReader::Event FrameReader::begin_control(Opcode opcode, bool fin, std::uint64_t length) {
    if (opcode != Opcode::close && opcode != Opcode::ping && opcode != Opcode::pong)
        return fail(CloseCode::protocol_error, "a frame is of an unknown kind");
    if (!fin || length > max_control)
        return fail(CloseCode::protocol_error, "a control frame is fragmented, or too long");
    opcode_ = opcode;
    control_size_ = 0;
    state_ = State::payload;
    return Event::need_more;
}

FrameReader::Event FrameReader::begin_data(Opcode opcode, bool fin) {
    if (opcode == Opcode::binary) return fail(CloseCode::unsupported_data, "XMPP is text");
    if (opcode != Opcode::text && opcode != Opcode::continuation)
        return fail(CloseCode::protocol_error, "a frame is of an unknown kind");
    if ((opcode == Opcode::continuation) != in_message_)
        return fail(CloseCode::protocol_error, "fragments of messages are mixed");
    opcode_ = opcode;
    fin_ = fin;
    in_message_ = true;
    state_ = State::payload;
    return Event::need_more;
}

FrameReader::Event FrameReader::take_payload() {
    if (static_cast<unsigned>(opcode_) >= 8) return take_control();
    if (left_ > 0) {
        const std::size_t n = std::min<std::uint64_t>(left_, input_.size());
        if (n == 0) return Event::need_more;
        const std::span<char> bytes = input_.first(n);
        unmask(bytes);
        input_ = input_.subspan(n);
        left_ -= n;
        payload_ = {bytes.data(), bytes.size()};
        return Event::piece;
    }
    state_ = State::head;
    if (!fin_) return Event::need_more;
    in_message_ = false;
    return Event::message_end;
}

FrameReader::Event FrameReader::take_control() {
    const std::size_t n = std::min<std::uint64_t>(left_, input_.size());
    unmask(input_.first(n));
    std::copy_n(input_.data(), n, control_.data() + control_size_);
    control_size_ = static_cast<std::uint8_t>(control_size_ + n);
    input_ = input_.subspan(n);
    left_ -= n;
    return left_ > 0 ? Event::need_more : end_control();
}

FrameReader::Event FrameReader::end_control() {
    state_ = State::head;
    payload_ = {control_.data(), control_size_};
    if (opcode_ == Opcode::ping) return Event::ping;
    if (opcode_ == Opcode::pong) return Event::need_more;  // nobody asked, or it is the answer
    const auto byte = [this](std::size_t i) { return static_cast<unsigned char>(payload_[i]); };
    const unsigned code = payload_.size() < 2 ? 1000u : byte(0) << 8 | byte(1);
    if (payload_.size() == 1 || !is_close_code(code))
        return fail(CloseCode::protocol_error, "a close frame says an impossible reason");
    state_ = State::closed;
    close_code_ = static_cast<CloseCode>(code);
    return Event::close;
}

/// Eight bytes at a time.
void FrameReader::unmask(std::span<char> bytes) {
    std::array<unsigned char, 8> key{};
    for (std::size_t i = 0; i < key.size(); ++i) key[i] = mask_[(mask_at_ + i) & 3];
    std::uint64_t word_key = 0;
    std::memcpy(&word_key, key.data(), key.size());
    std::size_t at = 0;
    for (; at + key.size() <= bytes.size(); at += key.size()) {
        std::uint64_t word = 0;
        std::memcpy(&word, bytes.data() + at, sizeof word);
        word ^= word_key;
        std::memcpy(bytes.data() + at, &word, sizeof word);
    }
    for (std::size_t i = 0; at < bytes.size(); ++at, ++i)
        bytes[at] = static_cast<char>(static_cast<unsigned char>(bytes[at]) ^ key[i]);
    mask_at_ = static_cast<std::uint8_t>((mask_at_ + bytes.size()) & 3);
}

// --- writing ------------------------------------------------------------------------------------

std::size_t begin_message(std::string& out) {
    const std::size_t begin = out.size();
    out.append(usual_head, '\0');
    return begin;
}

void end_message(std::string& out, std::size_t begin) {
    const std::size_t length = out.size() - begin - usual_head;
    if (length < 126) {
        out.erase(begin, 2);
    } else if (length > 65535) {
        out.insert(begin, 6, '\0');
        out[begin + 1] = 127;
        for (unsigned i = 0; i < 8; ++i) out[begin + 2 + i] = octet(length, 56 - 8 * i);
    } else {
        out[begin + 1] = 126;
        out[begin + 2] = octet(length, 8);
        out[begin + 3] = octet(length, 0);
    }
    out[begin] = first_byte(Opcode::text);
    if (length < 126) out[begin + 1] = static_cast<char>(length);
}

void append_pong(std::string& out, std::string_view payload) {
    out += first_byte(Opcode::pong);
    out += static_cast<char>(payload.size());
    out += payload;
}

void append_close(std::string& out, CloseCode code) {
    const auto number = static_cast<std::uint16_t>(code);
    out += first_byte(Opcode::close);
    out += '\2';
    out += octet(number, 8);
    out += octet(number, 0);
}

// --- the XML declaration ------------------------------------------------------------------------

DeclarationFilter::Parts DeclarationFilter::filter(std::string_view piece) {
    std::string_view held;
    while (state_ == State::start && !piece.empty()) {
        if (piece.front() != opening[matched_]) {
            held = opening.substr(0, std::exchange(matched_, std::uint8_t{0}));
            state_ = State::beyond;
        } else {
            piece.remove_prefix(1);
            if (++matched_ == opening.size()) state_ = State::inside;
        }
    }
    while ((state_ == State::inside || state_ == State::question) && !piece.empty()) {
        const char c = piece.front();
        piece.remove_prefix(1);
        if (state_ == State::question && c == '>')
            state_ = State::beyond;
        else
            state_ = c == '?' ? State::question : State::inside;
    }
    return {held, state_ == State::beyond ? piece : std::string_view()};
}

std::string_view DeclarationFilter::end() {
    const std::string_view held =
        state_ == State::start ? opening.substr(0, matched_) : std::string_view();
    state_ = State::start;
    matched_ = 0;
    return held;
}

}  // namespace clarion::websocket
