// Who may do what with a node: pure decisions (XEP-0060, 4.1 and 4.5).
#pragma once

#include "modules/pubsub/node.h"

namespace clarion::pubsub {

/// What somebody is to a node.
struct Standing {
    Affiliation affiliation = Affiliation::none;
    /// The access model admits who has no affiliation.
    bool admitted = false;
    /// Is told of what is published, by a subscription of its own or because it sees the owner's
    /// presence.
    bool subscribed = false;
};

/// Reads items, and may know that there is such a node.
bool may_read(const Standing& standing);
/// `there`: the publisher of the item of that id that is there; nullptr: there is none. `who`: the
/// asker as ItemEntry::publisher. Who is no owner neither replaces nor retracts what is somebody
/// else's.
bool may_publish(PublishModel model, const Standing& standing, const std::string* there,
                 const std::string& who);
bool may_retract(const Standing& standing, const std::string& publisher, const std::string& who);

}  // namespace clarion::pubsub
