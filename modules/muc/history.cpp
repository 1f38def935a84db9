#include "modules/muc/history.h"

#include <algorithm>
#include <utility>

#include "proto/xml_writer.h"

namespace clarion::muc {

void History::add(Said said, std::size_t keep) {
    bytes_ += said.message->cost();
    said_.push_back(std::move(said));
    this->keep(keep);
}

void History::keep(std::size_t count) {
    while (said_.size() > count || (bytes_ > max_bytes && !said_.empty())) drop_first();
}

void History::drop_first() {
    bytes_ -= said_.front().message->cost();
    said_.pop_front();
}

void History::set(Said& said, StanzaPtr message) {
    bytes_ -= said.message->cost();
    said.message = std::move(message);
    bytes_ += said.message->cost();
}

std::vector<Said> History::select(const HistoryRequest& wanted, std::size_t most,
                                  WallTime now) const {
    if (wanted.max_stanzas) most = std::min<std::size_t>(most, *wanted.max_stanzas);
    WallTime since = wanted.since.value_or(WallTime::min());
    if (wanted.seconds) {
        const auto age = std::chrono::seconds(std::min<std::uint64_t>(*wanted.seconds, 1u << 30));
        since = std::max(since, now - age);
    }
    std::vector<Said> chosen;
    std::uint64_t left = wanted.max_chars.value_or(max_bytes * 2);
    for (auto said = said_.rbegin(); said != said_.rend() && chosen.size() < most; ++said) {
        if (said->time < since) break;
        const std::uint64_t size =
            wanted.max_chars ? xml::to_string(said->message->root()).size() : 0;
        if (size > left) break;
        left -= size;
        chosen.push_back(*said);
    }
    std::reverse(chosen.begin(), chosen.end());
    return chosen;
}

}  // namespace clarion::muc
