#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "storage/kv/archive_scan.h"
#include "storage/kv/keys.h"
#include "storage/kv/read.h"
#include "storage/kv/repositories.h"
#include "storage/records.h"

namespace clarion::storage {
namespace {

/// Lets the shard do what else waits.
Task<> give_way() {
    co_await boost::asio::post(co_await boost::asio::this_coro::executor,
                               boost::asio::use_awaitable);
}

struct End {
    ArchiveId id = ArchiveId::none;
    WallTime time{};
    std::uint64_t ordinal = 0;
    std::uint64_t bytes = 0;  // of all up to this one
    std::uint64_t size = 0;   // of this one alone
};

/// The entry at the cursor or the next, in the given direction, whose content did not expire.
std::optional<End> skip_expired(Snapshot& snapshot, Cursor& cursor, bool found,
                                const KeyRange& range, bool (Cursor::*move)()) {
    for (; found; found = (cursor.*move)()) {
        const Entry entry = cursor.entry();
        if (entry.key < range.from.view() || entry.key >= range.to.view()) return std::nullopt;
        const auto record = decoded(decode_archive_index(entry.value));
        const auto logged = snapshot.get(Table::log, log_key(record.log_id));
        if (!logged) continue;
        return End{.id = ArchiveId{key_u64(entry.key, 8)},
                   .time = record.time,
                   .ordinal = record.ordinal,
                   .bytes = record.bytes,
                   .size = decoded(decode_log(*logged)).xml.size()};
    }
    return std::nullopt;
}

std::optional<ArchiveBounds> read_bounds(Snapshot& snapshot, OwnerId owner) {
    const KeyRange range = owner_range(owner);
    const auto cursor = snapshot.cursor(Table::archive);
    const auto first =
        skip_expired(snapshot, *cursor, cursor->seek(range.from), range, &Cursor::next);
    if (!first) return std::nullopt;
    const auto last =
        skip_expired(snapshot, *cursor, cursor->seek_before(range.to), range, &Cursor::previous);
    return ArchiveBounds{.first = first->id,
                         .last = last->id,
                         .first_time = first->time,
                         .last_time = last->time,
                         .count = last->ordinal - first->ordinal + 1,
                         .bytes = last->bytes - first->bytes + first->size};
}

}  // namespace

LogId ArchiveKv::next_log_id() {
    return LogId{numbers_.log.fetch_add(1, std::memory_order_relaxed)};
}

void ArchiveKv::put_index(Batch& batch, OwnerId owner, const ArchiveEntry& entry) {
    auto& out = static_cast<KvBatch&>(batch);
    const std::string_view bare = entry.with.substr(0, entry.with.find('/'));
    out.refer_to_log(entry.log_id, entry.received, entry.xml);
    out.put_numbered(archive_key(owner, entry.id),
                     encode(ArchiveIndexRecord{
                         .log_id = entry.log_id,
                         .time = entry.time,
                         .with_bare = jid_hash(bare),
                         .with_full = bare.size() == entry.with.size() ? 0 : jid_hash(entry.with),
                         .message_id = message_id_hash(entry.message_id),
                         .origin_id = message_id_hash(entry.origin_id),
                         .bytes = entry.xml.size()}));
}

/// One copy is kept for all, so it is exchanged for all.
void ArchiveKv::replace(Batch& batch, OwnerId, const ArchiveEntry& entry) {
    static_cast<KvBatch&>(batch).put_if_there(Table::log, log_key(entry.log_id),
                                              encode_log_head(entry.received), entry.xml);
}

Task<Result<ArchivePage>> ArchiveKv::query(ArchiveQuery query) {
    ArchiveScan scan(std::move(query));
    const auto begun =
        read_snapshot(engine_, [&](Snapshot& snapshot) { return scan.begin(snapshot); });
    if (!begun) co_return begun.error();
    if (!*begun) co_return begun->error();
    for (;;) {
        const auto done =
            read_snapshot(engine_, [&](Snapshot& snapshot) { return scan.step(snapshot); });
        if (!done) co_return done.error();
        if (*done) break;
        co_await give_way();
    }
    co_return scan.take_page();
}

Task<Result<std::optional<ArchiveBounds>>> ArchiveKv::bounds(OwnerId owner) {
    co_return read_snapshot(engine_,
                            [&](Snapshot& snapshot) { return read_bounds(snapshot, owner); });
}

Task<Result<WallTime>> ArchiveKv::newest_log_time() {
    co_return read_snapshot(engine_, [](Snapshot& snapshot) {
        const auto cursor = snapshot.cursor(Table::log);
        if (!cursor->seek_before(log_key(LogId{~std::uint64_t{0}}))) return WallTime{};
        return decoded(decode_log(cursor->entry().value)).time;
    });
}

Task<Result<std::optional<std::string>>> ArchiveKv::read_log(LogId id) {
    co_return read_snapshot(engine_, [&](Snapshot& snapshot) -> std::optional<std::string> {
        const auto stored = snapshot.get(Table::log, log_key(id));
        if (!stored) return std::nullopt;
        return std::string(decoded(decode_log(*stored)).xml);
    });
}

}  // namespace clarion::storage
