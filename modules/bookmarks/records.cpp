#include "modules/bookmarks/records.h"

#include <utility>

#include "storage/record_codec.h"

namespace clarion::bookmarks {

namespace {

constexpr std::uint8_t version = 1;

void encode_items(storage::Encoder& out, const std::vector<pubsub::ItemText>& items) {
    out.varint(items.size());
    for (const pubsub::ItemText& item : items) out.string(item.id).string(item.payload);
}

std::vector<pubsub::ItemText> decode_items(storage::Decoder& in) {
    std::vector<pubsub::ItemText> items;
    for (std::size_t left = in.count(); left > 0; --left) {
        pubsub::ItemText item{in.string(), in.string()};
        items.push_back(std::move(item));
    }
    return items;
}

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
    out.time(removed.time);
    encode_items(out, removed.items);
    return out.strings(removed.others).take();
}

Result<Removed> decode_removed(std::string_view value) {
    storage::Decoder in(value, version);
    Removed removed;
    removed.time = in.lasting_time();
    removed.items = decode_items(in);
    removed.others = in.strings();
    if (auto fits = in.finish("removed bookmarks"); !fits) return fits.error();
    return removed;
}

std::string encode(const Unfinished& unfinished) {
    storage::Encoder out(version);
    encode_items(out, unfinished.publish);
    out.strings(unfinished.retract).strings(unfinished.others);
    return out.boolean(unfinished.removes_most).take();
}

Result<Unfinished> decode_unfinished(std::string_view value) {
    storage::Decoder in(value, version);
    Unfinished unfinished;
    unfinished.publish = decode_items(in);
    unfinished.retract = in.strings();
    unfinished.others = in.strings();
    unfinished.removes_most = in.boolean();
    if (auto fits = in.finish("a list of bookmarks that is being written"); !fits)
        return fits.error();
    return unfinished;
}

Result<> check_entry(storage::DataKind, std::string_view key, std::string_view value) {
    if (key == others_key) {
        const auto others = decode_others(value);
        return others ? Result<>() : others.error();
    }
    if (key == unfinished_key) {
        const auto unfinished = decode_unfinished(value);
        return unfinished ? Result<>() : unfinished.error();
    }
    if (key != removed_key) return fail("bad-record", "an unknown key");
    const auto removed = decode_removed(value);
    return removed ? Result<>() : removed.error();
}

}  // namespace clarion::bookmarks
