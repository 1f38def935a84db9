// Service administration (XEP-0133): the commands with which an administrator looks after accounts
// from a client. modules/commands serves them and sees to it that nobody else runs them; each acts
// on accounts of hosts that its administrator administers.
#pragma once

#include <cstdint>

#include "modules/administration/rows.h"
#include "server/core/setup/module.h"

namespace clarion::administration {

/// Of [administration].
struct AdministrationOptions {
    std::int64_t max_items = 1000;
    std::int64_t max_text_bytes = 10000;
    std::int64_t max_listed = 1000;
    bool allow_stop = false;
    static void declare(OptionTable<AdministrationOptions>& table);
};

void declare_options(OptionRegistry& registry);
void install(core::ModuleSetup& setup);

}  // namespace clarion::administration
