// Bookmarks: any element is read as an item and as a list or is neither; what a list says as an item
// says the same in a list again, and as an item again.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "proto/bookmarks.h"
#include "proto/ns.h"
#include "proto/xml_writer.h"

namespace {

using namespace clarion;

void check_room(const bookmarks::OldList::Room& room) {
    const xml::Document item = bookmarks::to_item(*room.conference, nullptr);
    if (!bookmarks::read_item(room.jid, item.root())) std::abort();
    if (!bookmarks::same(item.root(), item.root())) std::abort();
    xml::Document storage("storage", ns::bookmarks_legacy);
    bookmarks::add_to_list(storage.root(), room.jid, item.root());
    const auto list = bookmarks::read_list(storage.root());
    if (list.rooms.size() != 1 || list.rooms.front().jid != room.jid) std::abort();
    const xml::Document again = bookmarks::to_item(*list.rooms.front().conference, &item.root());
    if (!bookmarks::same(item.root(), again.root())) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto document = xml::parse_element(text, ns::bookmarks_legacy);
    if (document.empty()) return 0;
    (void)bookmarks::read_item("a@b", document.root());
    for (const auto& room : bookmarks::read_list(document.root()).rooms) check_room(room);
    return 0;
}
