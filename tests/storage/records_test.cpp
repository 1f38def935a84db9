// Records and keys: the bytes that docs/formats.md promises, and what is refused.
#include "storage/records.h"

#include <doctest/doctest.h>

#include "storage/kv/keys.h"
#include "storage/record_codec.h"

namespace clarion::storage {
namespace {

std::string hex(std::string_view bytes) {
    std::string text;
    for (const char byte : bytes) {
        text += "0123456789abcdef"[static_cast<unsigned char>(byte) >> 4];
        text += "0123456789abcdef"[byte & 15];
    }
    return text;
}

LastingTime lasting(std::int64_t microseconds) {
    return LastingTime(std::chrono::microseconds(microseconds));
}

WallTime moment(std::int64_t microseconds) {
    return WallTime(std::chrono::microseconds(microseconds));
}

TEST_CASE("records have the bytes that the format page shows") {
    CHECK(hex(encode(NameRecord{OwnerId{0x000001000000035d}, "r@x"})) ==
          "01"
          "000001000000035d"
          "03724078");
    CHECK(hex(encode_number(300)) == "01000000000000012c");
    CHECK(hex(encode_empty()) == "01");
    CHECK(hex(encode_log_head(moment(1'700'000'000'000'000))) == "0100060a24181e4000");
    CHECK(hex(encode_spool_head("x.y", moment(-1))) == "0103782e79ffffffffffffffff");
    CHECK(hex(encode(KeptStanza{{.archive_id = ArchiveId{2}, .received = moment(3)}, "<m/>"})) ==
          "01"
          "0000000000000000"
          "0000000000000002"
          "0000000000000003"
          "043c6d2f3e"
          "00"
          "00");
    CHECK(hex(encode(ArchiveIndexRecord{LogId{1}, moment(2), 3, 4, 6, 7, 5, 8})) ==
          "01"
          "0000000000000001"
          "0000000000000002"
          "0000000000000003"
          "0000000000000004"
          "00000006"
          "00000007"
          "0000000000000005"
          "0000000000000008");
    CHECK(hex(encode(ArchiveStep{moment(2), moment(1)})) ==
          "01"
          "0000000000000002"
          "0000000000000001");
    CHECK(hex(encode(ClockMark{lasting(1), moment(2), "b", std::chrono::microseconds(3)})) ==
          "01"
          "0000000000000001"
          "0000000000000002"
          "0162"
          "0000000000000003");
    CHECK(hex(encode(RosterItem{.jid = "j@x",
                                .name = "J",
                                .groups = {"A", "B"},
                                .subscription = Subscription::both,
                                .listed = true})) ==
          "01"
          "036a4078"
          "014a"
          "0201410142"
          "03"
          "00"
          "00"
          "00"
          "01");
    CHECK(hex(encode(AccountRecord{.jid = "r@x", .created = moment(1), .administrator = true})) ==
          "02"
          "03724078"
          "0000000000000001"
          "00"
          "01"
          "00"
          "00");
    CHECK(
        hex(encode(OnlineRecord{.run = 2, .resource = "h", .handled_in = 5, .available = true})) ==
        "01"
        "0000000000000002"
        "0168"
        "00"
        "00000005"
        "01"
        "00");
    CHECK(hex(encode(DirectedPresence{"r@x/n", lasting(258)})) ==
          "01"
          "0000000000000102"
          "057240782f6e");
}

TEST_CASE("an account of before there were administrators is none") {
    std::string bytes = encode(AccountRecord{.jid = "r@x", .created = moment(1), .disabled = true});
    bytes[0] = 1;
    bytes.erase(14, 1);
    const auto old = decode_account(OwnerId{7}, bytes);
    REQUIRE(old);
    CHECK(old->id == OwnerId{7});
    CHECK(old->jid == "r@x");
    CHECK(old->disabled);
    CHECK_FALSE(old->administrator);
    CHECK_FALSE(decode_account(OwnerId{7}, bytes + "x"));
}

TEST_CASE("keys sort as their numbers do") {
    const auto before = [](const Key& a, const Key& b) { return a.view() < b.view(); };
    CHECK(before(log_key(LogId{255}), log_key(LogId{256})));
    CHECK(before(archive_key(OwnerId{1}, ArchiveId{UINT64_MAX}),
                 archive_key(OwnerId{2}, ArchiveId{0})));
    CHECK(before(deadline_key({.at = lasting(-1)}), deadline_key({.at = lasting(0)})));
    CHECK(before(deadline_key({.at = lasting(1)}), deadline_key({.at = lasting(256)})));
    CHECK(hex(name_key(OwnerKind::account, "r@x.y")) == "01782e790072");
    CHECK(hex(spool_key("x.y", 1)) == "016b782e79000000000000000001");
    CHECK(hex(queued_key(OwnerId{1}, 2, 3)) ==
          "0000000000000001"
          "0000000000000002"
          "00000003");
    CHECK(hex(roster_item_key(OwnerId{1}, "j@x")) ==
          "0000000000000001"
          "04"
          "6a4078");
    const Deadline deadline{lasting(-7), OwnerId{9}, DeadlineKind::hibernation_expires, 11};
    const Deadline back = key_deadline(deadline_key(deadline));
    CHECK(back.at == deadline.at);
    CHECK(back.account == deadline.account);
    CHECK(back.subject == deadline.subject);
    CHECK(hex(partitioned_key(OwnerId{0x409}, 7)) ==
          "0009"
          "0000000000000409"
          "0000000000000007");
    CHECK(before(partitioned_key(OwnerId{0x409}, 7), partitioned_key(OwnerId{0x10a}, 1)));
    CHECK(before(deadline_key({.at = lasting(9), .account = OwnerId{1}}),
                 deadline_key({.at = lasting(1), .account = OwnerId{2}})));
    CHECK(key_partition(deadline_key({.account = OwnerId{0x409}})) == Partition{9});
}

TEST_CASE("long text in keys is bounded and kept apart") {
    const std::string longest(10'000, 'x');
    CHECK(name_key(OwnerKind::actor, longest + "@" + longest).view().size() <= max_key_size);
    CHECK(roster_item_key(OwnerId{1}, longest).view().size() <= max_key_size);
    CHECK(spool_key(longest, 1).view().size() <= max_key_size);
    CHECK(roster_item_key(OwnerId{1}, longest + "a").view() !=
          roster_item_key(OwnerId{1}, longest + "b").view());
    // A long text's key has a length no short text's has.
    CHECK(Key().text(std::string(20, 'x') + longest, 50).view().size() == 51);
    CHECK(Key().text(std::string(50, 'x'), 50).view().size() == 50);
}

template <class Decode>
void check_refusals(const std::string& good, Decode decode) {
    REQUIRE(decode(good).ok());
    for (std::size_t size = 0; size < good.size(); ++size) {
        CHECK_FALSE(decode(std::string_view(good).substr(0, size)).ok());
    }
    CHECK_FALSE(decode(good + '\0').ok());
    std::string newer = good;
    ++newer[0];
    REQUIRE_FALSE(decode(newer).ok());
    CHECK(decode(newer).error().code == "bad-record");
}

TEST_CASE("the hash of a message id never changes, and is 0 for none") {
    CHECK(message_id_hash("") == 0);
    CHECK(message_id_hash("m1") == 0x684219c7);
    CHECK(message_id_hash("m2") != message_id_hash("m1"));
}

TEST_CASE("an index entry is known by a party's hash before it is decoded") {
    const std::string entry = encode(ArchiveIndexRecord{
        .log_id = LogId{1}, .time = moment(2), .with_bare = 0x0102030405060708, .with_full = 9});
    CHECK(may_be_with(entry, 0x0102030405060708, false));
    CHECK(may_be_with(entry, 9, true));
    CHECK_FALSE(may_be_with(entry, 0x0102030405060709, false));
    CHECK_FALSE(may_be_with(entry, 9, false));
    CHECK_FALSE(may_be_with(entry, 0x0102030405060708, true));
    for (const std::string& damaged : {entry.substr(1), entry + "x", std::string()})
        CHECK(may_be_with(damaged, 9, true));  // for decoding to refuse
}

TEST_CASE("a record that is too short, too long or newer is refused") {
    check_refusals(encode(NameRecord{OwnerId{1}, "romeo@example.org"}), decode_name);
    AccountRecord account{.jid = "r@x"};
    account.credentials.sha1 = sasl::ScramCredentials{"salt", 1, "s", "k"};
    check_refusals(encode(account),
                   [](std::string_view bytes) { return decode_account(OwnerId{1}, bytes); });
    check_refusals(encode(RosterItem{.jid = "a@b", .groups = {"x"}, .pending_in = "<p/>"}),
                   decode_roster_item);
    check_refusals(encode(ArchiveIndexRecord{LogId{1}}), decode_archive_index);
    check_refusals(encode(ArchiveStep{}), decode_archive_step);
    check_refusals(encode(ClockMark{.boot = "b"}), decode_clock_mark);
    check_refusals(encode(PendingPublish{.offline_seq = 300}),
                   [](std::string_view bytes) { return decode_pending_publish(1, bytes); });
    check_refusals(encode(HibernatingSession{.sm_id = "s", .parts = {{"a", "b"}}}),
                   [](std::string_view bytes) { return decode_hibernating_session(1, bytes); });
    check_refusals(encode(OnlineRecord{.resource = "r"}),
                   [](std::string_view bytes) { return decode_online_record(1, bytes); });
    check_refusals(encode(DirectedPresence{"room@rooms.example/nick"}), decode_directed_presence);
    check_refusals(encode(KeptStanza{.xml = "<m/>"}), decode_kept_stanza);
    check_refusals(encode_number(5), decode_number);
    check_refusals(encode_address("room@rooms.example"), decode_address);
}

TEST_CASE("a decoder takes the versions that it knows, and says which it is") {
    const auto reads = [](std::uint8_t version) {
        const std::string bytes = Encoder(version).u8(7).take();
        Decoder in(bytes, 3, 2);
        const std::uint8_t field = in.u8();
        return in.finish("record").ok() && field == 7 && in.version() == version;
    };
    CHECK_FALSE(reads(1));
    CHECK(reads(2));
    CHECK(reads(3));
    CHECK_FALSE(reads(4));
    CHECK_FALSE(Decoder("", 1).finish("record").ok());
}

TEST_CASE("impossible enumerators and counts are refused") {
    std::string mark = encode(OnlineRecord{.available = true});
    mark[15] = 2;  // neither true nor false
    CHECK_FALSE(decode_online_record(1, mark).ok());
    CHECK_FALSE(decode_roster_item("\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff").ok());
}

}  // namespace
}  // namespace clarion::storage
