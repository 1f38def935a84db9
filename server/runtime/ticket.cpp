#include "server/runtime/ticket.h"

#include "server/runtime/shard.h"

namespace clarion::core {

Ticket::Ticket(Shard& home, std::weak_ptr<AckSink> sink, std::uint32_t number, const Stanza& stanza)
    : state_(new TicketState) {
    state_->number = number;
    state_->home = &home;
    state_->sink = std::move(sink);
    state_->origin = {stanza.kind(), stanza.type(), std::string(stanza.id()), stanza.from(),
                      stanza.to()};
}

void Ticket::fail(const Error& error) const {
    if (!state_ || state_->failed.load(std::memory_order_acquire)) return;
    if (error.is(error_code::resource_constraint))
        state_->out_of_room.store(true, std::memory_order_relaxed);
    state_->failed.store(true, std::memory_order_release);
}

void Ticket::release() {
    TicketState* state = std::exchange(state_, nullptr);
    if (state && state->references.fetch_sub(1, std::memory_order_acq_rel) == 1)
        state->home->close_ticket(state);
}

}  // namespace clarion::core
