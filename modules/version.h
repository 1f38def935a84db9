// Software version (XEP-0092): which server this is, as far as the administrator lets it be known.
#pragma once

#include "server/core/setup/module.h"

namespace clarion::version {

struct VersionOptions {
    bool show_version = true;
    bool show_os = false;
    static void declare(OptionTable<VersionOptions>& table);
};

void declare_options(OptionRegistry& registry);
void install(core::ModuleSetup& setup);

}  // namespace clarion::version
