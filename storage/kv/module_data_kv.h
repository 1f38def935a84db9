// ModuleDataKv: what storage/module_data.h says, in keys. Values are the modules' own bytes. Owned
// by KvStorage; any shard.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "storage/kv/engine.h"
#include "storage/module_data.h"
#include "storage/resident_data.h"

namespace clarion::storage {

class ModuleDataKv final : public ModuleData {
public:
    explicit ModuleDataKv(Engine& engine) : engine_(engine) {}
    void put(Batch& batch, const DataSpace& space, std::string_view key, std::string_view value,
             DataCondition condition) override;
    void remove(Batch& batch, const DataSpace& space, std::string_view key,
                DataCondition condition) override;
    void clear(Batch& batch, const DataSpace& space) override;
    Task<Result<std::optional<std::string>>> get(DataSpace space, std::string key) override;
    Task<Result<DataPage>> read(DataSpace space, DataQuery query) override;
    Task<Result<DataUsage>> usage(DataSpace space) override;

private:
    Engine& engine_;
};

/// What the key of an entry says beside its owner.
struct DataName {
    std::string_view module;
    std::string_view key;
};
/// Of a key in Table::owners (OwnerEntry::module_data) or Table::module_data. nullopt: it is none.
std::optional<DataName> read_data_key(Table table, std::string_view key);

/// Adds an entry of Table::owners to what is resident of its owner; entries come in order.
void add_resident(ResidentData& resident, const Entry& entry);

}  // namespace clarion::storage
