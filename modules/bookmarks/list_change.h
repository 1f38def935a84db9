// ListChange: what a list in the older form (XEP-0048) changes of the items that are kept. Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "proto/bookmarks.h"
#include "proto/jid.h"
#include "proto/pubsub_client.h"

namespace clarion::bookmarks {

using pubsub::ItemText;

/// The items of the node. Those that are no bookmarks of rooms (another id, another payload) are
/// nobody's business here: no list shows them, none removes them.
class KeptItems {
public:
    explicit KeptItems(std::vector<ItemText> items);

    struct Room {
        std::string jid;                  // prepared
        std::vector<std::size_t> places;  // of its items, one almost always; the last one counts
    };
    /// In the order in which they were published.
    const std::vector<Room>& rooms() const { return rooms_; }
    const Room* find(std::string_view jid) const;
    /// Of all items.
    std::size_t count() const { return items_.size(); }
    /// The item that counts.
    const ItemText& item_of(const Room& room) const { return items_[room.places.back()]; }
    const ItemText& item(std::size_t place) const { return items_[place]; }
    const std::vector<ItemText>& items() const { return items_; }

private:
    std::vector<ItemText> items_;
    std::vector<Room> rooms_;
    std::unordered_map<std::string, std::size_t, TextHash, std::equal_to<>> by_jid_;
};

struct ListChange {
    std::vector<ItemText> publish;  // what is new or says something else
    std::vector<std::string> retract;
    std::vector<ItemText> replaced;  // what `publish` replaces, as it was
    std::vector<std::string> added;  // ids that `publish` has and nobody had
    std::vector<ItemText> removed;   // what `retract` takes
    std::size_t removed_rooms = 0;
    /// More than half of the rooms: by mistake, perhaps.
    bool removes_most = false;

    bool empty() const { return publish.empty() && retract.empty(); }
};

ListChange change_to(const KeptItems& kept, const OldList& list);

/// The items that a list adds whose rooms are not kept; nothing else changes.
std::vector<ItemText> items_missing(const KeptItems& kept, const OldList& list);

/// What is left to do of a list whose first half was written: what it publishes is there, and so is
/// all that it retracts. nullopt: none of it was written, all of it, or something else since.
std::optional<ListChange> rest_of(const KeptItems& kept, const std::vector<ItemText>& publish,
                                  const std::vector<std::string>& retract);

/// Fills in a <storage/>. `others`: what it has beside rooms, as XML.
void fill_list(xml::Element& storage, const KeptItems& kept,
               const std::vector<std::string>& others);

/// What a list has beside rooms, as XML.
std::vector<std::string> others_of(const OldList& list);
/// Adds those that are not there yet.
void add_missing(std::vector<std::string>& others, const std::vector<std::string>& more);

}  // namespace clarion::bookmarks
