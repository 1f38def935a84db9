// PendingIqs: requests this server itself has sent and waits for (push publishes, roster pushes
// need none).
//
// One per shard. Ids are unguessable and end in the number of the shard, so that an answer,
// addressed to the host, finds its way back. An answer counts only from the very JID that was asked
// (RFC 6120, 8.2.3).
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "proto/stanza.h"
#include "server/runtime/unique_function.h"

namespace clarion::core {

class Core;

class PendingIqs {
public:
    explicit PendingIqs(Core& core);
    ~PendingIqs();

    /// The answer (result or error), or nullptr: none came in time. `local`: this server made the
    /// answer itself, because the domain could not be reached or its component is not attached
    /// (Envelope::local_bounce); an error that the other side relayed is not local.
    using Answered = UniqueFunction<void(const Stanza* answer, bool local)>;

    /// A fresh id for a request from this shard.
    std::string next_id() const;
    /// Sends `request` (its id is set here) through the router; `answered` is called exactly once.
    void send(std::shared_ptr<Stanza> request, Duration timeout, Answered answered);
    /// An iq result or error for this host arrived; `local` as in Answered. False: it answers
    /// nothing we asked that JID.
    bool on_answer(const Stanza& answer, bool local);
    /// The shard in an id of ours; nullopt-like: count() if it is not one.
    static unsigned shard_of(std::string_view id, unsigned shard_count);
    std::size_t size() const;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace clarion::core
