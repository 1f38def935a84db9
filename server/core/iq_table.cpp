#include "server/core/iq_table.h"

namespace clarion::core {

void IqTable::add(Entry entry) {
    auto& list = by_namespace_[entry.ns];
    list.push_back(std::make_unique<Entry>(std::move(entry)));
}

void IqTable::serve(IqTarget target, StanzaType type, std::string_view ns, std::string_view name,
                    IqHandler handler, OffHosts off, IqAudience audience) {
    add({target,
         type,
         std::string(ns),
         std::string(name),
         std::move(handler),
         {},
         std::move(off),
         audience});
}

void IqTable::serve_async(IqTarget target, StanzaType type, std::string_view ns,
                          std::string_view name, AsyncIqHandler handler, OffHosts off) {
    add({target, type, std::string(ns), std::string(name), {}, std::move(handler), std::move(off)});
}

const IqTable::Entry* IqTable::find(IqTarget target, StanzaType type, std::string_view ns,
                                    std::string_view name, std::string_view host) const {
    const auto at = by_namespace_.find(ns);
    if (at == by_namespace_.end()) return nullptr;
    for (const auto& entry : at->second)
        if (entry->target == target && entry->type == type &&
            (entry->name == name || entry->name == "*") && !is_off(entry->off, host))
            return entry.get();
    return nullptr;
}

}  // namespace clarion::core
