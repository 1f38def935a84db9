// Decoding of what modules keep: any bytes are either refused or decoded to something that encodes
// again and decodes to the same. First byte of the input: which record.
#include <boost/asio/impl/src.hpp>  // the interfaces name Task, and Asio's headers want their bodies
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "modules/administration/address_list.h"
#include "modules/administration/standing_message.h"
#include "modules/blocking/blocklist.h"
#include "modules/blocking/report_codec.h"
#include "modules/bookmarks/records.h"
#include "modules/caps/stored_text.h"
#include "modules/http_upload/records.h"
#include "modules/last_activity/departure.h"
#include "modules/mam/preferences.h"
#include "modules/muc/activity.h"
#include "modules/muc/passed_invitations.h"
#include "modules/muc/records.h"
#include "modules/private_xml/document.h"
#include "modules/pubsub/records.h"
#include "modules/push/registration_codec.h"
#include "modules/push/rooms/room_setting.h"
#include "modules/registration/invitations/invitation.h"
#include "modules/registration/tombstone_codec.h"
#include "modules/vcard/vcard_codec.h"
#include "proto/entity_caps.h"

namespace {

using namespace clarion;

/// Encodings are not unique (a varint may have leading zeros), so two rounds are compared.
template <class Decode, class Encode>
void check_round(std::string_view bytes, Decode decode, Encode encode) {
    const auto record = decode(bytes);
    if (!record) return;
    const std::string once = encode(*record);
    const auto again = decode(std::string_view(once));
    if (!again || encode(*again) != once) std::abort();
}

void check_blocked(std::string_view bytes) {
    const auto jid = blocking::decode_blocked("key", bytes);
    if (!jid) return;
    const auto again =
        blocking::decode_blocked(blocking::blocked_key(*jid), blocking::encode_blocked(*jid));
    if (!again || *again != *jid) std::abort();
}

void check_report(std::string_view bytes) {
    check_round(bytes, blocking::decode_report,
                [](const blocking::Report& record) { return blocking::encode(record); });
    (void)blocking::is_report_key(bytes);
}

void check_preferences(std::string_view bytes) {
    check_round(bytes, mam::decode_preferences,
                [](const mam::ArchivePreferences& record) { return mam::encode(record); });
}

void check_registration(std::string_view bytes) {
    check_round(
        bytes,
        [](std::string_view in) {
            return push::decode_registration(push::registration_key(1), in);
        },
        [](const events::PushRegistration& record) { return push::encode(record); });
}

void check_documents(std::string_view bytes) {
    check_round(bytes, private_xml::decode_document, private_xml::encode_document);
    check_round(bytes, vcard::decode_vcard, vcard::encode_vcard);
    check_round(bytes, vcard::decode_standing, vcard::encode_standing);
    (void)private_xml::check_document("key", bytes);
}

void check_times(std::string_view bytes) {
    check_round(bytes, last_activity::decode_departure, last_activity::encode);
    check_round(bytes, registration::decode_tombstone, registration::encode_tombstone);
}

void check_invitation(std::string_view bytes) {
    namespace invitations = registration::invitations;
    check_round(bytes, invitations::decode_invitation, invitations::encode);
}

void check_caps(std::string_view bytes) {
    const std::string key = "sha-1 " + *caps_ver("sha-1", bytes);
    const auto stored = caps::decode_text(key, caps::encode({{}, std::string(bytes)}));
    if (!stored || stored->text != bytes) std::abort();
    (void)caps::decode_text(key, bytes);
}

void check_node(std::string_view bytes) {
    check_round(
        bytes, [](std::string_view in) { return pubsub::decode_node(pubsub::node_key(1), in); },
        [](const pubsub::Node& record) { return pubsub::encode(record); });
}

void check_item(std::string_view bytes) {
    check_round(bytes, pubsub::decode_item,
                [](const pubsub::Item& record) { return pubsub::encode(record); });
    check_round(
        bytes,
        [](std::string_view in) { return pubsub::decode_entry(pubsub::index_key(1, 1), in); },
        [](const pubsub::ItemEntry& record) { return pubsub::encode(record); });
    check_round(
        bytes,
        [](std::string_view in) {
            return pubsub::decode_subscription(pubsub::subscription_key(1, "a@b"), in);
        },
        [](const pubsub::StoredSubscription& record) {
            return pubsub::encode(record.subscription);
        });
}

void check_standing(std::string_view bytes) {
    check_round(bytes, administration::decode_message,
                [](const administration::StandingMessage& record) {
                    return administration::encode(record);
                });
    check_round(bytes, administration::decode_mark, administration::encode_mark);
}

/// Addresses are kept in order, and each once.
void check_address_list(std::string_view bytes) {
    const auto list = administration::decode_address_list(bytes);
    if (!list) return;
    const auto again = administration::decode_address_list(administration::encode(*list));
    if (!again || again->all() != list->all()) __builtin_trap();
}

void check_bookmarks(std::string_view bytes) {
    check_round(bytes, bookmarks::decode_others, bookmarks::encode_others);
    check_round(bytes, bookmarks::decode_removed,
                [](const bookmarks::Removed& record) { return bookmarks::encode(record); });
    check_round(bytes, bookmarks::decode_unfinished,
                [](const bookmarks::Unfinished& record) { return bookmarks::encode(record); });
}

template <class Record>
void check_room_record(std::string_view bytes, Result<Record> (*decode)(std::string_view)) {
    check_round(bytes, decode, [](const Record& record) { return muc::encode(record); });
}

void check_room(std::string_view bytes) {
    check_room_record(bytes, muc::decode_room);
    check_room_record(bytes, muc::decode_subject);
    check_room_record(bytes, muc::decode_affiliation);
    check_room_record(bytes, muc::decode_reservation);
    check_room_record(bytes, muc::decode_occupant);
    check_room_record(bytes, muc::decode_pause);
    check_round(bytes, muc::PassedInvitations::decode,
                [](const muc::PassedInvitations& record) { return record.encode(); });
    check_room_record(bytes, muc::decode_author);
    check_room_record(bytes, muc::decode_made_room);
    for (const char* key : {"c", "k", "s", "aa@b", "na", "oa@b/c", "i", "wa@b", "ux", "ra@b", "x"})
        (void)muc::check_record(key, bytes);
}

void check_push_rooms(std::string_view bytes) {
    check_round(bytes, push::rooms::decode_kept,
                [](const push::rooms::Kept& record) { return push::rooms::encode(record); });
    check_round(bytes, push::rooms::decode_occupancy,
                [](const push::rooms::Occupancy& record) { return push::rooms::encode(record); });
    check_round(bytes, muc::Activity::decode,
                [](const muc::Activity& record) { return record.encode(); });
    check_round(bytes, muc::decode_pictures, muc::encode_pictures);
    check_round(bytes, muc::decode_vcard, muc::encode_vcard);
}

void check_uploads(std::string_view bytes) {
    using namespace http_upload;
    check_round(bytes, decode_usage, [](const Usage& record) { return encode(record); });
    check_round(bytes, decode_slot, [](const SlotRecord& record) { return encode(record); });
    check_round(bytes, decode_file, [](const FileRecord& record) { return encode(record); });
    check_round(bytes, decode_tail, encode_tail);
    (void)parse_file_key(bytes);
    (void)tail_size(bytes);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
    switch (data[0] % 16) {
        case 0: check_blocked(bytes); break;
        case 1: check_preferences(bytes); break;
        case 2: check_documents(bytes); break;
        case 4: check_caps(bytes); break;
        case 3: check_times(bytes); break;
        case 5: check_node(bytes); break;
        case 6: check_item(bytes); break;
        case 7: check_standing(bytes); break;
        case 8: check_address_list(bytes); break;
        case 9: check_bookmarks(bytes); break;
        case 10: check_push_rooms(bytes); break;
        case 11: check_room(bytes); break;
        case 12: check_uploads(bytes); break;
        case 13: check_report(bytes); break;
        case 14: check_invitation(bytes); break;
        default: check_registration(bytes);
    }
    return 0;
}
