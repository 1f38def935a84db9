#include "server/core/actors/command_table.h"

#include <algorithm>
#include <cassert>

#include "server/core/address/domains.h"
#include "server/core/context.h"

namespace clarion::core {

void CommandTable::add(Command command, OffHosts off) {
    assert(!has(command.node));
    entries_.push_back(std::make_unique<Entry>(Entry{std::move(command), std::move(off)}));
}

namespace {

bool is_offered_at(const Command& command, const Context& context, std::string_view domain) {
    if (command.services.empty()) return context.domains().module_of(domain).empty();
    return std::find(command.services.begin(), command.services.end(), domain) !=
           command.services.end();
}

}  // namespace

bool CommandTable::is_for(const Entry& entry, const Context& context, const CommandAsker& asker,
                          std::string_view host) {
    return asker.is_in(entry.command.audience) && !is_off(entry.off, host) &&
           is_offered_at(entry.command, context, host) &&
           (!entry.command.allowed || entry.command.allowed(context, asker.who, host));
}

const Command* CommandTable::find(const Context& context, std::string_view node,
                                  const CommandAsker& asker, std::string_view host) const {
    for (const auto& entry : entries_)
        if (entry->command.node == node)
            return is_for(*entry, context, asker, host) ? &entry->command : nullptr;
    return nullptr;
}

std::vector<const Command*> CommandTable::of(const Context& context, const CommandAsker& asker,
                                             std::string_view host) const {
    std::vector<const Command*> result;
    for (const auto& entry : entries_)
        if (is_for(*entry, context, asker, host)) result.push_back(&entry->command);
    return result;
}

bool CommandTable::has(std::string_view node) const {
    return std::any_of(entries_.begin(), entries_.end(),
                       [node](const auto& entry) { return entry->command.node == node; });
}

}  // namespace clarion::core
