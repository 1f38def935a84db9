#include "modules/caps/known_caps.h"

#include <algorithm>
#include <utility>

namespace clarion::caps {

MarkPtr KnownCaps::mark(const std::string& key) {
    if (marks_.size() >= next_sweep_) forget_unused();
    auto& place = marks_[key];
    if (auto mark = place.lock()) return mark;
    auto made = std::make_shared<Mark>(key);
    place = made;
    return made;
}

/// Those that nobody says any more; so seldom that each mark pays for one look.
void KnownCaps::forget_unused() {
    std::erase_if(marks_, [](const auto& each) { return each.second.expired(); });
    next_sweep_ = std::max<std::size_t>(100, 2 * marks_.size());
}

MarkPtr KnownCaps::make_private(const std::string& key, std::string text) {
    auto mark = std::make_shared<Mark>(key);
    mark->is_private = true;
    mark->known = std::make_shared<const Capabilities>(std::move(text));
    return mark;
}

std::shared_ptr<const Capabilities> KnownCaps::use(const MarkPtr& mark) {
    if (mark->known && !mark->is_private) by_use_.splice(by_use_.begin(), by_use_, mark->place);
    return mark->known;
}

void KnownCaps::learn(const MarkPtr& mark, std::string text, std::size_t bound) {
    if (mark->known) return;
    mark->known = std::make_shared<const Capabilities>(std::move(text));
    mark->place = by_use_.insert(by_use_.begin(), mark);
    bytes_ += bytes_of(*mark);
    while (bytes_ > bound && by_use_.size() > 1) {
        const MarkPtr last = by_use_.back();
        by_use_.pop_back();
        bytes_ -= bytes_of(*last);
        last->known = nullptr;
    }
}

/// With what a mark takes beside its texts, about.
std::size_t KnownCaps::bytes_of(const Mark& mark) {
    return mark.key.size() + mark.known->text().size() + 256;
}

}  // namespace clarion::caps
