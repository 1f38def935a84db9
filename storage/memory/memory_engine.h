// MemoryEngine: the tables as std::map, for tests and demos.
//
// A transaction gathers its changes beside the maps and merges them when it commits, so a snapshot
// never sees half a commit and a held commit holds up no reader. The hooks say how a commit goes.
// Threads as engine.h says.
#pragma once

#include <array>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>

#include "storage/kv/engine.h"

namespace clarion::storage {

class MemoryEngine final : public Engine {
public:
    using Map = std::map<std::string, std::string, std::less<>>;

    /// `before_commit` runs at each commit, before anything is visible: it may wait, or throw an
    /// EngineFailure. So may `before_read`, at each snapshot.
    explicit MemoryEngine(
        std::function<void()> before_commit, std::function<void()> before_read = [] {})
        : before_commit_(std::move(before_commit)), before_read_(std::move(before_read)) {}

    std::unique_ptr<Snapshot> snapshot() override;
    std::unique_ptr<WriteTransaction> begin_write() override;

private:
    class Reading;
    class Position;
    class Writing;

    std::function<void()> before_commit_;
    std::function<void()> before_read_;
    std::mutex writing_;         // held by the one write transaction
    std::shared_mutex reading_;  // shared by snapshots; exclusive while a commit is merged
    std::array<Map, table_count> tables_;
};

}  // namespace clarion::storage
