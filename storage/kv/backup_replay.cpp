#include "storage/kv/backup_replay.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <optional>
#include <utility>

#include "storage/kv/format.h"
#include "storage/records.h"

namespace clarion::storage {
namespace {

// A transaction's size: LMDB keeps the pages that it changed in memory.
constexpr std::size_t transaction_bytes = 16u << 20;
constexpr std::size_t transaction_records = 20'000;

std::optional<Table> table_of(std::string_view name) {
    for (std::size_t i = 0; i < table_count; ++i)
        if (name == table_name(static_cast<Table>(i))) return static_cast<Table>(i);
    return std::nullopt;
}

VerifiedBackup verified(const BackupReader& reader) {
    BackupContents contents{reader.header().made,
                            reader.header().server,
                            reader.position(),
                            reader.end().records,
                            {},
                            0};
    for (std::size_t i = 0; i < reader.header().tables.size(); ++i) {
        contents.entries.emplace_back(reader.header().tables[i], reader.end().entries[i]);
        contents.total += reader.end().entries[i];
    }
    return {std::move(contents), reader.digest()};
}

Result<BackupTables> open(BackupReader& reader) {
    if (auto opened = reader.open(); !opened) return opened.error();
    if (auto known = check_format(reader.header().database_format); !known) return known.error();
    return BackupTables::of(reader.header());
}

/// Writes in transactions of a good size.
class BulkWriter {
public:
    explicit BulkWriter(Engine& engine) : engine_(engine) {}

    void apply(Table table, const BackupRecord& record) {
        if (!transaction_) transaction_ = engine_.begin_write();
        if (record.erase)
            transaction_->erase(table, record.key);
        else
            transaction_->put(table, record.key, record.value);
        bytes_ += record.key.size() + record.value.size();
        if (bytes_ >= transaction_bytes || ++records_ >= transaction_records) commit();
    }
    void commit() {
        if (transaction_) transaction_->commit();
        transaction_.reset();
        bytes_ = records_ = 0;
    }

private:
    Engine& engine_;
    std::unique_ptr<WriteTransaction> transaction_;
    std::size_t bytes_ = 0;
    std::size_t records_ = 0;
};

void skip_runs(Engine& engine) {
    const auto transaction = engine.begin_write();
    const auto stored = transaction->get(Table::meta, run_key);
    if (!stored) return;
    const auto run = decode_number(*stored);
    if (!run) throw EngineFailure(run.error());
    transaction->put(Table::meta, run_key, encode_number(*run + restored_run_step));
    transaction->commit();
}

/// The end of the backup says what there must be.
Result<> check_entries(Engine& engine, const BackupTables& tables, const BackupEnd& end) {
    const auto snapshot = engine.snapshot();
    for (std::size_t i = 0; i < end.entries.size(); ++i) {
        const Table table = tables.at(static_cast<std::uint8_t>(i));
        const std::uint64_t entries = snapshot->entries(table);
        if (entries != end.entries[i])
            return fail(error_code::damaged_backup,
                        std::string("does not agree with itself: of table ") + table_name(table) +
                            " it has " + std::to_string(entries) + " entries of " +
                            std::to_string(end.entries[i]));
    }
    return {};
}

Result<VerifiedBackup> replay(BackupReader& reader, Engine& engine) {
    const auto tables = open(reader);
    if (!tables) return tables.error();
    BulkWriter writer(engine);
    for (BackupRecord record;;) {
        const auto more = reader.next(record);
        if (!more) return more.error();
        if (!*more) break;
        writer.apply(tables->at(record.table), record);
    }
    writer.commit();
    if (auto right = check_entries(engine, *tables, reader.end()); !right) return right.error();
    skip_runs(engine);
    return verified(reader);
}

}  // namespace

Result<BackupInput> BackupInput::open(const std::string& path) {
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return fail("unreadable", "cannot read " + path + ": " + std::strerror(errno));
    return BackupInput(path, fd);
}

BackupInput::BackupInput(BackupInput&& other) noexcept
    : path_(std::move(other.path_)), fd_(std::exchange(other.fd_, -1)) {}

BackupInput::~BackupInput() {
    if (fd_ >= 0) ::close(fd_);
}

BackupSource BackupInput::source() {
    return [this](char* out, std::size_t size) -> Result<std::size_t> {
        std::size_t got = 0;
        while (got < size) {
            const ssize_t n = ::read(fd_, out + got, size - got);
            if (n < 0 && errno == EINTR) continue;
            if (n < 0)
                return fail("unreadable", std::string("cannot be read: ") + std::strerror(errno));
            if (n == 0) break;
            got += static_cast<std::size_t>(n);
        }
        return got;
    };
}

Result<BackupTables> BackupTables::of(const BackupHeader& header) {
    BackupTables result;
    for (const auto& name : header.tables) {
        const auto table = table_of(name);
        if (!table)
            return fail("unsupported-format",
                        "has a table \"" + name +
                            "\" that this server does not know; use version " + header.server +
                            ", which made it, or a newer one");
        result.tables_.push_back(*table);
    }
    return result;
}

Result<VerifiedBackup> verify_backup(BackupSource source) {
    BackupReader reader(std::move(source));
    if (auto tables = open(reader); !tables) return tables.error();
    for (BackupRecord record;;) {
        const auto more = reader.next(record);
        if (!more) return more.error();
        if (!*more) return verified(reader);
    }
}

Result<VerifiedBackup> replay_backup(BackupSource source, Engine& engine) {
    BackupReader reader(std::move(source));
    try {
        return replay(reader, engine);
    } catch (const EngineFailure& failure) {
        return failure.error();
    }
}

Result<BackupContents> verify_backup(const std::string& file) {
    auto input = BackupInput::open(file);
    if (!input) return input.error();
    auto verified = verify_backup(input->source());
    if (!verified) return fail(verified.error().code, file + " " + verified.error().text);
    return std::move(verified->contents);
}

}  // namespace clarion::storage
