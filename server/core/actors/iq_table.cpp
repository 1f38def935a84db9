#include "server/core/actors/iq_table.h"

namespace clarion::core {

void IqTable::add(Entry entry) {
    auto& list = by_namespace_[entry.ns];
    list.push_back(std::make_unique<Entry>(std::move(entry)));
}

namespace {

bool fits(const IqTable::Entry& entry, const IqTable::Question& asked) {
    return entry.target == asked.target && entry.type == asked.type &&
           (entry.name == asked.payload.name() || entry.name == "*") &&
           (entry.module == asked.module || entry.module.empty()) &&
           (asked.except.empty() || entry.by != asked.except) && !is_off(entry.off, asked.domain) &&
           (!entry.about || entry.about(asked.payload));
}

}  // namespace

const IqTable::Entry* IqTable::find(const Question& question) const {
    const auto at = by_namespace_.find(question.payload.ns());
    if (at == by_namespace_.end()) return nullptr;
    const Entry* best = nullptr;
    int rank = 0;
    for (const auto& entry : at->second) {
        if (!fits(*entry, question)) continue;
        const int its = 1 + (entry->module == question.module ? 1 : 0) + (entry->about ? 2 : 0);
        if (its > rank) {
            best = entry.get();
            rank = its;
        }
    }
    return best;
}

}  // namespace clarion::core
