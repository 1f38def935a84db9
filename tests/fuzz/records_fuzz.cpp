// Decoding of stored records: any bytes are either refused or decoded to something that encodes
// again and decodes to the same. First byte of the input: which record.
#include <boost/asio/impl/src.hpp>  // the interfaces name Task, and Asio's headers want their bodies
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "storage/records.h"

namespace {

using namespace clarion;
using namespace clarion::storage;

/// Encodings are not unique (a varint may have leading zeros), so two rounds are compared.
template <class Record, class Decode>
void check(const Result<Record>& record, Decode decode) {
    if (!record) return;
    const std::string once = encode(*record);
    const auto again = decode(std::string_view(once));
    if (!again || encode(*again) != once) std::abort();
}

template <class Decode>
void check_round(std::string_view bytes, Decode decode) {
    check(decode(bytes), decode);
}

void check_views(std::string_view bytes) {
    if (const auto log = decode_log(bytes)) {
        if (encode_log_head(log->time) + std::string(log->xml) != bytes) std::abort();
    }
    if (const auto number = decode_number(bytes)) {
        if (encode_number(*number) != bytes) std::abort();
    }
    if (const auto address = decode_address(bytes)) {
        if (*decode_address(encode_address(*address)) != *address) std::abort();
    }
    if (const auto spool = decode_spool(1, bytes)) {
        const auto head = encode_spool_head(spool->domain, spool->stanza.time);
        if (!decode_spool(1, head + spool->stanza.xml)) std::abort();
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
    switch (data[0] % 10) {
        case 0: check_round(bytes, decode_name); break;
        case 1:
            check_round(bytes, [](std::string_view in) { return decode_account(OwnerId{1}, in); });
            break;
        case 2: check_round(bytes, decode_roster_item); break;
        case 3: check_round(bytes, decode_archive_index); break;
        case 4:
            check_round(bytes,
                        [](std::string_view in) { return decode_hibernating_session(1, in); });
            break;
        case 5:
            check_round(bytes, [](std::string_view in) { return decode_online_record(1, in); });
            break;
        case 6: {
            // A reference has no bytes of its own when written, so only the decoding is checked.
            if (const auto kept = decode_kept_stanza(bytes)) (void)encode(*kept);
            break;
        }
        case 7:
            check_round(bytes, [](std::string_view in) { return decode_pending_publish(1, in); });
            break;
        case 8: check_round(bytes, decode_directed_presence); break;
        default: check_views(bytes);
    }
    return 0;
}
