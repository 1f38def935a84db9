#include "modules/muc/records.h"

#include <array>

#include "base/text.h"
#include "modules/muc/activity.h"
#include "modules/muc/passed_invitations.h"
#include "proto/crypto.h"
#include "proto/nickname.h"
#include "storage/module_data.h"
#include "storage/record_codec.h"

namespace clarion::muc {

namespace {

using storage::Decoder;
using storage::Encoder;

constexpr std::uint8_t version = 1;
/// Of a room that the service has a MadeRoom for.
constexpr std::uint8_t version_if_counted = 2;
/// Of affiliations: since the second, whether users gave them themselves.
constexpr std::uint8_t affiliation_version = 2;
/// In the order of their bits.
constexpr std::array<bool RoomConfig::*, 8> flags{
    &RoomConfig::is_persistent,   &RoomConfig::is_public,
    &RoomConfig::is_members_only, &RoomConfig::is_moderated,
    &RoomConfig::allows_invites,  &RoomConfig::changes_subject,
    &RoomConfig::is_archived,     &RoomConfig::allows_voice_requests};
constexpr auto last_affiliation = static_cast<std::uint8_t>(Affiliation::owner);
constexpr auto last_role = static_cast<std::uint8_t>(Role::moderator);

void encode_config(Encoder& out, const RoomConfig& config) {
    unsigned bits = 0;
    for (std::size_t i = 0; i < flags.size(); ++i)
        if (config.*flags[i]) bits |= 1u << i;
    out.string(config.name).string(config.description).string(config.language);
    out.strings(config.contacts).string(config.password).u8(static_cast<std::uint8_t>(bits));
    out.u8(static_cast<std::uint8_t>(config.who_is)).u8(static_cast<std::uint8_t>(config.allow_pm));
    out.u8(config.presence_broadcast.bits()).u8(config.member_list.bits());
    out.u32(config.max_users).u32(config.slow_mode).u32(config.history);
}

RoomConfig decode_config(Decoder& in) {
    RoomConfig config;
    config.name = in.string();
    config.description = in.string();
    config.language = in.string();
    config.contacts = in.strings();
    config.password = in.string();
    const unsigned bits = in.u8();
    for (std::size_t i = 0; i < flags.size(); ++i) config.*flags[i] = (bits >> i & 1u) != 0;
    config.who_is = static_cast<WhoIs>(in.enumerator(1));
    config.allow_pm = static_cast<AllowPm>(in.enumerator(3));
    config.presence_broadcast = Roles(in.enumerator(Roles::all().bits()));
    config.member_list = Roles(in.enumerator(Roles::all().bits()));
    config.max_users = in.u32();
    config.slow_mode = in.u32();
    config.history = in.u32();
    return config;
}

template <class Record>
Result<Record> finished(const Decoder& in, Record record, std::string_view what) {
    if (auto fits = in.finish(what); !fits) return fits.error();
    return record;
}

template <class Record>
Result<> outcome(const Result<Record>& read) {
    if (!read) return read.error();
    return {};
}

Error misplaced(std::string_view what) {
    return fail("bad-record", std::string(what) + " has a key that is not its own");
}

Result<> check_affiliation(std::string_view key, std::string_view value) {
    const auto read = decode_affiliation(value);
    if (!read) return read.error();
    if (key != record_key(affiliation_prefix, read->address)) return misplaced("an affiliation");
    return {};
}

Result<> check_reservation(std::string_view key, std::string_view value) {
    const auto read = decode_reservation(value);
    if (!read) return read.error();
    if (key != reservation_key(read->nick)) return misplaced("a nickname");
    return {};
}

Result<> check_made_room(std::string_view key, std::string_view value) {
    const auto read = decode_made_room(value);
    if (!read) return read.error();
    if (key != made_key(*read)) return misplaced("a room that somebody made");
    return {};
}

Result<> check_occupant(std::string_view key, std::string_view value) {
    const auto read = decode_occupant(value);
    if (!read) return read.error();
    if (key != record_key(occupant_prefix, read->jid)) return misplaced("an occupant");
    return {};
}

Result<> check_pause(std::string_view key, std::string_view value) {
    const auto read = decode_pause(value);
    if (!read) return read.error();
    if (key != record_key(pause_prefix, read->user)) return misplaced("a pause");
    return {};
}

}  // namespace

std::string record_key(std::string_view prefix, std::string_view name) {
    return storage::data_key(std::string(prefix) + std::string(name));
}

std::string encode(const RoomRecord& record) {
    Encoder out(record.is_counted ? version_if_counted : version);
    encode_config(out, record.config);
    out.boolean(record.is_locked).string(record.creator).time(record.created);
    return out.take();
}

Result<RoomRecord> decode_room(std::string_view bytes) {
    Decoder in(bytes, version_if_counted);
    RoomRecord record;
    record.is_counted = in.version() >= version_if_counted;
    record.config = decode_config(in);
    record.is_locked = in.boolean();
    record.creator = in.string();
    record.created = in.time();
    return finished(in, std::move(record), "room");
}

std::string encode(const SubjectRecord& record) {
    Encoder out(version);
    out.string(record.xml).time(record.set);
    return out.take();
}

Result<SubjectRecord> decode_subject(std::string_view bytes) {
    Decoder in(bytes, version);
    SubjectRecord record;
    record.xml = in.string();
    record.set = in.time();
    return finished(in, std::move(record), "subject of a room");
}

std::string encode(const AffiliationRecord& record) {
    Encoder out(affiliation_version);
    out.string(record.address).u8(static_cast<std::uint8_t>(record.affiliation));
    out.string(record.nick).string(record.reason).boolean(record.hears_offline);
    out.boolean(record.is_by_user);
    return out.take();
}

Result<AffiliationRecord> decode_affiliation(std::string_view bytes) {
    Decoder in(bytes, affiliation_version);
    AffiliationRecord record;
    record.address = in.string();
    record.affiliation = static_cast<Affiliation>(in.enumerator(last_affiliation));
    record.nick = in.string();
    record.reason = in.string();
    record.hears_offline = in.boolean();
    if (in.version() >= affiliation_version) record.is_by_user = in.boolean();
    return finished(in, std::move(record), "affiliation with a room");
}

std::string encode(const ReservationRecord& record) {
    Encoder out(version);
    out.string(record.nick).string(record.address);
    return out.take();
}

Result<ReservationRecord> decode_reservation(std::string_view bytes) {
    Decoder in(bytes, version);
    ReservationRecord record;
    record.nick = in.string();
    record.address = in.string();
    return finished(in, std::move(record), "nickname in a room");
}

std::string reservation_key(std::string_view nick) {
    return record_key(reservation_prefix, nickname_key(nick));
}

std::string encode(const OccupantRecord& record) {
    Encoder out(version);
    out.string(record.jid).string(record.nick).u8(static_cast<std::uint8_t>(record.role));
    out.string(record.presence).u64(record.run);
    return out.take();
}

Result<OccupantRecord> decode_occupant(std::string_view bytes) {
    Decoder in(bytes, version);
    OccupantRecord record;
    record.jid = in.string();
    record.nick = in.string();
    record.role = static_cast<Role>(in.enumerator(last_role));
    record.presence = in.string();
    record.run = in.u64();
    return finished(in, std::move(record), "occupant of a room");
}

std::string encode(const PauseRecord& record) {
    Encoder out(version);
    out.string(record.user).time(record.time);
    return out.take();
}

Result<PauseRecord> decode_pause(std::string_view bytes) {
    Decoder in(bytes, version);
    PauseRecord record;
    record.user = in.string();
    record.time = in.time();
    return finished(in, std::move(record), "pause of a user");
}

std::string encode_pictures(const std::vector<std::string>& hashes) {
    Encoder out(version);
    out.strings(hashes);
    return out.take();
}

Result<std::vector<std::string>> decode_pictures(std::string_view bytes) {
    Decoder in(bytes, version);
    auto hashes = in.strings();
    return finished(in, std::move(hashes), "pictures of a room");
}

std::string encode(const AuthorRecord& record) {
    Encoder out(version);
    out.string(record.address).time(record.said);
    return out.take();
}

Result<AuthorRecord> decode_author(std::string_view bytes) {
    Decoder in(bytes, version);
    AuthorRecord record;
    record.address = in.string();
    record.said = in.time();
    return finished(in, std::move(record), "author in a room");
}

std::string encode(const MadeRoom& record) {
    Encoder out(version);
    out.string(record.creator).string(record.address);
    return out.take();
}

Result<MadeRoom> decode_made_room(std::string_view bytes) {
    Decoder in(bytes, version);
    MadeRoom record;
    record.creator = in.string();
    record.address = in.string();
    return finished(in, std::move(record), "room that somebody made");
}

/// A hash, because addresses are longer than keys.
std::string made_prefix_of(std::string_view creator) {
    constexpr std::size_t hash_size = 16;
    return std::string(made_prefix) +
           base64url_encode(crypto::sha256(creator).substr(0, hash_size));
}

std::string made_key(const MadeRoom& record) {
    return storage::data_key(made_prefix_of(record.creator) + record.address);
}

std::string encode_vcard(std::string_view xml) {
    Encoder out(version);
    out.string(xml);
    return out.take();
}

Result<std::string> decode_vcard(std::string_view bytes) {
    Decoder in(bytes, version);
    std::string xml(in.string());
    return finished(in, std::move(xml), "vCard of a room");
}

Result<> check_record(std::string_view key, std::string_view value) {
    if (key == config_key) return outcome(decode_room(value));
    if (key == subject_key) return outcome(decode_subject(value));
    if (key == pictures_key) return outcome(decode_pictures(value));
    if (key == activity_key) return outcome(Activity::decode(value));
    if (key == vcard_key) return outcome(decode_vcard(value));
    if (key == invitations_key) return outcome(PassedInvitations::decode(value));
    if (key == secret_key && value.size() == secret_size) return {};
    if (key.starts_with(affiliation_prefix)) return check_affiliation(key, value);
    if (key.starts_with(reservation_prefix)) return check_reservation(key, value);
    if (key.starts_with(occupant_prefix)) return check_occupant(key, value);
    if (key.starts_with(pause_prefix)) return check_pause(key, value);
    if (key.starts_with(made_prefix)) return check_made_room(key, value);
    if (key.starts_with(author_prefix)) return outcome(decode_author(value));
    return fail("bad-record", "a room keeps nothing under this key");
}

}  // namespace clarion::muc
