#include "modules/vcard/photo.h"

#include <algorithm>

#include "base/text.h"
#include "modules/vcard/image_header.h"
#include "proto/crypto.h"
#include "proto/ns.h"
#include "proto/xml_writer.h"

namespace clarion::vcard {
namespace {

/// White space is allowed anywhere in it (RFC 2045, 6.8; XEP-0084, 4.1).
std::string without_space(std::string_view text) {
    std::string dense(text);
    std::erase_if(dense, [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; });
    return dense;
}

bool is_type(std::string_view text) {
    return text.starts_with("image/") || text.starts_with("video/");
}

/// `said`: what its publisher says it is. It is a hint, but it is what others are told, if it is
/// one (XEP-0084, 4.2.1).
std::optional<Photo> decode(std::string_view base64, std::string_view said) {
    auto image = base64_decode(without_space(base64));
    if (!image || image->empty()) return std::nullopt;
    std::string hash = crypto::sha1(*image);
    std::string type(trim(said));
    if (!is_type(type)) {
        const auto header = read_image_header(*image);
        type = header ? header->type : "image/png";
    }
    return Photo{std::move(*image), std::move(type), std::move(hash)};
}

bool is_sha1(std::string_view text) {
    const auto bytes = hex_decode(text);
    return bytes && bytes->size() == crypto::digest_size(crypto::Hash::sha1);
}

const xml::Element* find_update(const xml::Element& presence) {
    return presence.child(ns::vcard_update, "x");
}

}  // namespace

std::optional<Photo> read_photo(const xml::Element& vcard) {
    const xml::Element* photo = vcard.child(ns::vcard, "PHOTO");
    if (!photo) return std::nullopt;
    return decode(photo->child_text(ns::vcard, "BINVAL"), photo->child_text(ns::vcard, "TYPE"));
}

bool has_image(const xml::Element& field) {
    return !trim(field.child_text(ns::vcard, "BINVAL")).empty();
}

void add_photo(xml::Element& vcard, const Photo& photo) {
    xml::Element& field = vcard.add("PHOTO");
    field.add_text_child("TYPE", photo.type);
    field.add_text_child("BINVAL", base64_encode(photo.image));
}

std::vector<AvatarInfo> read_metadata(const xml::Element& metadata) {
    std::vector<AvatarInfo> infos;
    if (!metadata.is(ns::avatar_metadata, "metadata")) return infos;
    for (const xml::Element& info : metadata.children()) {
        if (!info.is(ns::avatar_metadata, "info") || info.has_attr("url")) continue;
        const std::string_view id = info.attr("id");
        if (!is_sha1(id)) continue;
        const auto bytes = parse_int(info.attr("bytes"));
        infos.push_back({.id = to_lower_ascii(id),
                         .item = std::string(id),
                         .type = std::string(info.attr("type")),
                         .bytes = bytes && *bytes > 0 ? static_cast<std::uint64_t>(*bytes) : 0});
    }
    // Everybody can show a PNG.
    std::stable_partition(infos.begin(), infos.end(),
                          [](const AvatarInfo& info) { return info.type == "image/png"; });
    return infos;
}

std::optional<Photo> read_data(const xml::Element& data, const AvatarInfo& info) {
    if (!data.is(ns::avatar_data, "data")) return std::nullopt;
    auto photo = decode(data.text(), info.type);
    if (!photo || hash_text(*photo) != info.id) return std::nullopt;
    return photo;
}

std::string hash_text(const Photo& photo) { return hex_encode(photo.hash); }

std::string make_data(const Photo& photo) {
    xml::Document data("data", ns::avatar_data);
    data.root().add_text(base64_encode(photo.image));
    return xml::to_string(data.root());
}

std::string make_metadata(const Photo& photo) {
    xml::Document metadata("metadata", ns::avatar_metadata);
    xml::Element& info = metadata.root().add("info");
    info.set_attr("bytes", std::to_string(photo.image.size()));
    info.set_attr("id", hash_text(photo)).set_attr("type", photo.type);
    const auto header = read_image_header(photo.image);
    if (header && header->width > 0 && header->height > 0) {
        info.set_attr("width", std::to_string(header->width));
        info.set_attr("height", std::to_string(header->height));
    }
    return xml::to_string(metadata.root());
}

std::string no_metadata() {
    return xml::to_string(xml::Document("metadata", ns::avatar_metadata).root());
}

bool wants_photo(const xml::Element& presence, std::string_view photo) {
    const xml::Element* update = find_update(presence);
    const xml::Element* said = update ? update->child(ns::vcard_update, "photo") : nullptr;
    if (!said) return true;
    const std::string_view text = trim(said->text());
    return !text.empty() && text != photo;
}

void set_photo(xml::Element& presence, std::string_view photo) {
    while (const xml::Element* update = find_update(presence)) presence.remove(*update);
    presence.add("x", ns::vcard_update).add_text_child("photo", photo);
}

}  // namespace clarion::vcard
