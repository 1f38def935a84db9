#include "modules/registration/guess.h"

#include <utility>

#include "base/clock.h"
#include "server/core/context.h"
#include "server/core/options.h"
#include "server/runtime/shard.h"

namespace clarion::registration {

namespace {

core::LoginThrottle::Pauses pauses(const core::Context& context, std::string_view host) {
    const auto& options = context.options<core::AuthOptions>(host);
    return {options.failure_delay, options.max_failure_delay};
}

}  // namespace

Guess::Guess(core::Context& context, std::string_view host, std::string network)
    : context_(context),
      network_(std::move(network)),
      pauses_(pauses(context, host)),
      attempt_(context.login_throttle().begin(context.clock().steady(), network_, {}, pauses_)) {}

Task<Result<>> Guess::begin() {
    if (!attempt_) co_return fail(error_code::resource_constraint, "too many attempts; try later");
    if (attempt_->wait() > Duration{}) co_await context_.shard().sleep(attempt_->wait());
    co_return Result<>{};
}

Task<> Guess::was_wrong() {
    co_await context_.shard().sleep(
        context_.login_throttle().on_failure(context_.clock().steady(), network_, {}, pauses_));
}

}  // namespace clarion::registration
