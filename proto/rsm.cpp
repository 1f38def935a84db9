#include "proto/rsm.h"

#include <algorithm>
#include <limits>

#include "base/text.h"
#include "proto/ns.h"

namespace clarion {

namespace {

/// A non-negative number; one that is too large means "as many as there are".
Result<std::optional<std::uint32_t>> read_number(const xml::Element& set, std::string_view name) {
    const xml::Element* child = set.child(ns::rsm, name);
    if (child == nullptr) return std::optional<std::uint32_t>{};
    const auto number = parse_int(trim(child->text()));
    if (!number.ok() || *number < 0) {
        return fail("bad-request", "<" + std::string(name) + "/> is not a number");
    }
    constexpr std::int64_t largest = std::numeric_limits<std::uint32_t>::max();
    return std::optional(static_cast<std::uint32_t>(std::min(*number, largest)));
}

std::optional<std::string> read_text(const xml::Element& set, std::string_view name) {
    const xml::Element* child = set.child(ns::rsm, name);
    if (child == nullptr) return std::nullopt;
    return std::string(child->text());
}

}  // namespace

std::uint32_t RsmRequest::limit(std::uint32_t largest, std::uint32_t usual) const {
    return std::min(max.value_or(usual), largest);
}

Result<RsmRequest> read_rsm(const xml::Element& query) {
    RsmRequest request;
    const xml::Element* set = query.child(ns::rsm, "set");
    if (set == nullptr) return request;
    request.present = true;
    const auto max = read_number(*set, "max");
    if (!max.ok()) return max.error();
    const auto index = read_number(*set, "index");
    if (!index.ok()) return index.error();
    request.max = *max;
    request.index = *index;
    request.before = read_text(*set, "before");
    request.after = read_text(*set, "after");
    if (request.after && request.after->empty()) return fail("bad-request", "<after/> is empty");
    if (request.index && (request.before || request.after)) {
        return fail("bad-request", "<index/> goes with neither <before/> nor <after/>");
    }
    return request;
}

xml::Element& add_rsm(xml::Element& parent, const RsmAnswer& answer) {
    xml::Element& set = parent.add("set", ns::rsm);
    if (!answer.first.empty()) {
        xml::Element& first = set.add("first").add_text(answer.first);
        if (answer.index) first.set_attr("index", std::to_string(*answer.index));
    }
    if (!answer.last.empty()) set.add_text_child("last", answer.last);
    if (answer.count) set.add_text_child("count", std::to_string(*answer.count));
    return set;
}

}  // namespace clarion
