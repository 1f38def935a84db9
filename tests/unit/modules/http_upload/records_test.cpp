#include "modules/http_upload/records.h"

#include <doctest/doctest.h>

#include <chrono>

#include "base/text.h"
#include "modules/http_upload/slot.h"

namespace clarion::http_upload {
namespace {

using namespace std::chrono_literals;
using storage::DataKind;

const std::string id(2 * id_bytes, 'a');

FileRecord sample() {
    return {.name = "a.png",
            .type = "image/png",
            .size = 258,
            .purpose = Purpose::ephemeral,
            .uploaded = WallTime(1us),
            .expire_before = WallTime(2us)};
}

TEST_CASE("upload records: their bytes") {
    CHECK(hex_encode(encode(Usage{1, 2, 3, 4, LastingTime(5us)})) ==
          "01"
          "0000000000000001"
          "0000000000000002"
          "0000000000000003"
          "0000000000000004"
          "0000000000000005");
    CHECK(
        hex_encode(encode(SlotRecord{SlotState::used, Purpose::profile, 258, LastingTime(5us)})) ==
        "01"
        "02"
        "01"
        "0000000000000102"
        "0000000000000005");
    const std::string file =
        "05"
        "612e706e67"
        "09"
        "696d6167652f706e67"
        "0000000000000102"
        "02"
        "0000000000000001"
        "01"
        "0000000000000002";
    CHECK(hex_encode(encode(sample())) == "01" + file);
    CHECK(hex_encode(encode_tail({storage::OwnerId{7}, sample()})) ==
          "01"
          "0000000000000007" +
              file +
              "00000033"
              "434c55504c4f4144");
    CHECK(hex_encode(file_key(LastingTime(1us), id)) ==
          "66"
          "8000000000000001" +
              id);
    CHECK(hex_encode(slot_key(id)) == "73" + id);
}

TEST_CASE("upload records: read as they were written") {
    const Usage usage{1, 2, 3, 4, LastingTime(5us)};
    CHECK(*decode_usage(encode(usage)) == usage);
    const SlotRecord slot{SlotState::elsewhere, Purpose::permanent, 9, LastingTime(-5us)};
    CHECK(*decode_slot(encode(slot)) == slot);
    FileRecord file = sample();
    CHECK(*decode_file(encode(file)) == file);
    file.expire_before.reset();
    CHECK(*decode_file(encode(file)) == file);
    const FileHead head{storage::OwnerId{7}, file};
    const std::string tail = encode_tail(head);
    CHECK(tail_size(tail.substr(tail.size() - tail_end_bytes)) == tail.size());
    CHECK(*decode_tail(tail) == head);
    const auto key = parse_file_key(file_key(LastingTime(-7us), id));
    REQUIRE(key);
    CHECK(key->since == LastingTime(-7us));
    CHECK(key->id == id);
    CHECK(file_key(LastingTime(-7us), id) < file_key(LastingTime(7us), id));
}

TEST_CASE("upload records: the longest end of a file is within its bound") {
    FileRecord file = sample();
    file.name.assign(1024, 'n');
    file.type.assign(127, 't');
    CHECK(encode_tail({storage::OwnerId{7}, file}).size() <= max_tail_bytes);
}

TEST_CASE("upload records: what is none of them") {
    CHECK_FALSE(decode_usage(""));
    CHECK_FALSE(decode_slot(encode(Usage{})));
    CHECK_FALSE(decode_file("\x02"));
    std::string tail = encode_tail({storage::OwnerId{7}, sample()});
    CHECK_FALSE(decode_tail(tail.substr(1)));
    CHECK_FALSE(decode_tail(""));
    CHECK(tail_size("") == 0);
    CHECK(tail_size("123456789012") == 0);
    CHECK(tail_size(std::string("\xff\xff\xff\xff", 4) + "CLUPLOAD") == 0);
    tail.back() = 'X';
    CHECK_FALSE(decode_tail(tail));
}

TEST_CASE("upload records: what is checked") {
    CHECK(check_record(DataKind::resident, usage_key, encode(Usage{})));
    CHECK(check_record(DataKind::resident, slot_key(id), encode(SlotRecord{})));
    CHECK(check_record(DataKind::stored, file_key({}, id), encode(sample())));
    CHECK_FALSE(check_record(DataKind::stored, usage_key, encode(Usage{})));
    CHECK_FALSE(check_record(DataKind::resident, "x", encode(Usage{})));
    CHECK_FALSE(check_record(DataKind::resident, slot_key(id), encode(Usage{})));
    CHECK_FALSE(check_record(DataKind::stored, file_key({}, id), "x"));
}

}  // namespace
}  // namespace clarion::http_upload
