// DeliveryQueue: what is under way to somebody on this shard.
//
// Routing and sending only append to it, so no handler runs within another, and a list of sessions
// may be walked while they are sent to. Everything is delivered in the order in which it was said;
// what a delivery causes in its turn comes right behind it, before what was said later: as if each
// had been a call, but only once the caller was done. It is drained in the same turn, after each
// element of a client and before the turn ends (its tickets are settled and its batch is submitted
// only then), up to a budget
// ([limits] deliveries_per_turn); the rest comes first in the next turn. What other shards post
// joins it. One per shard.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "proto/partition.h"
#include "server/core/routing/envelope.h"
#include "server/runtime/shard.h"

namespace clarion::core {

class Context;
class Session;

/// Who takes what has come to its home: Delivery (core/delivery/delivery.h).
class Recipients {
public:
    virtual void deliver_to_account(Envelope envelope) = 0;
    virtual void deliver_to_host(Envelope envelope) = 0;
    virtual void deliver_to_session(Session& session, Envelope envelope) = 0;
    /// Whether this may go to another server or a component; if not, it was answered.
    virtual bool may_leave(Envelope& envelope) = 0;

protected:
    ~Recipients() = default;
};

class DeliveryQueue final : public TurnWork {
public:
    /// Who takes it.
    enum class To : std::uint8_t {
        // What goes by partition: whoever lives there is at home here, or it is a stray
        // (core/routing/strays.h).
        account,       // that of its address
        service,       // that of its domain
        component,     // that of its domain
        remote,        // its domain
        task_at_home,  // nobody: something that is to be done at the home of its partition
        answer,        // the same, to something that was asked there: also while that is leaving
        host,          // the server itself, as the host in its address
        session,
        task,  // nobody: something that is to be done then
    };
    using Work = UniqueFunction<void(Context&)>;
    struct Delivery {
        Envelope envelope{};
        std::shared_ptr<Session> session{};
        Work task{};
        Partition partition{};  // for those that go by it
        To to = To::task;
        bool by_partition() const { return to <= To::answer; }
    };

    DeliveryQueue(Context& context, Recipients& recipients)
        : context_(context), recipients_(recipients) {}

    void push(Delivery&& delivery) { (running_ ? caused_ : said_).push_back(std::move(delivery)); }
    void push_to_host(Envelope envelope) {
        push(Delivery{.envelope = std::move(envelope), .to = To::host});
    }
    void push(std::shared_ptr<Session> session, Envelope envelope) {
        push(Delivery{
            .envelope = std::move(envelope), .session = std::move(session), .to = To::session});
    }
    /// Runs `task` behind all that was said before. What it refers to must last (AccountPin).
    void push(Work task) { push(Delivery{.task = std::move(task), .to = To::task}); }
    /// Runs `task` behind all that was said before: at once if nothing is under way, or as part of
    /// the delivery at hand. Whoever made stanzas wait, and lets them go now that it can, does it
    /// here and takes what comes meanwhile behind them. Else what they cause would come behind
    /// those that are in the queue and never waited.
    void run_behind(Work task) {
        if (running_ || empty()) return task(context_);
        push(std::move(task));
    }

    /// Into the queue of the home of its partition. REQUIRES: it goes by that.
    void push_at_home(Delivery&& delivery);

    /// Calls `fn` with each envelope that is under way to this session.
    template <class Function>
    void for_each_under_way(const Session& session, Function fn) {
        for (const auto* list : {&caused_, &next_, &said_})
            for (const Delivery& delivery : *list)
                if (delivery.session.get() == &session) fn(delivery.envelope);
    }

    // TurnWork
    bool begin_turn() override;
    /// Does nothing if it is running already.
    bool run() override;
    /// This turn has delivered as much as it may, and there is more: who can wait causes nothing
    /// new.
    bool is_behind() const { return budget_ == 0 && !empty(); }
    bool empty() const override { return next_.empty() && at_ == said_.size(); }
    void discard() override;

private:
    void take_post(std::uint32_t epoch, Delivery delivery);
    Delivery take();
    void line_up_caused();
    void deliver(Delivery&& delivery);
    void deliver_outside(Delivery&& delivery);
    bool is_stray(const Delivery& delivery) const;

    Context& context_;
    Recipients& recipients_;
    std::vector<Delivery> said_;    // by handlers and other shards, oldest first
    std::size_t at_ = 0;            // those of them before it are delivered
    std::vector<Delivery> caused_;  // by the delivery at hand, oldest first
    std::vector<Delivery> next_;  // by those before it, to be delivered before the rest: last first
    std::size_t budget_ = 0;
    bool running_ = false;
};

}  // namespace clarion::core
