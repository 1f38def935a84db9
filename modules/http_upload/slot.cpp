#include "modules/http_upload/slot.h"

#include <algorithm>

#include "base/text.h"
#include "proto/crypto.h"
#include "server/core/http/http_target.h"
#include "storage/record_codec.h"

namespace clarion::http_upload {

namespace {

constexpr std::uint8_t version = 1;
constexpr std::string_view scheme = "Bearer ";

std::string encode(const Slot& slot) {
    storage::Encoder out(version);
    out.string(slot.id).string(slot.account).string(slot.domain).u64(slot.size).string(slot.name);
    out.string(slot.type).u8(static_cast<std::uint8_t>(slot.purpose)).time(slot.ends);
    out.boolean(slot.expire_before.has_value());
    if (slot.expire_before) out.time(*slot.expire_before);
    return out.take();
}

Result<Slot> decode(std::string_view bytes) {
    storage::Decoder in(bytes, version);
    Slot slot;
    slot.id = in.string();
    slot.account = in.string();
    slot.domain = in.string();
    slot.size = in.u64();
    slot.name = in.string();
    slot.type = in.string();
    slot.purpose = static_cast<Purpose>(in.enumerator(last_purpose));
    slot.ends = in.lasting_time();
    if (in.boolean()) slot.expire_before = in.time();
    if (auto fits = in.finish("slot"); !fits) return fits.error();
    return slot;
}

Error refused() { return fail("not-authorized", "it is no slot of this server"); }

}  // namespace

std::string make_id() { return hex_encode(crypto::random_bytes(id_bytes)); }

bool is_id(std::string_view text) {
    return text.size() == 2 * id_bytes &&
           text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

std::string make_authorization(const Slot& slot, std::string_view key) {
    const std::string bytes = encode(slot);
    return std::string(scheme) + base64url_encode(bytes) + "." +
           base64url_encode(crypto::hmac_sha256(key, bytes));
}

Result<Slot> read_authorization(std::string_view value, std::string_view key) {
    if (!equal_ignoring_case(value.substr(0, scheme.size()), scheme)) return refused();
    const auto parts = split(trim(value.substr(scheme.size())), '.');
    if (parts.size() != 2) return refused();
    const auto bytes = base64url_decode(parts[0]), signature = base64url_decode(parts[1]);
    if (!bytes || !signature ||
        !crypto::constant_time_equal(*signature, crypto::hmac_sha256(key, *bytes)))
        return refused();
    auto slot = decode(*bytes);
    if (!slot) return refused();
    return slot;
}

std::string path_of(const Slot& slot) {
    return std::string(path_prefix) + slot.id + "/" + core::percent_encode(slot.name);
}

std::optional<FilePath> parse_path(std::string_view path) {
    if (!path.starts_with(path_prefix)) return std::nullopt;
    path.remove_prefix(path_prefix.size());
    const std::size_t slash = path.find('/');
    if (slash == std::string_view::npos) return std::nullopt;
    const FilePath parsed{path.substr(0, slash), path.substr(slash + 1)};
    if (!is_id(parsed.id) || parsed.name.empty() || parsed.name.find('/') != std::string_view::npos)
        return std::nullopt;
    return parsed;
}

ExternalUrls external_urls(const Slot& slot, std::string_view base_url, std::string_view secret) {
    std::string signed_text = slot.id + "/" + slot.name;
    signed_text += '\0';
    signed_text += std::to_string(slot.size);
    signed_text += '\0';
    signed_text += slot.type.empty() ? "application/octet-stream" : slot.type;
    std::string get(base_url);
    if (!get.ends_with('/')) get += '/';
    get += slot.id + "/" + core::percent_encode(slot.name);
    return {get + "?v2=" + hex_encode(crypto::hmac_sha256(secret, signed_text)), get};
}

}  // namespace clarion::http_upload
