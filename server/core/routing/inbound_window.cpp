#include "server/core/routing/inbound_window.h"

#include "base/clock.h"
#include "server/core/context.h"
#include "server/core/options.h"
#include "server/core/routing/refusal_log.h"
#include "server/runtime/shard.h"
#include "storage/storage.h"

namespace clarion::core {

Envelope InboundWindow::admit(Context& context, std::weak_ptr<AckSink> stream,
                              std::shared_ptr<Stanza> stanza) {
    const std::size_t bytes = stanza->cost();
    return admit(context, std::move(stream), std::move(stanza), bytes);
}

Envelope InboundWindow::admit(Context& context, std::weak_ptr<AckSink> stream,
                              std::shared_ptr<Stanza> stanza, std::size_t bytes) {
    const std::uint32_t number = entries_.open(bytes);
    Envelope envelope;
    envelope.ticket = Ticket(context.shard(), std::move(stream), number, *stanza);
    envelope.meta.received = context.clock().wall();
    envelope.stanza = std::move(stanza);
    return envelope;
}

bool InboundWindow::has_room(const C2sOptions& limits) const {
    return entries_.width() < limits.max_ack_window &&
           entries_.open_bytes() < static_cast<std::size_t>(limits.max_ack_window_bytes);
}

bool InboundWindow::keeps_pace(const Context& context) const {
    const auto limit = static_cast<std::size_t>(context.options<StorageOptions>().backlog_limit);
    return entries_.width() == 0 || context.storage().backlog_bytes() <= limit;
}

std::shared_ptr<Stanza> answer_failed(Context& context, const AckSink::Origin& origin,
                                      const StanzaError& error) {
    if (origin.type == StanzaType::error || origin.type == StanzaType::result) return nullptr;
    context.refusals().on_failed(origin, error);
    auto answer = Stanza::make(origin.kind, StanzaType::error, origin.to, origin.from, origin.id);
    add_error(answer->root(), error);
    return answer;
}

}  // namespace clarion::core
