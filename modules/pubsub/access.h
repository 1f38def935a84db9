// Who may do what with a node: pure decisions (XEP-0060, 4.1 and 4.5).
#pragma once

#include "modules/pubsub/node.h"

namespace clarion::pubsub {

/// What somebody is to a node.
struct Standing {
    Affiliation affiliation = Affiliation::none;
    /// The access model admits who has no affiliation.
    bool admitted = false;
    /// The access model lets who has no affiliation ask an owner.
    bool may_ask = false;
    /// Is told of what is published, by a subscription of its own or because it sees the owner's
    /// presence. Known only of nodes of which subscribers publish.
    bool subscribed = false;
};

/// Reads items.
bool may_read(const Standing& standing);
/// May know that there is such a node: reads it, or may ask for that.
bool may_know(const Standing& standing);
/// What a subscription is by right: who may read is subscribed, who may ask waits for an owner,
/// others have none.
SubscriptionState rightful_state(const Standing& standing);
/// `there`: the publisher of the item of that id that is there; nullptr: there is none. `who`: the
/// asker as ItemEntry::publisher. Who is no owner neither replaces nor retracts what is somebody
/// else's.
bool may_publish(PublishModel model, const Standing& standing, const std::string* there,
                 const std::string& who);
bool may_retract(const Standing& standing, const std::string& publisher, const std::string& who);

}  // namespace clarion::pubsub
