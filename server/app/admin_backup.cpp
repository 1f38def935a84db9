// backup.
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
    core::Shard& shard = app.context().shard();
    const std::string file(core::text(arguments, "file"));
    const auto outcome = std::make_shared<Outcome>();
    storage::BackupOrder order{.file = file,
                               .replace = core::flag(arguments, "force"),
                               .made = shard.clock().wall(),
                               .server = CLARION_VERSION};
    auto begun = app.context().storage().start_backup(std::move(order),
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

core::AdminCommand backup_command(App& app) {
    using Kind = core::ArgumentKind;
    return {.name = "backup",
            .help =
                "write all that the server keeps, as it is at one moment, into a file, while it "
                "runs; waits until that is made",
            .arguments = {{.name = "file",
                           .kind = Kind::server_file,
                           .use = core::ArgumentUse::required,
                           .help = "written by the server, as its user; nobody else may read it"},
                          {.name = "force",
                           .kind = Kind::flag,
                           .help = "replace the file if there is one"}},
            .run = with(app, backup)};
}

}  // namespace clarion::app
