#include "modules/caps/stored_text.h"

#include "proto/entity_caps.h"
#include "storage/record_codec.h"

namespace clarion::caps {

namespace {

constexpr std::uint8_t version = 1;

}  // namespace

std::string encode(const StoredText& stored) {
    storage::Encoder out(version);
    out.time(stored.used).string(stored.text);
    return out.take();
}

Result<StoredText> decode_text(std::string_view key, std::string_view value) {
    storage::Decoder in(value, version);
    StoredText stored;
    stored.used = in.time();
    stored.text = in.string();
    if (auto fits = in.finish("capabilities"); !fits) return fits.error();
    const auto space = key.find(' ');
    if (space == std::string_view::npos ||
        caps_ver(key.substr(0, space), stored.text) != key.substr(space + 1))
        return fail("bad-record", "these capabilities have another hash");
    return stored;
}

Result<> check_entry(storage::DataKind, std::string_view key, std::string_view value) {
    const auto stored = decode_text(key, value);
    return stored ? Result<>() : stored.error();
}

}  // namespace clarion::caps
