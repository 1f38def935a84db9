#include "modules/administration/address_list.h"

#include "storage/record_codec.h"

namespace clarion::administration {

namespace {

constexpr std::uint8_t version = 1;

}  // namespace

bool AddressList::covers(const Jid& who) const {
    if (addresses_.empty() || who.empty()) return false;
    if (contains(who.full()) || contains(who.bare())) return true;
    std::string_view domain = who.domain();
    while (!contains(domain)) {
        const std::size_t dot = domain.find('.');
        if (dot == std::string_view::npos) return false;
        domain.remove_prefix(dot + 1);
    }
    return true;
}

std::string encode(const AddressList& list) {
    return storage::Encoder(version).strings(list.all()).take();
}

Result<AddressList> decode_address_list(std::string_view bytes) {
    storage::Decoder in(bytes, version);
    const std::vector<std::string> addresses = in.strings();
    if (auto fits = in.finish("address list"); !fits) return fits.error();
    return AddressList(addresses);
}

}  // namespace clarion::administration
