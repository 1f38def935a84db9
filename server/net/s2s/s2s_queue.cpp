#include "server/net/s2s/s2s_queue.h"

#include <algorithm>

#include "base/clock.h"
#include "base/metrics.h"
#include "base/text.h"
#include "proto/delay.h"
#include "proto/ns.h"
#include "proto/xml_writer.h"
#include "server/core/context.h"
#include "server/core/routing/message_rules.h"
#include "server/core/routing/router.h"
#include "server/core/routing/trace.h"
#include "server/net/s2s/s2s_backlog.h"
#include "server/runtime/shard.h"
#include "storage/storage.h"

namespace clarion::net {

namespace {

Gauge& queued() {
    static Gauge& gauge =
        metrics().gauge("clarion_s2s_queued_stanzas", "Stanzas that wait for other servers");
    return gauge;
}

Counter& bounced() {
    static Counter& counter = metrics().counter(
        "clarion_s2s_bounced_total", "Stanzas returned because a server was not reached");
    return counter;
}

Counter& sent() {
    static Counter& counter = metrics().counter(
        "clarion_s2s_stanzas_total", "Stanzas exchanged with servers", "direction=\"out\"");
    return counter;
}

}  // namespace

S2sQueue::S2sQueue(core::Context& context, S2sBacklog& backlog, std::string remote)
    : context_(context), backlog_(backlog), remote_(std::move(remote)) {}

S2sQueue::~S2sQueue() {
    for (const auto* items : {&written_, &waiting_})
        for (const Item& item : *items) uncount(item);
}

void S2sQueue::count(const Item& item) {
    bytes_ += item.stanza->cost();
    backlog_.add(*item.stanza);
    queued().add(1);
}

void S2sQueue::uncount(const Item& item) {
    bytes_ -= item.stanza->cost();
    backlog_.remove(*item.stanza);
    queued().add(-1);
}

void S2sQueue::push(core::Envelope envelope, bool flowing) {
    Item item{std::move(envelope.stanza), std::move(envelope.ticket), 0, context_.clock().steady(),
              envelope.meta.received};
    count(item);
    item.durable = item.stanza->is_message() && core::may_be_kept_offline(*item.stanza);
    // What need not be durable is done with once it is here: its sender does not wait for the
    // network.
    if (!item.durable) {
        item.ticket.release();
    } else if (!flowing) {
        spool(item);
    }
    waiting_.push_back(std::move(item));
}

void S2sQueue::push_restored(StanzaPtr stanza, std::uint64_t seq, WallTime received) {
    auto own = editable(std::move(stanza));
    state_delay(own->root(), own->from().domain(), format_datetime(received));
    waiting_.push_back({std::move(own), {}, seq, context_.clock().steady(), received, 0, true});
    count(waiting_.back());
}

void S2sQueue::spool(Item& item) {
    auto& spool = context_.storage().spool();
    item.spooled = spool.next_seq();
    const WallTime received = item.received == WallTime{} ? context_.clock().wall() : item.received;
    const core::WriteHold hold(context_.shard(), std::exchange(item.ticket, {}));
    spool.put(context_.shard().batch(), remote_,
              {item.spooled, received, xml::to_string(item.stanza->root())});
}

void S2sQueue::unspool(const Item& item) {
    if (item.spooled != 0)
        context_.storage().spool().remove(context_.shard().batch(), remote_, item.spooled);
}

void S2sQueue::write(OutBuffer& out, std::uint64_t taken, std::size_t limit) {
    while (!waiting_.empty() && out.unsent() < limit) {
        Item item = std::move(waiting_.front());
        waiting_.pop_front();
        xml::write_stanza(out.text(), item.stanza->root(), ns::server);
        item.end = taken + out.unsent();
        if (core::Trace* trace = context_.trace())
            trace->on_element({"s2s-out", {}, remote_, item.stanza->from().domain()},
                              core::TraceEvent::sent, item.stanza->root());
        written_.push_back(std::move(item));
    }
}

void S2sQueue::forget(const Item& item) {
    uncount(item);
    unspool(item);
}

void S2sQueue::on_taken(std::uint64_t taken) {
    while (!written_.empty() && written_.front().end <= taken) {
        forget(written_.front());
        written_.pop_front();
        sent().add();
    }
}

void S2sQueue::spool_untaken() {
    for (auto* items : {&written_, &waiting_}) {
        for (Item& item : *items) {
            if (item.durable && item.spooled == 0) spool(item);
        }
    }
}

void S2sQueue::requeue() {
    spool_untaken();
    while (!written_.empty()) {
        waiting_.push_front(std::move(written_.back()));
        written_.pop_back();
    }
}

std::deque<S2sQueue::Item> S2sQueue::hand_over() {
    std::deque<Item> all = std::exchange(written_, {});
    for (Item& item : waiting_) all.push_back(std::move(item));
    waiting_.clear();
    for (const Item& item : all) uncount(item);
    return all;
}

void S2sQueue::adopt(std::deque<Item> items) {
    for (Item& item : items) {
        count(item);
        if (item.durable && item.spooled == 0) spool(item);
        waiting_.push_back(std::move(item));
    }
}

void S2sQueue::bounce(Item item, const StanzaError& error) {
    forget(item);  // in the batch that has whatever the bounce writes
    bounced().add();
    core::Envelope envelope;
    envelope.stanza = std::move(item.stanza);
    envelope.ticket = std::move(item.ticket);
    envelope.meta.received = item.received;
    context_.router().bounce_unreachable(std::move(envelope), error);
}

void S2sQueue::expire(Duration limit) {
    const SteadyTime now = context_.clock().steady();
    const StanzaError error{StanzaErrorCondition::remote_server_timeout,
                            "the server was not reached in time"};
    while (!waiting_.empty() && now - waiting_.front().since >= limit) {
        Item item = std::move(waiting_.front());
        waiting_.pop_front();
        bounce(std::move(item), error);
    }
}

void S2sQueue::bounce_all(const StanzaError& error) {
    requeue();
    std::deque<Item> all = std::exchange(waiting_, {});
    for (Item& item : all) bounce(std::move(item), error);
}

}  // namespace clarion::net
