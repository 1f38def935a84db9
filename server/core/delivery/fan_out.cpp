#include "server/core/delivery/fan_out.h"

#include <utility>

#include "base/clock.h"
#include "server/core/context.h"
#include "server/core/routing/delivery_queue.h"
#include "server/core/routing/router.h"
#include "server/runtime/scope.h"
#include "server/runtime/shard.h"

namespace clarion::core {

namespace {

Ticket cause_of(const Actor& owner) {
    const Ticket* const cause = owner.context().shard().cause();
    return cause ? *cause : Ticket{};
}

}  // namespace

void FanOut::send(StanzaPtr stanza, std::vector<Jid> to) {
    send(std::move(stanza), std::make_shared<const std::vector<Jid>>(std::move(to)));
}

void FanOut::send(StanzaPtr stanza, Recipients to) {
    if (!to->empty()) send(SaidToMany(std::move(stanza)), std::move(to));
}

void FanOut::send(SaidToMany said, Recipients to) {
    if (!to->empty())
        add({.many = std::move(said), .to = std::move(to), .cause = cause_of(owner_)});
}

void FanOut::send(StanzaPtr stanza) {
    add({.stanza = std::move(stanza), .cause = cause_of(owner_)});
}

void FanOut::add(Said said) {
    waiting_ += said.copies();
    queue_.push_back(std::move(said));
    if (running_) return;
    send_slice();
    if (waiting_ > 0) begin_rest();
}

void FanOut::begin_rest() {
    running_ = true;
    owner_.context().scope_of(owner_.id()).spawn("fan-out", send_rest(ActorPin<Actor>(owner_)));
}

void FanOut::send_slice() {
    const WallTime now = owner_.context().clock().wall();
    for (std::size_t left = slice; left > 0 && waiting_ > 0; --left) {
        Said& said = queue_.front();
        send_next(said, now);
        --waiting_;
        if (++said.next == said.copies()) queue_.pop_front();
    }
}

void FanOut::send_next(Said& said, WallTime now) {
    Envelope envelope;
    envelope.stanza = said.to ? said.many.to((*said.to)[said.next]) : said.stanza;
    envelope.meta.received = now;
    envelope.ticket = said.cause;
    if (envelope.ticket) envelope.ticket.charge(envelope.stanza->cost());
    owner_.context().router().route(std::move(envelope));
}

Task<> FanOut::send_rest(ActorPin<Actor> pin) {
    while (waiting_ > 0) {
        co_await pin->context().shard().sleep(Duration::zero());  // others first
        if (pin->gone()) co_return;  // the last words of one that is deleted are still sent
        send_slice();
    }
    // What is added before this is delivered comes behind it (DeliveryQueue::run_behind).
    DeliveryQueue& deliveries = pin->context().deliveries();
    deliveries.run_behind([this, pin = std::move(pin)](Context&) {
        running_ = false;
        if (waiting_ > 0 && !pin->gone()) begin_rest();
    });
}

}  // namespace clarion::core
