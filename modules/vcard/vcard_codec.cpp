#include "modules/vcard/vcard_codec.h"

#include "proto/crypto.h"
#include "storage/record_codec.h"

namespace clarion::vcard {
namespace {

constexpr std::uint8_t version = 1;

}  // namespace

std::string encode_vcard(std::string_view xml) {
    return storage::Encoder(version, xml.size() + 8).string(xml).take();
}

Result<std::string> decode_vcard(std::string_view value) {
    storage::Decoder in(value, version);
    std::string xml = in.string();
    if (auto fits = in.finish("vCard"); !fits) return fits.error();
    return xml;
}

std::string encode_photo(std::string_view hash) {
    return storage::Encoder(version, hash.size() + 2).string(hash).take();
}

Result<std::string> decode_photo(std::string_view value) {
    storage::Decoder in(value, version);
    std::string hash = in.string();
    if (auto fits = in.finish("photo"); !fits) return fits.error();
    if (!hash.empty() && hash.size() != crypto::digest_size(crypto::Hash::sha1))
        return fail("bad-record", "the hash of a photo has another length");
    return hash;
}

}  // namespace clarion::vcard
