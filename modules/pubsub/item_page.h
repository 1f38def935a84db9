// Which items of a node answer a request for items (XEP-0060, 6.5; XEP-0059). Pure.
#pragma once

#include <cstddef>
#include <variant>

#include "modules/pubsub/node.h"
#include "proto/pubsub.h"

namespace clarion::pubsub {

/// A stretch of a node's items, in the order of publishing.
struct ItemPage {
    std::size_t first = 0;
    std::size_t count = 0;
    /// The asker is told which page it is: it asked for one, or there are more than it gets.
    bool tell = false;
};

/// Without result set management: the newest; with it the page that is asked for. At most about
/// `most_bytes` of items, but at least one. Refused: a page before or after an item that is not
/// there.
std::variant<ItemPage, Refusal> choose_page(const ItemList& items, const GetItems& wanted,
                                            std::uint64_t most_bytes);

/// What the answer says of its page.
RsmAnswer describe(const ItemList& all, const ItemPage& page);

}  // namespace clarion::pubsub
