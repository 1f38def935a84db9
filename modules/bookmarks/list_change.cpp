#include "modules/bookmarks/list_change.h"

#include <unordered_set>
#include <utility>

#include "proto/ns.h"
#include "proto/xml_writer.h"

namespace clarion::bookmarks {

namespace {

/// A <conference/>, or nothing.
xml::Document parse_payload(const ItemText& item) {
    xml::Document payload = xml::parse_element(item.payload);
    if (!payload.empty() && !payload.root().is(ns::bookmarks, "conference")) return {};
    return payload;
}

void add_publish(ListChange& change, const KeptItems& kept, const OldList::Room& wanted) {
    const KeptItems::Room* const room = kept.find(wanted.jid);
    if (!room) {
        const xml::Document item = to_item(*wanted.conference, nullptr);
        change.publish.push_back({wanted.jid, xml::to_string(item.root())});
        change.added.push_back(wanted.jid);
        return;
    }
    const ItemText& before = kept.item_of(*room);
    const xml::Document old = parse_payload(before);
    const xml::Document item = to_item(*wanted.conference, &old.root());
    if (same(item.root(), old.root())) return;
    change.publish.push_back({before.id, xml::to_string(item.root())});
    change.replaced.push_back(before);
}

}  // namespace

KeptItems::KeptItems(std::vector<ItemText> items) : items_(std::move(items)) {
    for (std::size_t place = 0; place < items_.size(); ++place) {
        const auto jid = Jid::parse(items_[place].id);
        if (!jid || parse_payload(items_[place]).empty()) continue;
        const auto [found, is_new] = by_jid_.try_emplace(jid->full(), rooms_.size());
        if (is_new) rooms_.push_back({jid->full(), {}});
        rooms_[found->second].places.push_back(place);
    }
}

const KeptItems::Room* KeptItems::find(std::string_view jid) const {
    const auto found = by_jid_.find(jid);
    return found == by_jid_.end() ? nullptr : &rooms_[found->second];
}

ListChange change_to(const KeptItems& kept, const OldList& list) {
    ListChange change;
    std::unordered_set<std::string_view> wanted;
    for (const OldList::Room& room : list.rooms) {
        wanted.insert(room.jid);
        add_publish(change, kept, room);
    }
    for (const KeptItems::Room& room : kept.rooms()) {
        if (wanted.contains(room.jid)) continue;
        ++change.removed_rooms;
        for (const std::size_t place : room.places) {
            change.retract.push_back(kept.item(place).id);
            change.removed.push_back(kept.item(place));
        }
    }
    change.removes_most = change.removed_rooms * 2 > kept.rooms().size();
    return change;
}

std::optional<ListChange> rest_of(const KeptItems& kept, const std::vector<ItemText>& publish,
                                  const std::vector<std::string>& retract) {
    std::unordered_map<std::string_view, const ItemText*> there;
    for (const ItemText& item : kept.items()) there.emplace(item.id, &item);
    for (const ItemText& item : publish) {
        const auto found = there.find(item.id);
        if (found == there.end()) return std::nullopt;
        const xml::Document wanted = parse_payload(item);
        const xml::Document is = parse_payload(*found->second);
        if (wanted.empty() || is.empty() || !same(wanted.root(), is.root())) return std::nullopt;
    }
    ListChange change;
    for (const std::string& id : retract) {
        const auto found = there.find(id);
        if (found == there.end()) return std::nullopt;
        change.retract.push_back(id);
        change.removed.push_back(*found->second);
    }
    change.removed_rooms = retract.size();
    return change;
}

std::vector<ItemText> items_missing(const KeptItems& kept, const OldList& list) {
    std::vector<ItemText> items;
    for (const OldList::Room& room : list.rooms) {
        if (kept.find(room.jid)) continue;
        const xml::Document item = to_item(*room.conference, nullptr);
        items.push_back({room.jid, xml::to_string(item.root())});
    }
    return items;
}

void fill_list(xml::Element& storage, const KeptItems& kept,
               const std::vector<std::string>& others) {
    for (const KeptItems::Room& room : kept.rooms()) {
        const xml::Document payload = parse_payload(kept.item_of(room));
        add_to_list(storage, room.jid, payload.root());
    }
    for (const std::string& other : others) {
        const xml::Document element = xml::parse_element(other);
        if (!element.empty()) storage.add_copy(element.root());
    }
}

std::vector<std::string> others_of(const OldList& list) {
    std::vector<std::string> others;
    others.reserve(list.others.size());
    for (const xml::Element* element : list.others) others.push_back(xml::to_string(*element));
    return others;
}

void add_missing(std::vector<std::string>& others, const std::vector<std::string>& more) {
    std::unordered_set<std::string> known(others.begin(), others.end());
    for (const std::string& other : more)
        if (known.insert(other).second) others.push_back(other);
}

}  // namespace clarion::bookmarks
