// PendingIqs: requests this server itself has sent and waits for (push publishes, roster pushes
// need none).
//
// One per shard. Whoever asks (an account, an actor of a service, a domain), asks at its home, in
// its own name or in that of its host. Ids are unguessable and end in the number of the asker's
// partition, so that an answer finds its way back to whoever is its home by then. An answer counts
// only from the very JID that was asked (RFC 6120, 8.2.3).
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "proto/partition.h"
#include "proto/stanza.h"
#include "server/runtime/unique_function.h"

namespace clarion::core {

class Context;

class PendingIqs {
public:
    explicit PendingIqs(Context& context);
    ~PendingIqs();

    /// The answer (result or error), or nullptr: none came in time. `local`: this server made the
    /// answer itself, because the domain could not be reached or its component is not attached
    /// (Envelope::local_bounce); an error that the other side relayed is not local.
    using Answered = UniqueFunction<void(const Stanza* answer, bool local)>;

    /// Sends `request` (its id is set here) through the router; `answered` is called exactly once.
    /// `asker`: the bare JID or domain whose question it is; this shard is its home. One that waits
    /// for [limits] max_requests_of_asker answers already asks nobody, and is told in a later turn
    /// that no answer came.
    void send(std::string_view asker, std::shared_ptr<Stanza> request, Duration timeout,
              Answered answered);
    /// An iq result or error for one of us arrived; `local` as in Answered. False: it answers
    /// nothing we asked that JID.
    bool on_answer(const Stanza& answer, bool local);
    /// Whose question it was, from an id of ours; nullopt: it is not one.
    static std::optional<Partition> asker_of(std::string_view id);
    std::size_t size() const;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace clarion::core
