// Encoder and Decoder: the few shapes of which every stored value is made.
//
// Numbers of fixed width are big-endian, as in keys. A count or a length is a varint: seven bits
// per byte, least significant first, the high bit set on all but the last. A string is its length
// and its bytes. A time is microseconds since 1970, signed, eight bytes. Pure; used by records.cpp.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace clarion::storage {

class Encoder {
public:
    /// `size`: what the record takes, if that is known: one that is written for every message should
    /// not grow in steps.
    explicit Encoder(std::uint8_t version, std::size_t size = 0) {
        bytes_.reserve(size);
        u8(version);
    }

    Encoder& u8(std::uint8_t number);
    Encoder& u32(std::uint32_t number);
    Encoder& u64(std::uint64_t number);
    Encoder& varint(std::uint64_t number);
    Encoder& boolean(bool value) { return u8(value ? 1 : 0); }
    Encoder& time(WallTime time);
    Encoder& time(LastingTime time);
    Encoder& string(std::string_view text);
    Encoder& strings(const std::vector<std::string>& list);

    std::string take() { return std::move(bytes_); }

private:
    std::string bytes_;
};

/// Reads what Encoder wrote. The first thing that does not fit makes it failed: from then on every
/// read yields nothing, and finish() says so. So a decoder is written without a check per field.
class Decoder {
public:
    /// Fails unless the first byte, the version of what follows, is one of those that are known.
    Decoder(std::string_view bytes, std::uint8_t newest, std::uint8_t oldest = 1);

    /// Which one it is: a field that came later is read only if it is there.
    std::uint8_t version() const { return version_; }

    std::uint8_t u8();
    std::uint32_t u32();
    std::uint64_t u64();
    std::uint64_t varint();
    /// A byte that must be 0 or 1.
    bool boolean() { return enumerator(1) == 1; }
    /// A byte that must not exceed `last`.
    std::uint8_t enumerator(std::uint8_t last);
    WallTime time();
    LastingTime lasting_time();
    std::string string() { return std::string(view()); }
    std::string_view view();
    std::vector<std::string> strings();
    /// A count of things that take at least one byte each, so never more than there are bytes left.
    std::size_t count();
    /// All that is left.
    std::string_view rest();

    /// Succeeds if everything fitted and nothing is left. `what` names the record in the error.
    Result<> finish(std::string_view what) const;

private:
    std::string_view take(std::size_t size);
    void refuse(std::string_view why);

    std::string_view left_;
    std::uint8_t version_;
    std::string_view problem_;  // empty: none yet
};

}  // namespace clarion::storage
