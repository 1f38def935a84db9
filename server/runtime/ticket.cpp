#include "server/runtime/ticket.h"

#include "server/runtime/shard.h"

namespace clarion::core {

namespace {
/// What is charged on other shards is told to the stream's in so many bytes at a time.
constexpr std::uint32_t told_step = 16 * 1024;
}  // namespace

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

void Ticket::charge(std::size_t bytes) const {
    if (!state_ || bytes == 0) return;
    Shard& home = *state_->home;
    if (home.is_current()) {
        if (const auto sink = state_->sink.lock()) sink->charge(state_->number, bytes);
        return;
    }
    // What one stanza commonly causes there is not worth a message between threads.
    const std::uint32_t before = state_->charged_elsewhere.fetch_add(
        static_cast<std::uint32_t>(bytes), std::memory_order_relaxed);
    const std::size_t steps = (before % told_step + bytes) / told_step;
    if (steps > 0)
        home.set_.post(home.index_, [ticket = *this, steps] { ticket.charge(steps * told_step); });
}

void Ticket::release() {
    TicketState* state = std::exchange(state_, nullptr);
    if (state && state->references.fetch_sub(1, std::memory_order_acq_rel) == 1)
        state->home->close_ticket(state);
}

}  // namespace clarion::core
