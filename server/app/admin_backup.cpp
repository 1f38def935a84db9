// backup.
#include <array>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <chrono>
#include <memory>
#include <mutex>
#include <optional>

#include "base/log.h"
#include "server/app/admin_commands.h"
#include "server/app/app.h"
#include "storage/storage.h"

namespace clarion::app {

namespace json = boost::json;

namespace {

constexpr Logger logger{"backup"};
constexpr auto look_interval = std::chrono::milliseconds(50);

/// What the backup's thread leaves for shard 0.
class Outcome {
public:
    struct Made {
        storage::BackupSummary summary;
        Duration took{};
    };
    void set(Result<Made> result) {
        const std::lock_guard lock(mutex_);
        result_ = std::move(result);
    }
    std::optional<Result<Made>> get() {
        const std::lock_guard lock(mutex_);
        return result_;
    }

private:
    std::mutex mutex_;
    std::optional<Result<Made>> result_;
};

void log(const std::string& file, const Result<storage::BackupSummary>& result) {
    if (result)
        logger.info("made",
                    {{"file", file}, {"bytes", result->bytes}, {"entries", result->entries}});
    else
        logger.error("failed", {{"file", file}, {"text", result.error().text}});
}

/// Runs on the backup's thread.
storage::BackupDone report_to(std::shared_ptr<Outcome> outcome, std::string file, Clock& clock) {
    return [outcome, file, &clock, began = clock.steady()](Result<storage::BackupSummary> result) {
        log(file, result);
        if (!result) return outcome->set(result.error());
        const auto took = std::chrono::duration_cast<Duration>(clock.steady() - began);
        outcome->set(Outcome::Made{*result, took});
    };
}

/// Answers when the backup is made. If nobody waits for that any more it is made all the same.
Task<Result<json::value>> backup(App& app, const json::object& arguments) {
    core::Shard& shard = app.shared().cores[0]->shard();
    const std::string file(text(arguments, "file"));
    const json::value* force = arguments.if_contains("force");
    const auto outcome = std::make_shared<Outcome>();
    storage::BackupOrder order{.file = file,
                               .replace = force && force->is_bool() && force->get_bool(),
                               .made = shard.clock().wall(),
                               .server = CLARION_VERSION};
    auto begun = app.shared().storage.start_backup(std::move(order),
                                                   report_to(outcome, file, shard.clock()));
    if (!begun) co_return begun.error();
    auto result = outcome->get();
    while (!result) {
        co_await shard.sleep(look_interval);
        result = outcome->get();
    }
    if (!*result) co_return result->error();
    const storage::BackupSummary& summary = (*result)->summary;
    co_return json::value{{"file", file},
                          {"bytes", summary.bytes},
                          {"entries", summary.entries},
                          {"milliseconds", (*result)->took.count()}};
}

}  // namespace

std::span<const AdminRow> backup_commands() {
    static const std::array<AdminRow, 1> rows{{{"backup", backup}}};
    return rows;
}

}  // namespace clarion::app
