// RatesSought: asks, at the home of an account, how much its clients say (rates.h). Nobody answers
// where the module is off.
#pragma once

#include <string>
#include <string_view>

#include "server/runtime/event_bus.h"

namespace clarion::core {
class Account;
}

namespace clarion::administration {

/// As text with two digits behind the point; empty: unknown.
struct AccountRates {
    std::string stanzas_per_second, logins_per_minute;
};

struct RatesSought {
    enum class Stage { find };
    static constexpr std::string_view name = "RatesSought";
    static constexpr auto kind = core::EventKind::fill_in;
    core::Account& account;
    AccountRates& rates;
};

}  // namespace clarion::administration
