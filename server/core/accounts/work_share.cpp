#include "server/core/accounts/work_share.h"

#include <algorithm>

#include "server/core/accounts/account.h"
#include "server/core/accounts/session.h"
#include "server/core/context.h"
#include "server/core/options.h"
#include "server/runtime/shard.h"

namespace clarion::core {

Duration WorkShare::spend(SteadyTime now, SteadyTime::duration worked, std::int64_t percent) {
    made_up_at_ = std::max(made_up_at_, now) + worked * 100 / percent;
    const SteadyTime::duration owed = made_up_at_ - now - in_hand;
    return owed > owed.zero() ? std::chrono::ceil<Duration>(owed) : Duration::zero();
}

void Session::charge_work(SteadyTime now, SteadyTime::duration worked) {
    const std::int64_t percent = context().options<C2sOptions>(account_.host()).max_work_percent;
    if (percent == 0 || rests_) return;
    const Duration rest = account_.work_share().spend(now, worked, percent);
    if (rest == Duration::zero()) return;
    rests_ = true;
    context().shard().after(rest, [weak = weak_from_this()] {
        const auto self = weak.lock();
        if (!self) return;
        self->rests_ = false;
        self->go_on_reading();
    });
}

}  // namespace clarion::core
