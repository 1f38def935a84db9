// Roster: contact lists for clients (RFC 6121, section 2), with versions (XEP-0237) and
// pre-approval (section 3.4).
//
// A resource that asks for the roster becomes "interested": from then on it gets roster pushes, and
// the answers to its user's subscription requests. What a roster means for presence is core's:
// server/core/delivery/presence.h, with the limits of [roster] that concern it.
#pragma once

#include <string>

#include "server/core/setup/module.h"

namespace clarion::roster {

/// Of [roster], beside those of core: what an item may be.
struct ItemOptions {
    std::int64_t max_name_length = 1023;
    std::int64_t max_groups = 50;
    std::int64_t max_group_length = 1023;
    static void declare(OptionTable<ItemOptions>& table);
};

/// Whether the client has the roster of this version already. Version 1 says nothing: an untouched
/// roster is announced so as well as one after its first change.
bool is_current(std::string_view client_version, std::uint64_t version);

/// The name and groups a client wants an item to have, or why not (RFC 6121, 2.3.3).
struct Wanted {
    Jid jid;
    std::string name;
    std::vector<std::string> groups;
    bool remove = false;
};
Result<Wanted> read_item(const xml::Element& query, const ItemOptions& options);

void declare_options(OptionRegistry& registry);
void install(core::ModuleSetup& setup);

}  // namespace clarion::roster
