// LoginThrottle: wrong passwords are answered slowly, per address and per account.
//
// One per shard. A login is decided on its account's home shard, so attempts on one account meet in
// one table from wherever they come; attempts from one address on many accounts meet in one table
// per shard.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/clock.h"
#include "proto/jid.h"

namespace clarion::core {

class LoginThrottle {
public:
    /// Counts a failure and says how long its answer must wait: `first`, doubling with each recent
    /// failure of the address or the account (whichever has more), at most `longest`.
    Duration on_failure(SteadyTime now, std::string_view address, std::string_view account,
                        Duration first, Duration longest);
    /// The account's owner got in: its own count starts over, the address's does not.
    void on_success(std::string_view account);

private:
    struct Recent {
        std::uint32_t failures = 0;
        SteadyTime last{};
    };
    using Table = std::unordered_map<std::string, Recent, TextHash, std::equal_to<>>;
    std::uint32_t count(Table& table, SteadyTime now, std::string_view key);
    Table addresses_, accounts_;
};

}  // namespace clarion::core
