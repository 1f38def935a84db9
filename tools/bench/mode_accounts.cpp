#include <chrono>
#include <filesystem>
#include <fstream>
#include <iostream>

#include "proto/sasl.h"
#include "storage/lmdb/lmdb_storage.h"
#include "storage/storage.h"
#include "tools/bench/modes.h"

namespace clarion::bench {

namespace {

constexpr std::uint32_t iterations = 4096;
constexpr std::size_t accounts_per_batch = 1000;

Result<void> make_accounts(const Settings& settings) {
    const std::string directory = settings.database + "/db";
    std::error_code ignored;  // opening it says what is wrong
    std::filesystem::create_directories(directory, ignored);
    auto opened = storage::open_lmdb_storage(directory, storage::Durability::full);
    if (!opened) return opened.error();
    auto credentials = sasl::make_credentials(settings.crowd.password, iterations);
    if (!credentials) return credentials.error();
    storage::Storage& storage = **opened;
    Result<void> outcome;
    storage.set_commit_listener(0, [&outcome](storage::CommitReport report) {
        if (!report.failures.empty()) outcome = report.failures.front().error;
    });
    storage::AccountRecord record;
    record.credentials = std::move(*credentials);
    record.created =
        std::chrono::time_point_cast<WallTime::duration>(std::chrono::system_clock::now());
    auto batch = storage.begin();
    for (std::size_t i = 0; i < settings.crowd.sessions; ++i) {
        record.jid = account_jid(settings, i);
        record.id = storage.owners().next_id(record.jid);
        storage.accounts().put(*batch, record);
        if ((i + 1) % accounts_per_batch == 0)
            storage.submit(0, std::exchange(batch, storage.begin()));
    }
    storage.submit(0, std::move(batch));
    storage.stop();
    return outcome;
}

}  // namespace

Result<void> write_accounts(const Settings& settings) {
    if (!settings.database.empty()) return make_accounts(settings);
    std::ofstream file;
    if (!settings.accounts_file.empty()) {
        file.open(settings.accounts_file);
        if (!file) return fail("accounts-file", "cannot write " + settings.accounts_file);
    }
    std::ostream& out = settings.accounts_file.empty() ? std::cout : file;
    for (std::size_t i = 0; i < settings.crowd.sessions; ++i) {
        out << account_jid(settings, i) << '\t' << settings.crowd.password << '\n';
    }
    out.flush();
    if (!out) return fail("accounts-file", "cannot write " + settings.accounts_file);
    return {};
}

}  // namespace clarion::bench
