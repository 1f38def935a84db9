#include "storage/records.h"

#include <utility>

#include "storage/record_codec.h"

namespace clarion::storage {
namespace {

// Version of each record's format. A change of layout takes the next number and keeps reading the
// old one; docs/formats.md lists them all.
namespace version {
constexpr std::uint8_t name = 1;
constexpr std::uint8_t account = 2;  // 2: whether it is an administrator's
constexpr std::uint8_t address = 1;
constexpr std::uint8_t roster_item = 1;
constexpr std::uint8_t archive_index = 1;
constexpr std::uint8_t archive_step = 1;
constexpr std::uint8_t pending_publish = 1;
constexpr std::uint8_t hibernating_session = 1;
constexpr std::uint8_t online_record = 1;
constexpr std::uint8_t directed_presence = 1;
constexpr std::uint8_t kept_stanza = 1;
constexpr std::uint8_t number = 1;
constexpr std::uint8_t clock_mark = 1;
constexpr std::uint8_t empty = 1;
constexpr std::uint8_t log = 1;
constexpr std::uint8_t spool = 1;
}  // namespace version

template <class Record>
Result<Record> finish(const Decoder& in, std::string_view what, Record record) {
    if (auto fits = in.finish(what); !fits) return fits.error();
    return record;
}

void put_scram(Encoder& out, const std::optional<sasl::ScramCredentials>& scram) {
    out.boolean(scram.has_value());
    if (!scram) return;
    out.string(scram->salt).u32(scram->iterations);
    out.string(scram->stored_key).string(scram->server_key);
}

std::optional<sasl::ScramCredentials> take_scram(Decoder& in) {
    if (!in.boolean()) return std::nullopt;
    sasl::ScramCredentials scram;
    scram.salt = in.string();
    scram.iterations = in.u32();
    scram.stored_key = in.string();
    scram.server_key = in.string();
    return scram;
}

}  // namespace

std::string encode(const NameRecord& record) {
    return Encoder(version::name)
        .u64(static_cast<std::uint64_t>(record.id))
        .string(record.address)
        .take();
}

Result<NameRecord> decode_name(std::string_view bytes) {
    Decoder in(bytes, version::name);
    NameRecord record;
    record.id = OwnerId{in.u64()};
    record.address = in.string();
    return finish(in, "name of an owner", std::move(record));
}

std::string encode(const AccountRecord& record) {
    Encoder out(version::account);
    out.string(record.jid).time(record.created).boolean(record.disabled);
    out.boolean(record.administrator);
    put_scram(out, record.credentials.sha1);
    put_scram(out, record.credentials.sha256);
    return out.take();
}

Result<AccountRecord> decode_account(OwnerId id, std::string_view bytes) {
    Decoder in(bytes, version::account);
    AccountRecord record;
    record.id = id;
    record.jid = in.string();
    record.created = in.time();
    record.disabled = in.boolean();
    if (in.version() >= 2) record.administrator = in.boolean();
    record.credentials.sha1 = take_scram(in);
    record.credentials.sha256 = take_scram(in);
    return finish(in, "account", std::move(record));
}

std::string encode(const RosterItem& item) {
    return Encoder(version::roster_item)
        .string(item.jid)
        .string(item.name)
        .strings(item.groups)
        .u8(static_cast<std::uint8_t>(item.subscription))
        .boolean(item.ask_subscribe)
        .boolean(item.approved)
        .string(item.pending_in)
        .boolean(item.listed)
        .take();
}

Result<RosterItem> decode_roster_item(std::string_view bytes) {
    Decoder in(bytes, version::roster_item);
    RosterItem item;
    item.jid = in.string();
    item.name = in.string();
    item.groups = in.strings();
    item.subscription =
        static_cast<Subscription>(in.enumerator(static_cast<std::uint8_t>(Subscription::both)));
    item.ask_subscribe = in.boolean();
    item.approved = in.boolean();
    item.pending_in = in.string();
    item.listed = in.boolean();
    return finish(in, "roster item", std::move(item));
}

std::string encode(const ArchiveIndexRecord& record) {
    return Encoder(version::archive_index, 57)
        .u64(static_cast<std::uint64_t>(record.log_id))
        .time(record.time)
        .u64(record.with_bare)
        .u64(record.with_full)
        .u32(record.message_id)
        .u32(record.origin_id)
        .u64(record.ordinal)
        .u64(record.bytes)
        .take();
}

Result<ArchiveIndexRecord> decode_archive_index(std::string_view bytes) {
    Decoder in(bytes, version::archive_index);
    ArchiveIndexRecord record;
    record.log_id = LogId{in.u64()};
    record.time = in.time();
    record.with_bare = in.u64();
    record.with_full = in.u64();
    record.message_id = in.u32();
    record.origin_id = in.u32();
    record.ordinal = in.u64();
    record.bytes = in.u64();
    return finish(in, "archive index entry", record);
}

std::string encode(const ArchiveStep& step) {
    return Encoder(version::archive_step).time(step.from).time(step.to).take();
}

Result<ArchiveStep> decode_archive_step(std::string_view bytes) {
    Decoder in(bytes, version::archive_step);
    ArchiveStep step;
    step.from = in.time();
    step.to = in.time();
    return finish(in, "step of an archive", step);
}

std::string encode(const ClockMark& mark) {
    return Encoder(version::clock_mark)
        .time(mark.lasting)
        .time(mark.wall)
        .string(mark.boot)
        .u64(static_cast<std::uint64_t>(mark.since_boot.count()))
        .take();
}

Result<ClockMark> decode_clock_mark(std::string_view bytes) {
    Decoder in(bytes, version::clock_mark);
    ClockMark mark;
    mark.lasting = in.lasting_time();
    mark.wall = in.time();
    mark.boot = in.string();
    mark.since_boot = std::chrono::microseconds(static_cast<std::int64_t>(in.u64()));
    return finish(in, "clock mark", std::move(mark));
}

bool may_be_with(std::string_view bytes, std::uint64_t hash, bool full) {
    constexpr std::size_t size = 1 + 7 * sizeof hash;
    if (bytes.size() != size) return true;
    char wanted[sizeof hash];
    for (std::size_t i = sizeof hash; i > 0; --i, hash >>= 8)
        wanted[i - 1] = static_cast<char>(hash & 0xff);
    const std::size_t at = 1 + (full ? 3 : 2) * sizeof hash;
    return bytes.substr(at, sizeof hash) == std::string_view(wanted, sizeof wanted);
}

std::string encode(const PendingPublish& pending) {
    return Encoder(version::pending_publish, 32)
        .boolean(pending.important)
        .boolean(pending.urgent)
        .u64(static_cast<std::uint64_t>(pending.log_id))
        .varint(pending.offline_seq)
        .time(pending.caused)
        .take();
}

Result<PendingPublish> decode_pending_publish(std::uint64_t seq, std::string_view bytes) {
    Decoder in(bytes, version::pending_publish);
    PendingPublish pending;
    pending.registration = seq;
    pending.important = in.boolean();
    pending.urgent = in.boolean();
    pending.log_id = LogId{in.u64()};
    pending.offline_seq = in.varint();
    pending.caused = in.time();
    return finish(in, "pending publish", std::move(pending));
}

std::string encode(const HibernatingSession& session) {
    Encoder out(version::hibernating_session);
    out.string(session.sm_id).string(session.resource).string(session.device);
    out.u8(static_cast<std::uint8_t>(session.state));
    out.u32(session.max_seconds).u32(session.handled_in).u32(session.acked_out);
    out.time(session.hibernating_since).time(session.expires_at).time(session.wake_at);
    out.string(session.presence).boolean(session.full);
    out.varint(session.parts.size());
    for (const auto& [module, part] : session.parts) out.string(module).string(part);
    return out.take();
}

Result<HibernatingSession> decode_hibernating_session(std::uint64_t session,
                                                      std::string_view bytes) {
    Decoder in(bytes, version::hibernating_session);
    HibernatingSession record;
    record.session = session;
    record.sm_id = in.string();
    record.resource = in.string();
    record.device = in.string();
    record.state = static_cast<HibernationState>(
        in.enumerator(static_cast<std::uint8_t>(HibernationState::gone)));
    record.max_seconds = in.u32();
    record.handled_in = in.u32();
    record.acked_out = in.u32();
    record.hibernating_since = in.lasting_time();
    record.expires_at = in.lasting_time();
    record.wake_at = in.lasting_time();
    record.presence = in.string();
    record.full = in.boolean();
    for (std::size_t left = in.count(); left > 0; --left) {
        std::string module = in.string();
        record.parts.emplace_back(std::move(module), in.string());
    }
    return finish(in, "hibernating session", std::move(record));
}

std::string encode(const OnlineRecord& mark) {
    return Encoder(version::online_record)
        .u64(mark.run)
        .string(mark.resource)
        .string(mark.sm_id)
        .u32(mark.handled_in)
        .boolean(mark.available)
        .string(mark.device)
        .take();
}

Result<OnlineRecord> decode_online_record(std::uint64_t session, std::string_view bytes) {
    Decoder in(bytes, version::online_record);
    OnlineRecord mark;
    mark.session = session;
    mark.run = in.u64();
    mark.resource = in.string();
    mark.sm_id = in.string();
    mark.handled_in = in.u32();
    mark.available = in.boolean();
    mark.device = in.string();
    return finish(in, "online record", std::move(mark));
}

std::string encode(const DirectedPresence& directed) {
    return Encoder(version::directed_presence).time(directed.since).string(directed.address).take();
}

Result<DirectedPresence> decode_directed_presence(std::string_view bytes) {
    Decoder in(bytes, version::directed_presence);
    DirectedPresence directed;
    directed.since = in.lasting_time();
    directed.address = in.string();
    return finish(in, "directed presence", std::move(directed));
}

std::string encode(const KeptStanza& stanza) {
    const std::string_view xml = stanza.meta.logged() ? std::string_view() : stanza.xml;
    return Encoder(version::kept_stanza, 40 + xml.size())
        .u64(static_cast<std::uint64_t>(stanza.meta.log_id))
        .u64(static_cast<std::uint64_t>(stanza.meta.archive_id))
        .time(stanza.meta.received)
        .string(xml)
        .varint(stanza.meta.offline_seq)
        .boolean(stanza.meta.held_back)
        .take();
}

Result<KeptStanza> decode_kept_stanza(std::string_view bytes) {
    Decoder in(bytes, version::kept_stanza);
    KeptStanza stanza;
    stanza.meta.log_id = LogId{in.u64()};
    stanza.meta.archive_id = ArchiveId{in.u64()};
    stanza.meta.received = in.time();
    stanza.xml = in.string();
    stanza.meta.offline_seq = in.varint();
    stanza.meta.held_back = in.boolean();
    return finish(in, "kept stanza", std::move(stanza));
}

std::string encode_address(std::string_view address) {
    return Encoder(version::address).string(address).take();
}

Result<std::string> decode_address(std::string_view bytes) {
    Decoder in(bytes, version::address);
    std::string address = in.string();
    return finish(in, "actor's address", std::move(address));
}

std::string encode_number(std::uint64_t number) {
    return Encoder(version::number).u64(number).take();
}

Result<std::uint64_t> decode_number(std::string_view bytes) {
    Decoder in(bytes, version::number);
    const std::uint64_t number = in.u64();
    return finish(in, "number", number);
}

std::string encode_empty() { return Encoder(version::empty).take(); }

std::string encode_log_head(WallTime time) { return Encoder(version::log).time(time).take(); }

Result<LogRecord> decode_log(std::string_view bytes) {
    Decoder in(bytes, version::log);
    LogRecord record;
    record.time = in.time();
    record.xml = in.rest();
    return finish(in, "log entry", record);
}

std::string encode_spool_head(std::string_view domain, WallTime time) {
    return Encoder(version::spool).string(domain).time(time).take();
}

Result<SpoolRecord> decode_spool(std::uint64_t seq, std::string_view bytes) {
    Decoder in(bytes, version::spool);
    SpoolRecord record;
    record.domain = in.string();
    record.stanza.seq = seq;
    record.stanza.time = in.time();
    record.stanza.xml = std::string(in.rest());
    return finish(in, "spooled stanza", std::move(record));
}

}  // namespace clarion::storage
