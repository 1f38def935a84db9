// Rules of the node of bookmarks: whatever a client asks for, it keeps all items, for nobody but its
// owner (XEP-0402, XEP-0223). Pure.
#pragma once

#include <variant>
#include <vector>

#include "proto/pubsub.h"
#include "proto/pubsub_client.h"

namespace clarion::bookmarks {

/// How the node is configured, always.
const std::vector<pubsub::PublishOption>& node_options();

/// A request about the node as it is carried out: whatever it makes or configures has those
/// options. What it demands of a node that is there for keeping items ("max_items=255", say) is
/// replaced by them: clients of several ages share the node, each with its own idea of that. Who
/// demands that others may read it, or publish, is refused by who keeps the node
/// (precondition-not-met). Refused: to let others in by name (not-allowed).
/// `read`: what `request` was read to.
std::variant<StanzaPtr, pubsub::Refusal> as_allowed(const StanzaPtr& request,
                                                    const pubsub::Request& read);

/// The same request or answer about another node.
std::shared_ptr<Stanza> renamed(const Stanza& stanza, std::string_view node);

// In the name of the account itself.
/// Makes the node.
std::shared_ptr<Stanza> make_create(const Jid& account);
/// Configures it; changes nothing if it is as it must be. `items`: a number of items that it must
/// be able to have; empty: none.
std::shared_ptr<Stanza> make_configure(const Jid& account, std::string_view items = {});

}  // namespace clarion::bookmarks
