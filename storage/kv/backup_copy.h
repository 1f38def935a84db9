// BackupCopy: the writer's part in a backup (docs/design/002-storage.md, "Backup").
//
// Between groups the writer copies the tables, one after the other in the order of their keys, in
// short slices, each on a snapshot of its own. What it commits meanwhile is recorded too, unless
// the copy has not come that far and will see it anyway. Slices and changes stand in the backup in
// the order in which they happened, so replaying all of it gives the state at its end.
//
// Belongs to one Writer, used on its thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "storage/kv/backup_stream.h"
#include "storage/kv/engine.h"

namespace clarion::storage {

class BackupCopy {
public:
    explicit BackupCopy(std::shared_ptr<BackupStream> stream) : stream_(std::move(stream)) {}

    bool wants_slice() const { return stream_->wants_slice(); }
    bool over() const { return stream_->over(); }

    /// The same transaction, whose changes are put into the backup when it is committed.
    std::unique_ptr<WriteTransaction> recorded(std::unique_ptr<WriteTransaction> transaction);

    /// Copies a slice, if one is wanted; the last one finishes the backup. The slice is as large as
    /// the limits say, and larger after a turn that was: `written` and `took` say what that one
    /// did. So however much is written, and however slowly the disk syncs, the copy comes to an
    /// end.
    void slice(Engine& engine, std::size_t written, SteadyTime::duration took);

private:
    class Recorded;

    bool is_reached(Table table, std::string_view key) const;
    void copy_tables(Snapshot& snapshot, std::size_t bytes, SteadyTime until);
    void begin_table(Snapshot& snapshot);
    void copy_table(Snapshot& snapshot, std::string& payload, std::size_t bytes, SteadyTime until);
    void finish(Snapshot& snapshot);

    const std::shared_ptr<BackupStream> stream_;
    std::uint64_t records_ = 0;
    std::size_t table_ = 0;   // being copied
    bool begun_ = false;      // that table was
    std::string last_, end_;  // keys: copied up to and with; copied in the end up to and with
};

}  // namespace clarion::storage
