#include "server/core/actors/iq_table.h"

namespace clarion::core {

void IqTable::add(Entry entry) {
    auto& list = by_namespace_[entry.ns];
    list.push_back(std::make_unique<Entry>(std::move(entry)));
}

const IqTable::Entry* IqTable::find(IqTarget target, StanzaType type, const xml::Element& payload,
                                    std::string_view domain, std::string_view module) const {
    const auto at = by_namespace_.find(payload.ns());
    if (at == by_namespace_.end()) return nullptr;
    const Entry* best = nullptr;
    int rank = 0;
    for (const auto& entry : at->second) {
        const bool fits = entry->target == target && entry->type == type &&
                          (entry->name == payload.name() || entry->name == "*") &&
                          (entry->module == module || entry->module.empty()) &&
                          !is_off(entry->off, domain) &&
                          (!entry->nodes || entry->nodes(payload.attr("node")));
        if (!fits) continue;
        const int its = 1 + (entry->module == module ? 1 : 0) + (entry->nodes ? 2 : 0);
        if (its > rank) {
            best = entry.get();
            rank = its;
        }
    }
    return best;
}

}  // namespace clarion::core
