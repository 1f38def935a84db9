// QueuedEvents: which notifications in the queue of a hibernating session are a node's newest
// (XEP-0060, 7.1.2), so that what is published again and again waits once for a phone that sleeps.
//
// A notification takes the place of an older one if it says the newer state of the same item, and
// nothing else of that node stands between them: another item might be the one that is current
// (a node that keeps one item), and nothing passes a retraction, a purge, a deletion or a
// configuration. It stands where the older one stood, because the client counts the stanzas of its
// queue (XEP-0198): so the queue has neither gaps nor another order of what a node said.
//
// Owned by a Hibernation, of what joined the queue since the session began to hibernate and its
// account was last loaded: none of it was ever written to a stream. A plain value.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "server/core/routing/envelope.h"

namespace clarion::core {

/// What a message says of one node; the views are into it.
struct NodeEvent {
    std::string_view from, node;  // node empty: it is no such event, or of no node
    std::string_view item;        // empty: not of one item alone, or said with more than that
};
NodeEvent read_node_event(const Stanza& stanza);

class QueuedEvents {
public:
    struct Older {
        std::uint32_t place = 0;  // in the queue, from 0 on
        std::uint32_t cost = 0;   // in memory, in bytes
    };
    /// It joins the queue, behind all: the one in whose place it is to stand. Nothing: it is at
    /// `end`.
    std::optional<Older> admit(const Envelope& envelope, const NodeEvent& event, std::uint32_t end);
    std::size_t size() const { return newest_.size(); }

    /// Nodes that are known of one session; what comes of more waits as often as it came.
    static constexpr std::size_t max_nodes = 64;

private:
    struct Newest {
        std::string from, node, item;
        Older at;
    };
    std::vector<Newest> newest_;  // the node of which something came last is the last
};

}  // namespace clarion::core
