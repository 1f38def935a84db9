// Who the configuration says are administrators (core/accounts/administrators.h).
#pragma once

#include <string>
#include <vector>

#include "base/option.h"

namespace clarion::core {

/// Of [server]: of all hosts.
struct ServerAdministrators {
    std::vector<std::string> admins;
    static void declare(OptionTable<ServerAdministrators>& table);
};

/// Of [administration]: of one host.
struct HostAdministrators {
    std::vector<std::string> admins;
    static void declare(OptionTable<HostAdministrators>& table);
};

}  // namespace clarion::core
