// Options of invitations.
#pragma once

#include <chrono>
#include <cstdint>

#include "base/option.h"
#include "base/time.h"

namespace clarion::registration::invitations {

struct InvitationOptions {
    bool users = true;
    bool users_may_invite_accounts = false;
    Duration expire_after = std::chrono::hours(24 * 7);
    Duration reset_expire_after = std::chrono::hours(1);
    std::int64_t max_per_user = 20;
    std::int64_t max_per_host = 10000;
    std::int64_t max_accounts_per_user = 20;
    Duration newcomers_wait{};
    static void declare(OptionTable<InvitationOptions>& table);
};

}  // namespace clarion::registration::invitations
