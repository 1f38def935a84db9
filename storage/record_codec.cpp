#include "storage/record_codec.h"

#include <endian.h>

#include <cstring>

namespace clarion::storage {

Encoder& Encoder::u8(std::uint8_t number) {
    bytes_.push_back(static_cast<char>(number));
    return *this;
}

Encoder& Encoder::u32(std::uint32_t number) {
    number = htobe32(number);
    bytes_.append(reinterpret_cast<const char*>(&number), sizeof number);
    return *this;
}

Encoder& Encoder::u64(std::uint64_t number) {
    number = htobe64(number);
    bytes_.append(reinterpret_cast<const char*>(&number), sizeof number);
    return *this;
}

Encoder& Encoder::varint(std::uint64_t number) {
    for (; number >= 0x80; number >>= 7) u8(static_cast<std::uint8_t>(number | 0x80));
    return u8(static_cast<std::uint8_t>(number));
}

Encoder& Encoder::time(WallTime time) {
    return u64(static_cast<std::uint64_t>(time.time_since_epoch().count()));
}

Encoder& Encoder::time(LastingTime time) {
    return u64(static_cast<std::uint64_t>(time.time_since_epoch().count()));
}

Encoder& Encoder::string(std::string_view text) {
    varint(text.size());
    bytes_.append(text);
    return *this;
}

Encoder& Encoder::strings(const std::vector<std::string>& list) {
    varint(list.size());
    for (const auto& text : list) string(text);
    return *this;
}

Decoder::Decoder(std::string_view bytes, std::uint8_t newest, std::uint8_t oldest)
    : left_(bytes), version_(u8()) {
    if (version_ < oldest || version_ > newest)
        refuse("is of a format version this server does not know");
}

std::string_view Decoder::take(std::size_t size) {
    if (size > left_.size()) {
        refuse("ends too early");
        return {};
    }
    const auto taken = left_.substr(0, size);
    left_.remove_prefix(size);
    return taken;
}

void Decoder::refuse(std::string_view why) {
    if (problem_.empty()) problem_ = why;
    left_ = {};
}

std::uint8_t Decoder::u8() {
    const auto byte = take(1);
    return byte.empty() ? 0 : static_cast<unsigned char>(byte[0]);
}

std::uint32_t Decoder::u32() {
    std::uint32_t number = 0;
    if (const auto bytes = take(sizeof number); !bytes.empty())
        std::memcpy(&number, bytes.data(), sizeof number);
    return be32toh(number);
}

std::uint64_t Decoder::u64() {
    std::uint64_t number = 0;
    if (const auto bytes = take(sizeof number); !bytes.empty())
        std::memcpy(&number, bytes.data(), sizeof number);
    return be64toh(number);
}

std::uint64_t Decoder::varint() {
    std::uint64_t number = 0;
    for (int shift = 0; shift < 64; shift += 7) {
        const std::uint8_t byte = u8();
        number |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
        if (byte < 0x80) return number;
    }
    refuse("has a number that is too long");
    return 0;
}

std::uint8_t Decoder::enumerator(std::uint8_t last) {
    const std::uint8_t value = u8();
    if (value <= last) return value;
    refuse("has an impossible enumerator");
    return 0;
}

WallTime Decoder::time() {
    return WallTime(std::chrono::microseconds(static_cast<std::int64_t>(u64())));
}

LastingTime Decoder::lasting_time() {
    return LastingTime(std::chrono::microseconds(static_cast<std::int64_t>(u64())));
}

std::string_view Decoder::view() { return take(varint()); }

std::size_t Decoder::count() {
    const std::uint64_t count = varint();
    if (count <= left_.size()) return count;
    refuse("counts more than it has");
    return 0;
}

std::vector<std::string> Decoder::strings() {
    std::vector<std::string> list;
    for (std::size_t left = count(); left > 0; --left) list.push_back(string());
    return list;
}

std::string_view Decoder::rest() { return take(left_.size()); }

Result<> Decoder::finish(std::string_view what) const {
    if (problem_.empty() && left_.empty()) return {};
    const std::string_view problem = problem_.empty() ? "has bytes left over" : problem_;
    return fail("bad-record", "a stored " + std::string(what) + " " + std::string(problem));
}

}  // namespace clarion::storage
