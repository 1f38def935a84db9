#include "modules/vcard/vcard_codec.h"

#include "proto/crypto.h"
#include "storage/record_codec.h"

namespace clarion::vcard {
namespace {

constexpr std::uint8_t version = 2;

bool is_hash(std::string_view bytes) {
    return bytes.empty() || bytes.size() == crypto::digest_size(crypto::Hash::sha1);
}

}  // namespace

std::string encode_vcard(const StoredVcard& vcard) {
    storage::Encoder out(version, vcard.xml.size() + 16);
    out.string(vcard.xml).varint(vcard.from_node.size());
    for (const std::uint32_t index : vcard.from_node) out.varint(index);
    return out.take();
}

Result<StoredVcard> decode_vcard(std::string_view value) {
    storage::Decoder in(value, version);
    StoredVcard vcard{.xml = in.string()};
    const std::size_t count = in.version() < 2 ? 0 : in.count();
    for (std::size_t i = 0; i < count; ++i)
        vcard.from_node.push_back(static_cast<std::uint32_t>(in.varint()));
    if (auto fits = in.finish("vCard"); !fits) return fits.error();
    return vcard;
}

std::string encode_standing(const Standing& standing) {
    storage::Encoder out(version, 80);
    out.string(standing.photo).u8(static_cast<std::uint8_t>(standing.audience));
    out.boolean(standing.in_presence).boolean(standing.photo_in_node);
    out.boolean(standing.fields_in_node).boolean(standing.avatar_owed);
    out.boolean(standing.vcard4_owed).string(standing.seen_avatar).string(standing.seen_vcard4);
    return out.take();
}

Result<Standing> decode_standing(std::string_view value) {
    storage::Decoder in(value, version);
    Standing standing{.photo = in.string(), .in_presence = true};
    if (in.version() < 2) {  // what its vCard says was not published then
        standing.avatar_owed = !standing.photo.empty();
        standing.vcard4_owed = true;
    } else {
        standing.audience = static_cast<Audience>(in.enumerator(2));
        standing.in_presence = in.boolean();
        standing.photo_in_node = in.boolean();
        standing.fields_in_node = in.boolean();
        standing.avatar_owed = in.boolean();
        standing.vcard4_owed = in.boolean();
        standing.seen_avatar = in.string();
        standing.seen_vcard4 = in.string();
    }
    if (auto fits = in.finish("standing of a vCard"); !fits) return fits.error();
    if (!is_hash(standing.photo) || !is_hash(standing.seen_avatar) ||
        !is_hash(standing.seen_vcard4))
        return fail("bad-record", "a hash has another length");
    return standing;
}

}  // namespace clarion::vcard
