// Module data: what modules keep for an owner, as bytes under keys of their own. A feature that
// keeps something needs no table and no code here; its records are encoded beside the module
// (storage/record_codec.h has the shapes).
//
// Two kinds, which a module chooses between when it declares its space (core/actors/module_data.h):
//
//   resident   loaded with the owner (ResidentData) and there as long as the owner is: for what a
//              stanza's path needs. Small: see the limits below.
//   stored     read when asked for, alone or in pages in order of the keys. Bounded by a quota.
//
// One entry for one thing, so that a change writes little. A module is known here by its name,
// which is part of the keys: it never changes. Entries go with their owner. Keys sort by their
// bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/task.h"
#include "storage/batch.h"

namespace clarion::storage {

/// Longest key, in bytes; and longest name of a module, which has no zero byte.
inline constexpr std::size_t max_data_key = 200;
inline constexpr std::size_t max_module_name = 32;
/// What one module may keep resident with one owner unless it declares another bound of its own,
/// and what all those that declare none may together (ResidentData::bytes).
inline constexpr std::size_t max_resident_of_module = 8u << 10;
inline constexpr std::size_t max_resident_of_owner = 64u << 10;

/// The key of a thing that is known by a text of any length, an address say: the text itself, or if
/// it is longer than a key, its beginning and a hash. The value then must have the text in full.
std::string data_key(std::string_view text);

enum class DataKind : std::uint8_t { resident, stored };

/// Where a module's entries for an owner are. `module` must outlive whatever it is passed to: the
/// name in the module's row does.
struct DataSpace {
    OwnerId owner = OwnerId::none;
    std::string_view module;
    DataKind kind = DataKind::stored;
};

/// What must be there for a write to happen. If it is not, the whole batch fails with "conflict";
/// what the same batch wrote before counts as there.
class DataCondition {
public:
    enum class Kind : std::uint8_t { none, absent, equal };
    static DataCondition none() { return {Kind::none, {}}; }
    static DataCondition absent() { return {Kind::absent, {}}; }
    static DataCondition equal(std::string_view value) { return {Kind::equal, value}; }

    Kind kind() const { return kind_; }
    std::string_view value() const { return value_; }

private:
    DataCondition(Kind kind, std::string_view value) : kind_(kind), value_(value) {}
    Kind kind_;
    std::string_view value_;
};

struct DataEntry {
    std::string key;
    std::string value;
};

/// Which entries: those behind `after` (empty: from the first) whose keys begin with `prefix`, at
/// most `limit` and at most about `max_bytes` of them, but at least one.
struct DataQuery {
    std::string prefix{};
    std::string after{};
    std::size_t limit = 100;
    std::size_t max_bytes = 1u << 20;
};

struct DataPage {
    std::vector<DataEntry> entries;  // in order of their keys
    bool complete = true;            // no more behind them
};

/// What a module keeps in a stored space.
struct DataUsage {
    std::uint64_t entries = 0;
    std::uint64_t bytes = 0;  // of keys and values
};

class ModuleData {
public:
    virtual ~ModuleData() = default;

    /// Creates or replaces an entry. REQUIRES: a key of 1 to max_data_key bytes.
    virtual void put(Batch& batch, const DataSpace& space, std::string_view key,
                     std::string_view value, DataCondition condition = DataCondition::none()) = 0;
    /// An entry that is not there is fine, unless the condition says otherwise.
    virtual void remove(Batch& batch, const DataSpace& space, std::string_view key,
                        DataCondition condition = DataCondition::none()) = 0;
    /// Removes all entries of the space.
    virtual void clear(Batch& batch, const DataSpace& space) = 0;

    virtual Task<Result<std::optional<std::string>>> get(DataSpace space, std::string key) = 0;
    virtual Task<Result<DataPage>> read(DataSpace space, DataQuery query) = 0;
    /// REQUIRES: a stored space.
    virtual Task<Result<DataUsage>> usage(DataSpace space) = 0;
};

}  // namespace clarion::storage
