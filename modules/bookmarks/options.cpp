#include "modules/bookmarks/options.h"

namespace clarion::bookmarks {

void BookmarksOptions::declare(OptionTable<BookmarksOptions>& t) {
    t.section("bookmarks", "The rooms that users keep (XEP-0402, XEP-0048).").per_host().live();
    t.add("max_bookmarks", &BookmarksOptions::max_bookmarks)
        .min(0)
        .max(1000000)
        .unit("rooms")
        .doc(
            "A list in the older form (XEP-0048) that would add to more rooms than this is refused "
            "with resource-constraint, and one that would add to more than [pubsub] max_items, "
            "with those that it removes, with not-acceptable. Rooms that clients add one by one "
            "(XEP-0402) are bounded by [pubsub] max_items alone.");
    t.add("max_other_bytes", &BookmarksOptions::max_other_bytes)
        .min(0)
        .unit("bytes")
        .doc(
            "What lists in the older form may have beside rooms, addresses of web pages for one. "
            "A list with more is refused with resource-constraint.");
    t.add("keep_removed", &BookmarksOptions::keep_removed)
        .min(Duration::zero())
        .days()
        .doc(
            "So long what a list in the older form has removed, if that was more than half of an "
            "account's bookmarks, can be brought back with clarionctl bookmarks restore. Only the "
            "last such list counts. 0: it is not kept.");
    t.add("max_removed_bytes", &BookmarksOptions::max_removed_bytes)
        .min(0)
        .unit("bytes")
        .doc("What is kept for that, of one account. Bookmarks beyond it are not.");
}

}  // namespace clarion::bookmarks
