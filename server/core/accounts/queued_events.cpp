#include "server/core/accounts/queued_events.h"

#include <algorithm>
#include <utility>

#include "proto/ns.h"

namespace clarion::core {

namespace {

/// Beside the event only since when it is so; of a subscription id, say, there may be several.
bool says_more(const xml::Element& message) {
    for (const xml::Element& child : message.children())
        if (!child.is(ns::pubsub_event, "event") && !child.is(ns::delay, "delay")) return true;
    return false;
}

/// The id of the only item that was published; empty: there are others, or it was retracted.
std::string_view only_item(const xml::Element& what) {
    const xml::Element* item = what.first_child();
    if (what.name() != "items" || !item || item->next_sibling()) return {};
    return item->is(ns::pubsub_event, "item") ? item->attr("id") : std::string_view();
}

/// It waits for this session alone, as what it says.
bool may_be_replaced(const Envelope& envelope) {
    return envelope.stanza->type() == StanzaType::headline && !envelope.meta.spooled &&
           !envelope.meta.logged() && !envelope.meta.archived();
}

}  // namespace

NodeEvent read_node_event(const Stanza& stanza) {
    if (!stanza.is_message() || stanza.is_error()) return {};
    const xml::Element* event = stanza.root().child(ns::pubsub_event, "event");
    const xml::Element* what = event ? event->first_child() : nullptr;
    if (!what) return {};
    NodeEvent result{stanza.from().full(), what->attr("node"), {}};
    if (!what->next_sibling() && !says_more(stanza.root())) result.item = only_item(*what);
    return result;
}

std::optional<QueuedEvents::Older> QueuedEvents::admit(const Envelope& envelope,
                                                       const NodeEvent& event, std::uint32_t end) {
    const auto found = std::find_if(newest_.begin(), newest_.end(), [&](const Newest& each) {
        return each.node == event.node && each.from == event.from;
    });
    Newest now{std::string(event.from), std::string(event.node), {}, {}};
    if (may_be_replaced(envelope)) now.item = event.item;
    now.at = {end, static_cast<std::uint32_t>(envelope.stanza->cost())};
    std::optional<Older> older;
    if (found != newest_.end()) {
        if (!now.item.empty() && found->item == now.item) {
            older = found->at;
            now.at.place = found->at.place;
        }
        newest_.erase(found);
    }
    if (now.item.empty()) return older;  // nothing passes it, and it is passed by nothing
    if (newest_.size() >= max_nodes) newest_.erase(newest_.begin());
    newest_.push_back(std::move(now));
    return older;
}

}  // namespace clarion::core
