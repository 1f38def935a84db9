#include "proto/partition.h"

#include <bit>
#include <cstring>

namespace clarion {
namespace {

// Stored in every key that begins with a partition: never change.
constexpr std::uint64_t key0 = 0x436c6172696f6e20;  // "Clarion "
constexpr std::uint64_t key1 = 0x686f6d6573202020;  // "homes   "

std::uint64_t little_endian(std::string_view bytes) {
    std::uint64_t number = 0;
    if (std::endian::native == std::endian::little && !bytes.empty()) {
        std::memcpy(&number, bytes.data(), bytes.size());
        return number;
    }
    for (std::size_t i = bytes.size(); i > 0; --i)
        number = number << 8 | static_cast<unsigned char>(bytes[i - 1]);
    return number;
}

struct SipState {
    std::uint64_t v0, v1, v2, v3;

    void round() {
        v0 += v1;
        v1 = std::rotl(v1, 13) ^ v0;
        v0 = std::rotl(v0, 32);
        v2 += v3;
        v3 = std::rotl(v3, 16) ^ v2;
        v0 += v3;
        v3 = std::rotl(v3, 21) ^ v0;
        v2 += v1;
        v1 = std::rotl(v1, 17) ^ v2;
        v2 = std::rotl(v2, 32);
    }
    void take(std::uint64_t word) {
        v3 ^= word;
        round();
        round();
        v0 ^= word;
    }
};

}  // namespace

std::uint64_t siphash(std::uint64_t key_low, std::uint64_t key_high, std::string_view text) {
    SipState state{key_low ^ 0x736f6d6570736575, key_high ^ 0x646f72616e646f6d,
                   key_low ^ 0x6c7967656e657261, key_high ^ 0x7465646279746573};
    const std::uint64_t size = text.size();
    for (; text.size() >= 8; text.remove_prefix(8)) state.take(little_endian(text.substr(0, 8)));
    state.take(size << 56 | little_endian(text));
    state.v2 ^= 0xff;
    for (int i = 0; i < 4; ++i) state.round();
    return state.v0 ^ state.v1 ^ state.v2 ^ state.v3;
}

Partition partition_of(std::string_view address) {
    return Partition{static_cast<std::uint16_t>(siphash(key0, key1, address) % partition_count)};
}

PartitionSet PartitionSet::all() {
    PartitionSet set;
    set.bits_.set();
    return set;
}

std::optional<Partition> PartitionSet::first_from(std::size_t from) const {
    for (; from < partition_count; ++from)
        if (bits_.test(from)) return Partition{static_cast<std::uint16_t>(from)};
    return std::nullopt;
}

}  // namespace clarion
