// TtlCache<V>: a bounded map from names to values that expire.
//
// Owner: a Resolver, on its shard. When full, what expires first goes: a cache may forget. To put
// costs a search, full or not, for anybody can fill it. No clock of its own: the caller says what
// time it is.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/time.h"
#include "proto/jid.h"

namespace clarion::net {

template <class V>
class TtlCache {
public:
    explicit TtlCache(std::size_t limit) : limit_(limit) {}

    /// nullptr: not there, or expired.
    const V* find(std::string_view name, SteadyTime now) const {
        const auto found = entries_.find(name);
        return found == entries_.end() || found->second.until <= now ? nullptr
                                                                     : &found->second.value;
    }
    void put(std::string_view name, V value, SteadyTime now, Duration ttl) {
        if (limit_ == 0 || ttl <= Duration::zero()) return;
        erase(name);
        if (entries_.size() >= limit_) erase(*by_time_.begin()->second);
        Entry entry{std::move(value), now + ttl, by_time_.end()};
        const auto at = entries_.emplace(std::string(name), std::move(entry)).first;
        at->second.place = by_time_.emplace(now + ttl, &at->first);
    }
    void erase(std::string_view name) {
        const auto found = entries_.find(name);
        if (found == entries_.end()) return;
        by_time_.erase(found->second.place);
        entries_.erase(found);
    }
    std::size_t size() const { return entries_.size(); }

private:
    using ByTime =
        std::multimap<SteadyTime, const std::string*>;  // maps do not move what they hold
    struct Entry {
        V value;
        SteadyTime until;
        ByTime::iterator place;
    };
    std::size_t limit_;
    std::unordered_map<std::string, Entry, TextHash, std::equal_to<>> entries_;
    ByTime by_time_;
};

}  // namespace clarion::net
