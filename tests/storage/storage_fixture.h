// What the storage tests stand on: a storage of either back end, a way to run its Tasks, and
// commits that are waited for. One fixture per test, on the test's thread.
#pragma once

#include <stdlib.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <exception>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "doctest/doctest.h"
#include "storage/kv/kv_storage.h"
#include "storage/lmdb/lmdb_storage.h"
#include "storage/memory/memory_storage.h"
#include "storage/storage.h"

namespace clarion::storage {

/// A directory that goes when the test ends.
class ScratchDirectory {
public:
    ScratchDirectory() {
        std::string pattern =
            (std::filesystem::temp_directory_path() / "clarion-storage-XXXXXX").string();
        if (!::mkdtemp(pattern.data())) throw std::runtime_error("mkdtemp");
        path_ = pattern;
    }
    ~ScratchDirectory() { std::filesystem::remove_all(path_); }
    ScratchDirectory(const ScratchDirectory&) = delete;
    ScratchDirectory& operator=(const ScratchDirectory&) = delete;
    const std::string& path() const { return path_; }

private:
    std::string path_;
};

template <class T>
Task<> keep_result(Task<T> task, std::optional<T>& result) {
    result.emplace(co_await std::move(task));
}

/// Runs a reading function to its end.
template <class T>
T run(Task<T> task) {
    boost::asio::io_context context;
    std::optional<T> result;
    std::exception_ptr thrown;
    boost::asio::co_spawn(context, keep_result(std::move(task), result),
                          [&](std::exception_ptr error) { thrown = error; });
    context.run();
    if (thrown) std::rethrow_exception(thrown);
    return std::move(*result);
}

/// The value of a reading function that must succeed.
template <class T>
T read(Task<Result<T>> task) {
    auto result = run(std::move(task));
    REQUIRE_MESSAGE(result.ok(), (result ? std::string() : result.error().text));
    return std::move(result).value();
}

struct MemoryBackend {
    static std::unique_ptr<KvStorage> open(const std::string&) {
        return make_memory_test_storage();
    }
};

struct LmdbBackend {
    static std::unique_ptr<KvStorage> open(const std::string& directory,
                                           const StorageLimits& limits = {}) {
        auto opened = open_lmdb_storage(directory, Durability::full, limits);
        REQUIRE_MESSAGE(opened.ok(), (opened ? std::string() : opened.error().text));
        return std::unique_ptr<KvStorage>(
            static_cast<KvStorage*>(std::move(opened).value().release()));
    }
};

/// Collects what the writer reports. Thread-safe.
class Reports {
public:
    CommitListener listener(unsigned shard) {
        return [this, shard](CommitReport report) {
            const std::lock_guard lock(mutex_);
            reports_[shard].push_back(std::move(report));
        };
    }
    std::vector<CommitReport> of(unsigned shard) {
        const std::lock_guard lock(mutex_);
        return reports_[shard];
    }
    Token up_to(unsigned shard) {
        const auto reports = of(shard);
        return reports.empty() ? Token::none : reports.back().up_to;
    }
    /// Code of the error with which the batch failed; empty: it was committed.
    std::string failure(unsigned shard, Token token) {
        for (const auto& report : of(shard)) {
            for (const auto& failure : report.failures) {
                if (failure.token == token) return failure.error.code;
            }
        }
        return {};
    }

private:
    std::mutex mutex_;
    std::map<unsigned, std::vector<CommitReport>> reports_;
};

template <class Backend>
class Fixture {
public:
    Fixture() { open(); }
    ~Fixture() { storage_.reset(); }

    KvStorage& storage() { return *storage_; }
    KvStorage* operator->() { return storage_.get(); }
    Reports& reports() { return reports_; }
    const std::string& directory() const { return directory_.path(); }

    /// Closes and opens it again (LMDB only: memory forgets).
    void reopen() {
        storage_.reset();
        open();
    }

    Token submit(unsigned shard, const std::function<void(Batch&)>& fill) {
        auto batch = storage_->begin();
        fill(*batch);
        return storage_->submit(shard, std::move(batch));
    }
    /// Submits and waits. Code of the error; empty: committed.
    std::string try_commit(const std::function<void(Batch&)>& fill) {
        const Token token = submit(0, fill);
        storage_->wait_until_idle();
        return reports_.failure(0, token);
    }
    void commit(const std::function<void(Batch&)>& fill) { REQUIRE(try_commit(fill) == ""); }

private:
    void open() {
        storage_ = Backend::open(directory_.path());
        for (unsigned shard = 0; shard < 2; ++shard) {
            storage_->set_commit_listener(shard, reports_.listener(shard));
        }
    }

    ScratchDirectory directory_;
    Reports reports_;
    std::unique_ptr<KvStorage> storage_;
};

inline LastingTime lasting(std::int64_t microseconds) {
    return LastingTime(std::chrono::microseconds(microseconds));
}
inline WallTime at(std::int64_t microseconds) {
    return WallTime(std::chrono::microseconds(microseconds));
}

/// Brings a stanza into the log, as who refers to it does.
inline void put_log(Batch& batch, LogId id, WallTime time, std::string_view xml) {
    static_cast<KvBatch&>(batch).refer_to_log(id, time, xml);
}

/// An account record with something in every field.
inline AccountRecord sample_account(OwnerId id, std::string jid) {
    AccountRecord record;
    record.id = id;
    record.jid = std::move(jid);
    record.credentials.sha256 =
        sasl::ScramCredentials{"salt", 10000, std::string("\0stored", 7), "server"};
    record.created = at(1'700'000'000'000'000);
    return record;
}

template <class Backend>
AccountRecord create_account(Fixture<Backend>& fixture, std::string jid) {
    const auto record = sample_account(fixture->owners().next_id(jid), jid);
    fixture.commit([&](Batch& batch) { fixture->accounts().put(batch, record); });
    return record;
}

}  // namespace clarion::storage
