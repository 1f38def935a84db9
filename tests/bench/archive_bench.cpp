// How long storage takes to read a large archive: the first page, the last, one in the middle, with
// and without a contact, and a count. docs/design/002-storage.md has the figures.
//     cmake --build build/release --target archive_bench
//
//     archive_bench fill DIRECTORY JID MESSAGES    adds messages (and the account, if there is
//     none) archive_bench read DIRECTORY JID
//
// DIRECTORY is data_dir/db; clariond must not run.
// The messages are of three contacts: friend@ (nine of ten), other@ (nearly all others) and rare@
// (every 100,000th), all at example.net.
#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <vector>

#include "storage/lmdb/lmdb_storage.h"
#include "storage/storage.h"

namespace {

using namespace clarion;
using namespace clarion::storage;

template <class T>
Task<> keep(Task<T> task, std::optional<T>& result) {
    result.emplace(co_await std::move(task));
}

template <class T>
T run(Task<Result<T>> task) {
    boost::asio::io_context context;
    std::optional<Result<T>> result;
    boost::asio::co_spawn(context, keep(std::move(task), result), [](std::exception_ptr) {});
    context.run();
    if (!result || !*result)
        std::fprintf(stderr, "%s\n", result ? result->error().text.c_str() : "?"), std::exit(1);
    return std::move(*result).value();
}

std::string contact(std::uint64_t n) {
    if (n % 100'000 == 0) return "rare@example.net";
    return n % 10 == 0 ? "other@example.net/x" : "friend@example.net/balcony";
}

void add(Storage& storage, Batch& batch, const AccountRecord& account, std::uint64_t id,
         std::uint64_t n) {
    const WallTime time{std::chrono::microseconds(id)};
    const std::string with = contact(n);
    const LogId log = storage.archive().next_log_id();
    const std::string xml =
        "<message xmlns='jabber:client' from='" + with + "' to='" + account.jid +
        "' type='chat' id='m" + std::to_string(n) + "'><body>" + std::string(64, 'x') +
        "</body><active xmlns='http://jabber.org/protocol/chatstates'/></message>";
    storage.archive().put_index(batch, account.id, {ArchiveId{id}, log, time, with, xml, time});
}

AccountSnapshot create(Storage& storage, const std::string& jid) {
    AccountSnapshot account;
    account.record = {.id = storage.owners().next_id(jid), .jid = jid};
    auto batch = storage.begin();
    storage.accounts().put(*batch, account.record);
    storage.submit(0, std::move(batch));
    return account;
}

void fill(Storage& storage, const AccountSnapshot& account, std::uint64_t messages) {
    constexpr std::uint64_t step = 1'000'000;  // a message a second
    std::uint64_t id = std::max<std::uint64_t>(static_cast<std::uint64_t>(account.last_archive_id),
                                               1'700'000'000'000'000);
    for (std::uint64_t n = 1; n <= messages;) {
        auto batch = storage.begin();
        for (int i = 0; i < 1000 && n <= messages; ++i, ++n)
            add(storage, *batch, account.record, id += step, n);
        storage.submit(0, std::move(batch));
    }
}

void measure(Storage& storage, const char* what, const ArchiveQuery& query) {
    std::vector<double> took;
    std::size_t size = 0;
    std::optional<std::uint64_t> count;
    for (int i = 0; i < 201; ++i) {
        const auto start = std::chrono::steady_clock::now();
        const ArchivePage page = run(storage.archive().query(query));
        took.push_back(
            std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start)
                .count());
        size = page.messages.size();
        count = page.count;
        if (i == 20 && took[0] > 20) break;
    }
    const double first = took[0];
    std::sort(took.begin(), took.end());
    std::printf("%-34s %3zu messages  first %.3f  median %.3f  worst %.3f ms  count %lld\n", what,
                size, first, took[took.size() / 2], took.back(),
                count ? static_cast<long long>(*count) : -1LL);
}

void read_all(Storage& storage, const AccountSnapshot& account) {
    ArchiveQuery query{.owner = account.record.id};
    const auto bounds = run(storage.archive().bounds(query.owner));
    if (!bounds) return;
    ArchiveQuery last = query;
    last.from_end = true;
    ArchiveQuery middle = query;
    middle.start = bounds->first_time + (bounds->last_time - bounds->first_time) / 2;
    measure(storage, "first page", query);
    measure(storage, "last page", last);
    measure(storage, "page in the middle", middle);
    query.want_count = true;
    measure(storage, "first page, count wanted", query);
    for (const char* with :
         {"friend@example.net", "other@example.net", "rare@example.net", "nobody@example.net"}) {
        ArchiveQuery some = query;
        some.want_count = false;
        some.with = with;
        measure(storage, (std::string("first page with ") + with).c_str(), some);
        some.from_end = true;
        measure(storage, (std::string("last page with ") + with).c_str(), some);
    }
}

}  // namespace

int main(int argc, char** argv) {
    const std::string mode = argc > 3 ? argv[1] : "";
    if (mode != "read" && !(mode == "fill" && argc > 4))
        return std::fprintf(stderr, "usage: archive_bench fill|read DIRECTORY JID [MESSAGES]\n"), 2;
    auto opened = open_lmdb_storage(argv[2], Durability::process);
    if (!opened) return std::fprintf(stderr, "%s\n", opened.error().text.c_str()), 1;
    Storage& storage = **opened;
    storage.set_commit_listener(0, [](const CommitReport& report) {
        if (!report.failures.empty()) std::fprintf(stderr, "failed\n");
    });
    auto account = run(storage.accounts().load(argv[3]));
    if (!account && mode == "fill") account = create(storage, argv[3]);
    if (!account) return std::fprintf(stderr, "no such account\n"), 1;
    if (mode == "fill")
        fill(storage, *account, std::strtoull(argv[4], nullptr, 10));
    else
        read_all(storage, *account);
    storage.stop();
}
