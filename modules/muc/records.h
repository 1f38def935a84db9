// What is kept of a room, as bytes (docs/formats.md). Keys begin with a letter for what they are of.
//
// Resident: "c" the configuration, "k" the secret of occupant ids, "s" the subject, "a" and an
// address: an affiliation, "n" and a nickname's key: who has it reserved, "p" the hashes of its
// pictures, "m" how many messages it hears (activity.h), "i" invitations that it passed on
// (passed_invitations.h). Stored: "o" and a full JID: an occupant's session, "u" and the id of an
// occupant: whose it is, "v" the vCard, "w" and a bare JID: who spoke in slow mode.
//
// What is no single room's is stored for the service (service_owner.h): "r", a hash of a user and an
// address: a room that the user made.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "modules/muc/room_config.h"

namespace clarion::muc {

inline constexpr std::string_view config_key = "c";
inline constexpr std::string_view secret_key = "k";
inline constexpr std::string_view subject_key = "s";
inline constexpr std::string_view affiliation_prefix = "a";
inline constexpr std::string_view reservation_prefix = "n";
inline constexpr std::string_view pictures_key = "p";
inline constexpr std::string_view activity_key = "m";
inline constexpr std::string_view occupant_prefix = "o";
inline constexpr std::string_view vcard_key = "v";
inline constexpr std::string_view invitations_key = "i";
inline constexpr std::string_view pause_prefix = "w";
inline constexpr std::string_view made_prefix = "r";
inline constexpr std::string_view author_prefix = "u";

/// Of random bytes, kept as they are.
inline constexpr std::size_t secret_size = 32;

/// Prefix and name; a long name by its beginning and a hash, so the record has it too.
std::string record_key(std::string_view prefix, std::string_view name);

/// What is kept beside the configuration.
struct RoomRecord {
    RoomConfig config{};
    /// Its owner has not configured it yet, and nobody else may enter (10.1).
    bool is_locked = false;
    std::string creator{};  // bare
    WallTime created{};
    /// The service has a MadeRoom for it: written with it since the second layout of this record.
    bool is_counted = true;
    bool operator==(const RoomRecord&) const = default;
};
std::string encode(const RoomRecord& record);
Result<RoomRecord> decode_room(std::string_view bytes);

struct SubjectRecord {
    std::string xml{};  // the message that set it, as occupants were sent it
    WallTime set{};
    bool operator==(const SubjectRecord&) const = default;
};
std::string encode(const SubjectRecord& record);
Result<SubjectRecord> decode_subject(std::string_view bytes);

struct AffiliationRecord {
    std::string address{};  // bare, or a domain
    Affiliation affiliation = Affiliation::none;
    std::string nick{};  // reserved; empty: none
    std::string reason{};
    /// It has registered to hear of messages while it is not in the room (muc#offline).
    bool hears_offline = false;
    /// Its user made it a member, by registering: nobody who runs the room has named it.
    bool is_by_user = false;
    bool operator==(const AffiliationRecord&) const = default;
};
std::string encode(const AffiliationRecord& record);
Result<AffiliationRecord> decode_affiliation(std::string_view bytes);

struct ReservationRecord {
    std::string nick{};     // its key is that of all nicknames that look the same
    std::string address{};  // bare: for whom
    bool operator==(const ReservationRecord&) const = default;
};
std::string encode(const ReservationRecord& record);
Result<ReservationRecord> decode_reservation(std::string_view bytes);
std::string reservation_key(std::string_view nick);

struct OccupantRecord {
    std::string jid{};  // full
    std::string nick{};
    Role role = Role::none;
    std::string presence{};  // the last one, as XML
    std::uint64_t run = 0;   // of the server that wrote it
    bool operator==(const OccupantRecord&) const = default;
};
std::string encode(const OccupantRecord& record);
Result<OccupantRecord> decode_occupant(std::string_view bytes);

/// When a user spoke last in a room in slow mode.
struct PauseRecord {
    std::string user{};  // bare
    WallTime time{};
    bool operator==(const PauseRecord&) const = default;
};
std::string encode(const PauseRecord& record);
Result<PauseRecord> decode_pause(std::string_view bytes);

/// Who is behind an occupant's id (XEP-0421), of those who said something that is in the archive.
struct AuthorRecord {
    std::string address{};  // bare
    WallTime said{};        // to the day: something of the author's is that new
    bool operator==(const AuthorRecord&) const = default;
};
std::string encode(const AuthorRecord& record);
Result<AuthorRecord> decode_author(std::string_view bytes);

/// A room that somebody made and that is still there. Written and removed in the batch that makes
/// or destroys the room, so that both are so after a crash, or neither is.
struct MadeRoom {
    std::string creator{};  // bare
    std::string address{};  // of the room
    bool operator==(const MadeRoom&) const = default;
};
std::string encode(const MadeRoom& record);
Result<MadeRoom> decode_made_room(std::string_view bytes);
std::string made_key(const MadeRoom& record);
/// With which the keys of all rooms begin that a user made.
std::string made_prefix_of(std::string_view creator);

/// The SHA-1 of each picture of the vCard, in hexadecimal (XEP-0486).
std::string encode_pictures(const std::vector<std::string>& hashes);
Result<std::vector<std::string>> decode_pictures(std::string_view bytes);

/// `<vCard/>` as its owner set it.
std::string encode_vcard(std::string_view xml);
Result<std::string> decode_vcard(std::string_view bytes);

/// Whether an entry can be read, and has the key that it should have (ModuleRow::check_entry).
Result<> check_record(std::string_view key, std::string_view value);

}  // namespace clarion::muc
