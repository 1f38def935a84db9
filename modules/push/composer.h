// Composer: from what is to be notified to the publish that says so (docs/push-rules.md, "What is
// sent"), while other modules may change or stop it (PushSending). One per shard.
#pragma once

#include <cstdint>

#include "base/task.h"
#include "modules/push/notification.h"
#include "modules/push/pending_notification.h"
#include "modules/push/state.h"

namespace clarion::push {

class Counters;

class Composer {
public:
    Composer(core::Context& context, const Counters& counters)
        : context_(context), counters_(counters) {}

    /// Numbers notifications of this shard.
    std::uint64_t next_number() { return ++last_number_; }
    /// `stanza`: nullptr if none is attached, or it is not kept any more. nullptr: a module stopped
    /// it.
    NotificationPtr compose(core::Account& account, const Registration& registration,
                            const Stanza* stanza, StoredNotification stored) const;
    /// The stanza it is about. nullptr: it is not kept any more.
    Task<StanzaPtr> read_stanza(const StoredNotification& stored) const;

private:
    Summary summary(core::Account& account, const Registration& registration, const Stanza* stanza,
                    const StoredNotification& stored) const;

    core::Context& context_;
    const Counters& counters_;
    std::uint64_t last_number_ = 0;
};

}  // namespace clarion::push
