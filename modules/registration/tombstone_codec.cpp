#include "modules/registration/tombstone_codec.h"

#include "storage/record_codec.h"

namespace clarion::registration {
namespace {

constexpr std::uint8_t version = 1;

}  // namespace

std::string encode_tombstone(LastingTime deleted) {
    return storage::Encoder(version).time(deleted).take();
}

Result<LastingTime> decode_tombstone(std::string_view value) {
    storage::Decoder in(value, version);
    const LastingTime deleted = in.lasting_time();
    if (auto fits = in.finish("tombstone"); !fits) return fits.error();
    return deleted;
}

}  // namespace clarion::registration
