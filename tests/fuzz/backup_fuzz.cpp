// The backup reader: any bytes are refused, or are a whole backup. An even first byte: the rest is
// the file as it is. An odd one: the rest are blocks (kind, length in two bytes, payload), which
// get right digests, so that what lies behind them is reached too.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "storage/backup_format.h"

namespace {

using namespace clarion;
using namespace clarion::storage;

std::string sealed(std::string_view input) {
    BackupSealer sealer;
    std::string file(BackupSealer::magic());
    while (input.size() >= 3) {
        const auto kind = static_cast<BackupBlock>(input[0]);
        const std::size_t size = static_cast<std::size_t>(static_cast<unsigned char>(input[1]))
                                     << 8 |
                                 static_cast<unsigned char>(input[2]);
        const auto payload = input.substr(3, size);
        input.remove_prefix(3 + payload.size());
        file += sealer.seal(kind, payload);
    }
    return file;
}

BackupSource source_of(std::string_view& left) {
    return [&left](char* out, std::size_t size) -> Result<std::size_t> {
        const std::size_t got = left.copy(out, size);
        left.remove_prefix(got);
        return got;
    };
}

/// Reads all; a whole one must keep what its reader promises.
void check(std::string_view file) {
    std::string_view left = file;
    BackupReader reader(source_of(left));
    if (!reader.open()) return;
    std::uint64_t records = 0;
    for (BackupRecord record;; ++records) {
        const auto more = reader.next(record);
        if (!more) return;
        if (!*more) break;
        if (record.table >= reader.header().tables.size() || record.key.empty()) std::abort();
        std::string again;
        append_record(again, record);
        if (again.size() > record.key.size() + record.value.size() + 20) std::abort();
    }
    if (!left.empty() || reader.position() != file.size()) std::abort();
    if (records != reader.end().records) std::abort();
    if (reader.end().entries.size() != reader.header().tables.size()) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
    if (data[0] % 2 == 0)
        check(bytes);
    else
        check(sealed(bytes));
    return 0;
}
