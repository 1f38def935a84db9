#include "modules/administration/rates.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>

namespace clarion::administration {

using namespace std::chrono_literals;

std::string rate(std::uint64_t count, SteadyTime::duration within, SteadyTime::duration unit) {
    const double units = std::chrono::duration<double>(std::max(within, unit)).count() /
                         std::chrono::duration<double>(unit).count();
    std::array<char, 32> text{};
    const int length =
        std::snprintf(text.data(), text.size(), "%.2f", static_cast<double>(count) / units);
    return {text.data(), static_cast<std::size_t>(length)};
}

Rates::Since& Rates::of(core::Session& session) const {
    Since& since = sessions_.of(session);
    if (since.began == SteadyTime{})
        since = {context_.clock().steady(), session.window().received()};
    return since;
}

void Rates::on_bound(const events::SessionBound& event) const {
    (void)of(event.session);
    Since& since = accounts_.of(event.session.account());
    if (since.count++ == 0) since.began = context_.clock().steady();
}

std::string Rates::stanzas_per_second(core::Account& account) const {
    const SteadyTime now = context_.clock().steady();
    std::uint64_t count = 0;
    SteadyTime::duration longest{};
    for (const auto& session : account.sessions()) {
        if (!session->is_live()) continue;
        const Since& since = of(*session);
        count += session->window().received() - since.count;
        longest = std::max(longest, now - since.began);
    }
    return rate(count, longest, 1s);
}

std::string Rates::logins_per_minute(core::Account& account) const {
    const Since& since = accounts_.of(account);
    if (since.count == 0) return rate(0, 0s, 1min);
    return rate(since.count, context_.clock().steady() - since.began, 1min);
}

}  // namespace clarion::administration
