// Outcome: what comes of a request, or of whatever else changes nodes.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "modules/pubsub/service.h"
#include "proto/pubsub.h"

namespace clarion::pubsub {

struct Outcome {
    /// A result; or an error that is complete in itself. nullptr: nobody waits for one.
    std::shared_ptr<Stanza> answer{};
    std::optional<Refusal> refusal{};  // instead of it
    /// Something was written: whoever is told is told when that is durable.
    bool changed = false;
    std::vector<AfterCommit> notices{};
    /// Whoever is subscribed now is sent the last item.
    struct LastItemFor {
        std::uint32_t node;
        Jid to;
    };
    std::vector<LastItemFor> last_items{};
};

/// Who may not know of a node, and who asks for one that is not there, are told the same.
Refusal no_such_node();

/// A message from the service, to nobody yet, with an event about the node: `child` is what is in
/// it. Of the type that the node is configured for.
std::shared_ptr<Stanza> make_event(const Service& service, const Node& node, std::string_view kind,
                                   xml::Element** child);

}  // namespace clarion::pubsub
