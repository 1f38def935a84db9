// How many messages per second one writer makes durable: one log entry and two index entries each,
// a batch per message, two shards, at most BACKLOG batches under way per shard. Built by hand, with
// -O2, from storage/, proto/crypto.cpp and this file; docs/design/002-storage.md has the figures.
//
//     storage_bench DIRECTORY [MESSAGES] [BACKLOG] [process]
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "storage/lmdb/lmdb_storage.h"
#include "storage/storage.h"

namespace {

using namespace clarion;
using namespace clarion::storage;

constexpr unsigned shards = 2;
constexpr unsigned accounts = 1000;

struct Progress {
    std::atomic<std::uint64_t> decided{0};
    std::atomic<std::uint64_t> groups{0};
};

void submit_messages(Storage& storage, unsigned shard, std::uint64_t messages,
                     std::uint64_t backlog, Progress& progress) {
    std::mt19937 random(shard);
    std::vector<std::uint64_t> last(accounts, 1'700'000'000'000'000);
    const std::string xml(350, 'x');
    for (std::uint64_t n = 1; n <= messages; ++n) {
        auto batch = storage.begin();
        const LogId log = storage.archive().next_log_id();
        const WallTime time{std::chrono::microseconds(n)};
        for (int side = 0; side < 2; ++side) {
            // Each shard has its own accounts.
            const std::uint64_t account = random() % (accounts / shards) * shards + shard + 1;
            storage.archive().put_index(*batch, OwnerId{account},
                                        {ArchiveId{++last[account - 1]}, log, WallTime{},
                                         "juliet@example.net/balcony", xml, time});
        }
        storage.submit(shard, std::move(batch));
        for (auto seen = progress.decided.load(); n - seen >= backlog;
             seen = progress.decided.load()) {
            progress.decided.wait(seen);
        }
    }
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 2)
        return std::fprintf(stderr,
                            "usage: storage_bench DIRECTORY [MESSAGES] [BACKLOG] [process]\n"),
               2;
    const std::uint64_t messages = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 200'000;
    const std::uint64_t backlog = argc > 3 ? std::strtoull(argv[3], nullptr, 10) : 500;
    const auto durability = argc > 4 ? Durability::process : Durability::full;
    auto opened = open_lmdb_storage(argv[1], durability);
    if (!opened) return std::fprintf(stderr, "%s\n", opened.error().text.c_str()), 1;
    Storage& storage = **opened;
    std::vector<Progress> progress(shards);
    for (unsigned shard = 0; shard < shards; ++shard) {
        storage.set_commit_listener(shard, [&own = progress[shard]](CommitReport report) {
            if (!report.failures.empty()) std::fprintf(stderr, "failed\n");
            own.decided = static_cast<std::uint64_t>(report.up_to);
            own.decided.notify_all();
            ++own.groups;
        });
    }
    const auto start = std::chrono::steady_clock::now();
    std::vector<std::thread> threads;
    for (unsigned shard = 0; shard < shards; ++shard) {
        threads.emplace_back([&, shard] {
            submit_messages(storage, shard, messages / shards, backlog, progress[shard]);
        });
    }
    for (auto& thread : threads) thread.join();
    storage.stop();
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    std::printf("%llu messages in %.2f s: %.0f/s, %llu groups\n",
                static_cast<unsigned long long>(messages), took.count(),
                static_cast<double>(messages) / took.count(),
                static_cast<unsigned long long>(progress[0].groups.load()));
}
