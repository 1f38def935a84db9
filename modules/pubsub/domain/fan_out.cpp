#include "modules/pubsub/domain/fan_out.h"

#include <utility>

#include "server/core/context.h"
#include "server/core/routing/router.h"
#include "server/runtime/scope.h"
#include "server/runtime/shard.h"

namespace clarion::pubsub {

void FanOut::send(StanzaPtr event, std::vector<Jid> to) {
    if (to.empty()) return;
    waiting_ += to.size();
    notices_.push_back({.event = std::move(event), .to = std::move(to)});
    if (running_) return;
    send_slice();
    if (waiting_ == 0) return;
    running_ = true;
    owner_.context()
        .scope_of(owner_.id())
        .spawn("pubsub-notices", send_rest(core::ActorPin<core::Actor>(owner_)));
}

void FanOut::send_slice() {
    core::Router& router = owner_.context().router();
    for (std::size_t left = slice; left > 0 && waiting_ > 0; --left) {
        Notice& notice = notices_.front();
        router.route(addressed_to(notice.to[notice.next], notice.event));
        --waiting_;
        if (++notice.next == notice.to.size()) notices_.pop_front();
    }
}

Task<> FanOut::send_rest(core::ActorPin<core::Actor> pin) {
    while (waiting_ > 0) {
        co_await pin->context().shard().sleep(Duration::zero());  // others first
        if (!pin.alive()) co_return;
        send_slice();
    }
    running_ = false;
}

}  // namespace clarion::pubsub
