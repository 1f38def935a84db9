// The options that net declares, for a World: it knows those of core and of modules only.
#pragma once

#include "server/core/setup/module.h"
#include "server/net/listener_types.h"

namespace clarion::test {

inline core::ModuleRow net_options() {
    return {.name = "net",
            .install = [](core::ModuleSetup&) {},
            .declare_options = net::declare_options,
            .specifications = {},
            .summary = {}};
}

}  // namespace clarion::test
