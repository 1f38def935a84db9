#include "storage/kv/backup_job.h"

#include <exception>
#include <utility>

#include "storage/kv/backup_file.h"
#include "storage/kv/engine.h"
#include "storage/kv/format.h"

namespace clarion::storage {
namespace {

BackupHeader header_of(const BackupOrder& order) {
    BackupHeader header{format_version, order.made, order.server, {}};
    for (std::size_t i = 0; i < table_count; ++i)
        header.tables.emplace_back(table_name(static_cast<Table>(i)));
    return header;
}

/// Entries and records, as the end of a backup says.
Result<BackupSummary> write_backup(const BackupOrder& order, BackupStream& stream) {
    auto file = BackupFile::create(order.file, order.replace);
    if (!file) return file.error();
    BackupSealer sealer;
    BackupSummary summary;
    auto written = file->write(BackupSealer::magic());
    if (written) written = file->write(sealer.seal(BackupBlock::header, encode(header_of(order))));
    for (bool more = true; more && written;) {
        const auto piece = stream.take();
        if (!piece) return piece.error();
        written = file->write(sealer.seal(piece->kind, piece->payload));
        more = piece->kind != BackupBlock::end;
        summary.records = piece->summary.records;
        summary.entries = piece->summary.entries;
    }
    if (written) written = file->keep();
    if (!written) return written.error();
    summary.bytes = file->size();
    return summary;
}

}  // namespace

BackupJob::BackupJob(BackupOrder order, BackupDone done, std::function<void()> room)
    : order_(std::move(order)),
      done_(std::move(done)),
      stream_(std::make_shared<BackupStream>(order_.limits, std::move(room))),
      thread_([this] { run(); }) {}

BackupJob::~BackupJob() { abandon(); }

void BackupJob::abandon() {
    stream_->fail(fail("cancelled", "the server is stopping; the backup was abandoned"));
    if (thread_.joinable()) thread_.join();
}

void BackupJob::run() {
    Result<BackupSummary> result = fail("internal-server-error", "the backup failed");
    try {
        result = write_backup(order_, *stream_);
    } catch (const std::exception& failure) {  // out of memory, say
        result = fail("internal-server-error", std::string("backup: ") + failure.what());
    }
    if (!result) stream_->fail(result.error());
    finished_.store(true, std::memory_order_release);
    done_(std::move(result));
}

}  // namespace clarion::storage
