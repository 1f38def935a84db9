#include "modules/http_upload/records.h"

#include "base/text.h"
#include "modules/http_upload/slot.h"
#include "storage/record_codec.h"

namespace clarion::http_upload {

namespace {

using storage::Decoder;
using storage::Encoder;

constexpr std::uint8_t version = 1;
constexpr std::string_view mark = "CLUPLOAD";
/// So that times before 1970 come first.
constexpr std::uint64_t sign = std::uint64_t{1} << 63;

std::string big_endian(std::uint64_t number, int bytes) {
    std::string text;
    for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8)
        text += static_cast<char>((number >> shift) & 0xff);
    return text;
}

std::uint64_t read_big_endian(std::string_view bytes) {
    std::uint64_t number = 0;
    for (const char byte : bytes) number = number << 8 | static_cast<unsigned char>(byte);
    return number;
}

std::string raw(std::string_view id) { return hex_decode(id).value_or({}); }

void write(Encoder& out, const FileRecord& file) {
    out.string(file.name).string(file.type).u64(file.size);
    out.u8(static_cast<std::uint8_t>(file.purpose)).time(file.uploaded);
    out.boolean(file.expire_before.has_value());
    if (file.expire_before) out.time(*file.expire_before);
}

FileRecord read(Decoder& in) {
    FileRecord file;
    file.name = in.string();
    file.type = in.string();
    file.size = in.u64();
    file.purpose = static_cast<Purpose>(in.enumerator(last_purpose));
    file.uploaded = in.time();
    if (in.boolean()) file.expire_before = in.time();
    return file;
}

template <class T>
Result<T> finish(Decoder& in, T record, std::string_view what) {
    if (auto fits = in.finish(what); !fits) return fits.error();
    return record;
}

template <class T>
Result<> outcome(const Result<T>& decoded) {
    return decoded ? Result<>() : decoded.error();
}

}  // namespace

std::string slot_key(std::string_view id) { return std::string(slot_prefix) + raw(id); }

std::string file_key(LastingTime since, std::string_view id) {
    const auto time = static_cast<std::uint64_t>(since.time_since_epoch().count()) ^ sign;
    return std::string(file_prefix) + big_endian(time, 8) + raw(id);
}

Result<FileKey> parse_file_key(std::string_view key) {
    if (key.size() != 1 + 8 + id_bytes || !key.starts_with(file_prefix))
        return fail("bad-record", "no key of a file");
    const std::uint64_t time = read_big_endian(key.substr(1, 8)) ^ sign;
    return FileKey{LastingTime(std::chrono::microseconds(static_cast<std::int64_t>(time))),
                   hex_encode(key.substr(9))};
}

std::string encode(const Usage& usage) {
    return Encoder(version)
        .u64(usage.bytes)
        .u64(usage.profile_bytes)
        .u64(usage.files)
        .u64(usage.daily)
        .time(usage.daily_at)
        .take();
}

Result<Usage> decode_usage(std::string_view value) {
    Decoder in(value, version);
    Usage usage;
    usage.bytes = in.u64();
    usage.profile_bytes = in.u64();
    usage.files = in.u64();
    usage.daily = in.u64();
    usage.daily_at = in.lasting_time();
    return finish(in, usage, "usage of uploads");
}

std::string encode(const SlotRecord& slot) {
    return Encoder(version)
        .u8(static_cast<std::uint8_t>(slot.state))
        .u8(static_cast<std::uint8_t>(slot.purpose))
        .u64(slot.size)
        .time(slot.ends)
        .take();
}

Result<SlotRecord> decode_slot(std::string_view value) {
    Decoder in(value, version);
    SlotRecord slot;
    slot.state = static_cast<SlotState>(in.enumerator(last_slot_state));
    slot.purpose = static_cast<Purpose>(in.enumerator(last_purpose));
    slot.size = in.u64();
    slot.ends = in.lasting_time();
    return finish(in, slot, "slot");
}

std::string encode(const FileRecord& file) {
    Encoder out(version);
    write(out, file);
    return out.take();
}

Result<FileRecord> decode_file(std::string_view value) {
    Decoder in(value, version);
    FileRecord file = read(in);
    return finish(in, std::move(file), "uploaded file");
}

std::string encode_tail(const FileHead& head) {
    Encoder out(version);
    out.u64(static_cast<std::uint64_t>(head.owner));
    write(out, head.file);
    std::string tail = out.take();
    tail += big_endian(tail.size(), 4);
    tail += mark;
    return tail;
}

std::size_t tail_size(std::string_view end) {
    if (end.size() != tail_end_bytes || !end.ends_with(mark)) return 0;
    const std::uint64_t size = read_big_endian(end.substr(0, 4)) + tail_end_bytes;
    return size <= max_tail_bytes ? size : 0;
}

Result<FileHead> decode_tail(std::string_view tail) {
    if (tail.size() < tail_end_bytes ||
        tail_size(tail.substr(tail.size() - tail_end_bytes)) != tail.size())
        return fail("bad-record", "no end of an uploaded file");
    Decoder in(tail.substr(0, tail.size() - tail_end_bytes), version);
    FileHead head;
    head.owner = storage::OwnerId{in.u64()};
    head.file = read(in);
    return finish(in, std::move(head), "end of an uploaded file");
}

Result<> check_record(storage::DataKind kind, std::string_view key, std::string_view value) {
    if (kind == storage::DataKind::stored) {
        if (auto parsed = parse_file_key(key); !parsed) return parsed.error();
        return outcome(decode_file(value));
    }
    if (key == usage_key) return outcome(decode_usage(value));
    if (key.starts_with(slot_prefix) && key.size() == 1 + id_bytes)
        return outcome(decode_slot(value));
    return fail("bad-record", "an entry of uploads under an unknown key");
}

}  // namespace clarion::http_upload
