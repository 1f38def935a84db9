#include "modules/last_activity/departure.h"

#include "storage/record_codec.h"

namespace clarion::last_activity {
namespace {

constexpr std::uint8_t version = 1;

}  // namespace

std::string encode(const Departure& departure) {
    return storage::Encoder(version).time(departure.time).string(departure.status).take();
}

Result<Departure> decode_departure(std::string_view value) {
    storage::Decoder in(value, version);
    Departure departure;
    departure.time = in.time();
    departure.status = in.string();
    if (auto fits = in.finish("departure"); !fits) return fits.error();
    return departure;
}

}  // namespace clarion::last_activity
