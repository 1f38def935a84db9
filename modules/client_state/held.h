// HeldStanzas: what waits for one inactive client, in order. Belongs to the session's slot; on its
// shard. It has no limit of its own: its owner asks size() and bytes().
#pragma once

#include <cstddef>
#include <deque>
#include <optional>

#include "modules/client_state/verdict.h"
#include "server/core/routing/envelope.h"

namespace clarion::client_state {

/// The stanzas held for one session, in the order they will be sent.
class HeldStanzas {
public:
    /// Keeps a compact copy. REQUIRES: verdict says hold or merge. Returns what it made obsolete,
    /// or nullptr.
    StanzaPtr add(core::Envelope envelope);
    /// Drops the stanza on this topic, if there is one, and returns it.
    StanzaPtr drop(const Topic& topic);
    /// The oldest; nullopt: none is left.
    std::optional<core::Envelope> pop();

    std::size_t size() const { return count_; }
    std::size_t bytes() const { return bytes_; }
    bool empty() const { return count_ == 0; }

private:
    struct Entry {
        core::Envelope envelope;  // without a stanza: dropped
        Topic topic;              // views into it
        std::size_t hash = 0;     // of the topic; 0: none
    };
    std::deque<Entry> entries_;
    std::size_t count_ = 0;  // without those dropped
    std::size_t bytes_ = 0;
};

}  // namespace clarion::client_state
