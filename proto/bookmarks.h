// Bookmarks: the rooms that a user keeps, as items of a node (XEP-0402) and as one list (XEP-0048):
// read, and one form made of the other.
//
// Pure; any thread. An item is a <conference/> in the namespace urn:xmpp:bookmarks:1 whose room is
// the item's id. A list is a <storage xmlns='storage:bookmarks'/> whose <conference/> elements name
// their room in an attribute 'jid'. All else that one of them holds, attributes and elements that
// nobody knows included, is in the other one too: what is in the namespace of the one form is in
// that of the other there. Only <extensions/> is not shown in a list.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proto/jid.h"
#include "proto/xml.h"

namespace clarion::bookmarks {

/// What an item says to who joins rooms.
struct Bookmark {
    Jid room;
    std::string name;      // empty: none was given
    std::string nick;      // empty: the user's own (XEP-0172)
    std::string password;  // empty: none
    bool autojoin = false;
};

/// nullopt: the id is no address, or the payload no conference.
std::optional<Bookmark> read_item(std::string_view id, const xml::Element& payload);

/// What a list in the older form holds. Views into what it was read from.
struct OldList {
    struct Room {
        std::string jid;  // prepared (RFC 7622)
        const xml::Element* conference;
    };
    std::vector<Room> rooms;                  // of several with one address the first
    std::vector<const xml::Element*> others;  // what is no room: <url/>, and what nobody knows
    std::size_t malformed = 0;  // how many rooms were left out: without an address that is one
};

/// Whether it is a list.
bool is_list(const xml::Element& element);
/// REQUIRES: is_list().
OldList read_list(const xml::Element& storage);

/// Appends an item to a list. `room`: its address; `payload`: the item's.
void add_to_list(xml::Element& storage, std::string_view room, const xml::Element& payload);

/// The payload of an item that says what a list says. `kept`: the item as it was; nullptr: there was
/// none. Name, nick, password and autojoin are the list's alone, absent where it has none. What else
/// `kept` has and the list does not say otherwise stays, and its <extensions/> in any case.
xml::Document to_item(const xml::Element& conference, const xml::Element* kept);

/// Whether two items say the same: in whatever order and prefixes, with autojoin as "1" or "true".
bool same(const xml::Element& item, const xml::Element& other);

}  // namespace clarion::bookmarks
