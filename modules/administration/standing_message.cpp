#include "modules/administration/standing_message.h"

#include "modules/administration/address_list.h"
#include "storage/record_codec.h"

namespace clarion::administration {

namespace {

constexpr std::uint8_t message_version = 1;
constexpr std::uint8_t mark_version = 1;

}  // namespace

std::string encode(const StandingMessage& message) {
    return storage::Encoder(message_version).time(message.since).string(message.text).take();
}

Result<StandingMessage> decode_message(std::string_view bytes) {
    storage::Decoder in(bytes, message_version);
    StandingMessage message;
    message.since = in.time();
    message.text = in.string();
    if (auto fits = in.finish("standing message"); !fits) return fits.error();
    return message;
}

std::string encode_mark(WallTime since) {
    return storage::Encoder(mark_version).time(since).take();
}

Result<WallTime> decode_mark(std::string_view bytes) {
    storage::Decoder in(bytes, mark_version);
    const WallTime since = in.time();
    if (auto fits = in.finish("mark of a standing message"); !fits) return fits.error();
    return since;
}

Result<> check_entry(storage::DataKind kind, std::string_view key, std::string_view value) {
    if (kind == storage::DataKind::stored && (key == blacklist_key || key == whitelist_key)) {
        const auto list = decode_address_list(value);
        return list ? Result<>() : list.error();
    }
    if (key != motd_key && key != welcome_key)
        return fail("bad-record", "a standing message under another key");
    if (kind == storage::DataKind::resident) {
        const auto mark = decode_mark(value);
        return mark ? Result<>() : mark.error();
    }
    const auto message = decode_message(value);
    return message ? Result<>() : message.error();
}

}  // namespace clarion::administration
