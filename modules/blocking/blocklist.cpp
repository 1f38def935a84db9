#include "modules/blocking/blocklist.h"

#include <algorithm>
#include <functional>
#include <iterator>
#include <unordered_set>

#include "proto/ns.h"
#include "storage/module_data.h"
#include "storage/record_codec.h"

namespace clarion::blocking {

std::variant<std::vector<Item>, StanzaError> read_items(const xml::Element& command) {
    std::vector<Item> items;
    std::unordered_set<Jid> known;
    for (const xml::Element& child : command.children()) {
        if (!child.is(ns::blocking, "item")) continue;
        if (child.attr("jid").empty())
            return StanzaError(StanzaErrorCondition::bad_request, "an item needs an address");
        auto jid = Jid::parse(child.attr("jid"));
        if (!jid) return StanzaError(StanzaErrorCondition::jid_malformed, jid.error().text);
        if (!known.insert(*jid).second) continue;
        items.push_back({std::move(jid).value(), child.child(ns::reporting, "report")});
    }
    if (items.empty() && command.has_children())
        return StanzaError(StanzaErrorCondition::bad_request, "no address is named");
    return items;
}

namespace {

constexpr std::uint8_t version = 1;

}  // namespace

std::string blocked_key(std::string_view jid) { return storage::data_key(jid); }

std::string encode_blocked(std::string_view jid) {
    return storage::Encoder(version).string(blocked_key(jid) == jid ? "" : jid).take();
}

Result<std::string> decode_blocked(std::string_view key, std::string_view value) {
    storage::Decoder in(value, version);
    std::string jid = in.string();
    if (auto fits = in.finish("blocked address"); !fits) return fits.error();
    return jid.empty() ? std::string(key) : jid;
}

Blocklist::Blocklist(std::vector<std::string> jids) : jids_(std::move(jids)) {
    std::sort(jids_.begin(), jids_.end());
}

bool Blocklist::contains(std::string_view jid) const {
    return std::binary_search(jids_.begin(), jids_.end(), jid, std::less<std::string_view>());
}

std::vector<std::string> Blocklist::missing(const std::vector<Item>& items) const {
    std::vector<std::string> found;
    for (const Item& item : items)
        if (!contains(item.jid.full())) found.push_back(item.jid.full());
    return found;
}

std::vector<std::string> Blocklist::present(const std::vector<Item>& items) const {
    std::vector<std::string> found;
    for (const Item& item : items)
        if (contains(item.jid.full())) found.push_back(item.jid.full());
    return found;
}

std::vector<std::string>::iterator Blocklist::place_of(std::string_view jid) {
    return std::lower_bound(jids_.begin(), jids_.end(), jid, std::less<std::string_view>());
}

void Blocklist::add(std::vector<std::string> missing) {
    if (missing.size() == 1) {
        jids_.insert(place_of(missing.front()), std::move(missing.front()));
        return;
    }
    std::sort(missing.begin(), missing.end());
    const auto before = static_cast<std::ptrdiff_t>(jids_.size());
    jids_.insert(jids_.end(), std::make_move_iterator(missing.begin()),
                 std::make_move_iterator(missing.end()));
    std::inplace_merge(jids_.begin(), jids_.begin() + before, jids_.end());
}

void Blocklist::remove(const std::vector<std::string>& present) {
    if (present.size() == 1) {
        jids_.erase(place_of(present.front()));
        return;
    }
    const Blocklist gone(present);
    std::erase_if(jids_, [&](const std::string& jid) { return gone.contains(jid); });
}

bool matches(const Blocklist& list, const Jid& jid) {
    if (list.empty() || jid.empty()) return false;
    return list.contains(jid.full()) || (jid.is_full() && list.contains(jid.bare())) ||
           (jid.has_local() && list.contains(jid.domain()));
}

}  // namespace clarion::blocking
