#include "modules/bookmarks/records.h"

#include "storage/record_codec.h"

namespace clarion::bookmarks {

namespace {

constexpr std::uint8_t version = 1;

}  // namespace

std::string encode_others(const std::vector<std::string>& others) {
    return storage::Encoder(version).strings(others).take();
}

Result<std::vector<std::string>> decode_others(std::string_view value) {
    storage::Decoder in(value, version);
    std::vector<std::string> others = in.strings();
    if (auto fits = in.finish("what a list of bookmarks has beside rooms"); !fits)
        return fits.error();
    return others;
}

std::string encode(const Removed& removed) {
    storage::Encoder out(version);
    out.time(removed.time).varint(removed.items.size());
    for (const pubsub::ItemText& item : removed.items) out.string(item.id).string(item.payload);
    return out.strings(removed.others).take();
}

Result<Removed> decode_removed(std::string_view value) {
    storage::Decoder in(value, version);
    Removed removed;
    removed.time = in.lasting_time();
    const std::size_t count = in.count();
    for (std::size_t i = 0; i < count; ++i) {
        pubsub::ItemText item{in.string(), in.string()};
        removed.items.push_back(std::move(item));
    }
    removed.others = in.strings();
    if (auto fits = in.finish("removed bookmarks"); !fits) return fits.error();
    return removed;
}

Result<> check_entry(storage::DataKind, std::string_view key, std::string_view value) {
    if (key == others_key) {
        const auto others = decode_others(value);
        return others ? Result<>() : others.error();
    }
    if (key != removed_key) return fail("bad-record", "an unknown key");
    const auto removed = decode_removed(value);
    return removed ? Result<>() : removed.error();
}

}  // namespace clarion::bookmarks
