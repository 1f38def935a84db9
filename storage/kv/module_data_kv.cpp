#include "storage/kv/module_data_kv.h"

#include <utility>

#include "storage/kv/data_usage.h"
#include "storage/kv/keys.h"
#include "storage/kv/kv_batch.h"
#include "storage/kv/read.h"

namespace clarion::storage {
namespace {

Table table_of(const DataSpace& space) {
    return space.kind == DataKind::resident ? Table::owners : Table::module_data;
}

void expect(KvBatch& batch, const DataSpace& space, const Key& key,
            const DataCondition& condition) {
    switch (condition.kind()) {
        case DataCondition::Kind::none: return;
        case DataCondition::Kind::absent: return batch.expect(table_of(space), key, std::nullopt);
        case DataCondition::Kind::equal:
            return batch.expect(table_of(space), key, condition.value());
    }
}

DataPage read_page(Snapshot& snapshot, const DataSpace& space, const DataQuery& query) {
    DataPage page;
    std::size_t bytes = 0;
    const KeyRange all = module_data_range(space);
    const Key start = query.after < query.prefix ? module_data_key(space, query.prefix)
                                                 : after(module_data_key(space, query.after));
    for_range(snapshot, table_of(space), start, all.to, [&](const Entry& entry) {
        const auto key = entry.key.substr(all.from.view().size());
        if (!key.starts_with(query.prefix)) return false;
        bytes += key.size() + entry.value.size();
        page.complete =
            page.entries.size() < query.limit && (bytes <= query.max_bytes || page.entries.empty());
        if (page.complete) page.entries.push_back({std::string(key), std::string(entry.value)});
        return page.complete;
    });
    return page;
}

}  // namespace

std::optional<DataName> read_data_key(Table table, std::string_view key) {
    const std::size_t begin = table == Table::owners ? 9 : 8;  // after the owner, and the kind
    const std::size_t end = key.find('\0', begin);
    if (end == std::string_view::npos) return std::nullopt;
    return DataName{key.substr(begin, end - begin), key.substr(end + 1)};
}

void add_resident(ResidentData& resident, const Entry& entry) {
    const auto name = read_data_key(Table::owners, entry.key);
    if (!name) throw EngineFailure(fail("internal-server-error", "storage: a key is no module's"));
    resident.append(name->module, name->key, entry.value);
}

void ModuleDataKv::put(Batch& batch, const DataSpace& space, std::string_view key,
                       std::string_view value, DataCondition condition) {
    auto& out = static_cast<KvBatch&>(batch);
    const Key at = module_data_key(space, key);
    expect(out, space, at, condition);
    if (space.kind == DataKind::resident)
        out.put(Table::owners, at, value);
    else
        out.put_counted(at, value);
}

void ModuleDataKv::remove(Batch& batch, const DataSpace& space, std::string_view key,
                          DataCondition condition) {
    auto& out = static_cast<KvBatch&>(batch);
    const Key at = module_data_key(space, key);
    expect(out, space, at, condition);
    if (space.kind == DataKind::resident)
        out.erase(Table::owners, at);
    else
        out.erase_counted(at);
}

void ModuleDataKv::clear(Batch& batch, const DataSpace& space) {
    auto& out = static_cast<KvBatch&>(batch);
    out.erase_range(table_of(space), module_data_range(space));
    if (space.kind == DataKind::stored) out.erase(Table::module_data, data_usage_key(space));
}

Task<Result<std::optional<std::string>>> ModuleDataKv::get(DataSpace space, std::string key) {
    co_return read_snapshot(engine_, [&](Snapshot& snapshot) -> std::optional<std::string> {
        const auto stored = snapshot.get(table_of(space), module_data_key(space, key));
        return stored ? std::optional(std::string(*stored)) : std::nullopt;
    });
}

Task<Result<DataPage>> ModuleDataKv::read(DataSpace space, DataQuery query) {
    co_return read_snapshot(engine_,
                            [&](Snapshot& snapshot) { return read_page(snapshot, space, query); });
}

Task<Result<DataUsage>> ModuleDataKv::usage(DataSpace space) {
    co_return read_snapshot(engine_, [&](Snapshot& snapshot) {
        const auto stored = snapshot.get(Table::module_data, data_usage_key(space));
        return stored ? decoded(decode_data_usage(*stored)) : DataUsage{};
    });
}

}  // namespace clarion::storage
