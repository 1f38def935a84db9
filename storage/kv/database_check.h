// DatabaseCheck: walks all tables of a snapshot and looks at every entry: its key, its record, and
// what it refers to (storage/check.h). Used with no server on the database, and by tests.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "storage/check.h"
#include "storage/ids.h"
#include "storage/kv/engine.h"
#include "storage/module_data.h"
#include "storage/owners.h"

namespace clarion::storage {

class DatabaseCheck {
public:
    explicit DatabaseCheck(Snapshot& snapshot, ModuleCheck of_modules = {})
        : snapshot_(snapshot), of_modules_(std::move(of_modules)) {}

    /// Called once.
    CheckReport run(const CheckProgress& progress);

private:
    void walk(Table table, const CheckProgress& progress);
    void check(Table table, const Entry& entry);
    void check_meta(const Entry& entry);
    void check_name(const Entry& entry);
    void check_owner_entry(const Entry& entry);
    void check_account(OwnerId id, const Entry& entry);
    void check_actor(OwnerId id, const Entry& entry);
    void check_session(OwnerId id, const Entry& entry);
    void check_directed_presence(OwnerId id, const Entry& entry);
    void check_owner_deadline(const Entry& entry);
    void check_archive_step(const Entry& entry);
    void check_archive(const Entry& entry);
    void check_log(const Entry& entry);
    void check_kept(const Entry& entry);
    void check_queued(const Entry& entry);
    void check_online(const Entry& entry);
    void check_pending_publish(const Entry& entry);
    void check_module_data(const Entry& entry);
    void check_deadline(const Entry& entry);
    void check_spool(const Entry& entry);
    void check_deleting(const Entry& entry);

    // Each tells of a problem if it does not hold.
    bool expect(bool holds, std::string_view problem);
    bool expect_partitioned(const Entry& entry);
    bool expect_data_key(const Entry& entry);
    bool expect_size(const Entry& entry, std::size_t size);
    template <class Record>
    bool expect_record(const Result<Record>& record);
    void expect_log(LogId id);
    void expect_stanza(std::string_view xml);
    void ask_module(const Entry& entry, DataKind kind);
    void expect_owner(OwnerId id);
    void expect_named(OwnerId id, OwnerKind kind, std::string_view address);
    bool is_owner(OwnerId id);
    bool has(Table table, std::string_view key);

    Snapshot& snapshot_;
    const ModuleCheck of_modules_;
    CheckReport report_;
    Table table_ = Table::meta;
    std::string key_;                  // being looked at
    OwnerId known_ = OwnerId::none;    // an owner that exists
    OwnerId archive_ = OwnerId::none;  // whose archive is walked,
    std::uint64_t ordinal_ = 0;        // and how far,
    std::uint64_t archive_bytes_ = 0;  // with how many bytes
    DataUsage usage_;                  // of the module whose data is walked, so far
};

}  // namespace clarion::storage
