#include "modules/push/registration_codec.h"

#include "storage/record_codec.h"

namespace clarion::push {
namespace {

constexpr std::uint8_t version = 1;
constexpr std::size_t key_size = 8;

}  // namespace

std::string registration_key(std::uint64_t seq) {
    std::string key(key_size, '\0');
    for (std::size_t i = key_size; i > 0; --i, seq >>= 8) key[i - 1] = static_cast<char>(seq);
    return key;
}

std::string encode(const events::PushRegistration& registration) {
    storage::Encoder out(version);
    out.string(registration.service)
        .boolean(registration.has_node)
        .string(registration.node)
        .string(registration.device)
        .string(registration.publish_options)
        .string(registration.extensions)
        .string(registration.attributes)
        .string(registration.lang)
        .time(registration.created)
        .time(registration.last_used)
        .time(registration.failing_since)
        .u32(registration.errors)
        .u32(registration.unreachable)
        .varint(registration.unread)
        .u64(static_cast<std::uint64_t>(registration.notified_up_to))
        .varint(registration.notified.size());
    for (const auto identity : registration.notified) out.u64(identity);
    return out.take();
}

Result<events::PushRegistration> decode_registration(std::string_view key, std::string_view value) {
    if (key.size() != key_size) return fail("bad-record", "the key of a push registration");
    events::PushRegistration registration;
    for (const char byte : key)
        registration.seq = registration.seq << 8 | static_cast<unsigned char>(byte);
    storage::Decoder in(value, version);
    registration.service = in.string();
    registration.has_node = in.boolean();
    registration.node = in.string();
    registration.device = in.string();
    registration.publish_options = in.string();
    registration.extensions = in.string();
    registration.attributes = in.string();
    registration.lang = in.string();
    registration.created = in.time();
    registration.last_used = in.time();
    registration.failing_since = in.lasting_time();
    registration.errors = in.u32();
    registration.unreachable = in.u32();
    registration.unread = in.varint();
    registration.notified_up_to = storage::ArchiveId{in.u64()};
    registration.notified.resize(in.count());
    for (auto& identity : registration.notified) identity = in.u64();
    if (auto fits = in.finish("push registration"); !fits) return fits.error();
    return registration;
}

Result<> check_entry(storage::DataKind, std::string_view key, std::string_view value) {
    const auto registration = decode_registration(key, value);
    return registration ? Result<>() : registration.error();
}

}  // namespace clarion::push
