// Result set management: which page of a list is asked for, and how the answer says what it is.
//
// Plain values, any thread. Shared by archives, pubsub items, searches and room lists.
// Source: XEP-0059.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "proto/xml.h"

namespace clarion {

/// What a requester wants. Everything absent: the first page, of the size the server likes.
struct RsmRequest {
    bool present = false;              // there was a <set/> at all
    std::optional<std::uint32_t> max;  // 0: only the count (XEP-0059, 2.7)
    /// The page that ends before this item; empty text: the last page (2.5).
    std::optional<std::string> before;
    /// The page that begins after this item. Together with `before`: what lies between.
    std::optional<std::string> after;
    std::optional<std::uint32_t> index;  // the page that begins at this position (2.6)

    bool wants_last_page() const { return before && before->empty(); }
    bool wants_count_only() const { return max == 0u; }
    /// How many items to return at most.
    std::uint32_t limit(std::uint32_t largest, std::uint32_t usual) const;
};

/// Reads the <set/> child of `query`. Errors: "bad-request" if a number is none, <after/> is empty,
/// or <index/> is combined with <before/> or <after/>.
Result<RsmRequest> read_rsm(const xml::Element& query);

/// What a page was. `first` and `last` are empty if it holds nothing.
struct RsmAnswer {
    std::string first;
    std::string last;
    std::optional<std::uint32_t> index;  // position of the first item in the whole list
    std::optional<std::uint32_t> count;  // items in the whole list
};

/// Appends `<set/>` and returns it.
xml::Element& add_rsm(xml::Element& parent, const RsmAnswer& answer);

}  // namespace clarion
