#include "server/core/actors/iq_table.h"

namespace clarion::core {

void IqTable::add(Entry entry) {
    auto& list = by_namespace_[entry.ns];
    list.push_back(std::make_unique<Entry>(std::move(entry)));
}

const IqTable::Entry* IqTable::find(IqTarget target, StanzaType type, std::string_view ns,
                                    std::string_view name, std::string_view domain,
                                    std::string_view module) const {
    const auto at = by_namespace_.find(ns);
    if (at == by_namespace_.end()) return nullptr;
    const Entry* for_all = nullptr;
    for (const auto& entry : at->second) {
        const bool fits = entry->target == target && entry->type == type &&
                          (entry->name == name || entry->name == "*") &&
                          !is_off(entry->off, domain);
        if (fits && entry->module == module) return entry.get();
        if (fits && entry->module.empty() && !for_all) for_all = entry.get();
    }
    return for_all;
}

}  // namespace clarion::core
