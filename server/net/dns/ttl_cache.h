// TtlCache<V>: a bounded map from names to values that expire.
//
// Owner: a Resolver, on its shard. When full, what has expired goes, and if nothing has, any entry:
// a cache may forget. No clock of its own: the caller says what time it is.
#pragma once

#include <cstddef>
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
        if (entries_.size() >= limit_ && !entries_.contains(name)) make_room(now);
        entries_.insert_or_assign(std::string(name), Entry{std::move(value), now + ttl});
    }
    void erase(std::string_view name) {
        if (const auto found = entries_.find(name); found != entries_.end()) entries_.erase(found);
    }
    std::size_t size() const { return entries_.size(); }

private:
    struct Entry {
        V value;
        SteadyTime until;
    };
    void make_room(SteadyTime now) {
        std::erase_if(entries_, [&](const auto& entry) { return entry.second.until <= now; });
        if (entries_.size() >= limit_) entries_.erase(entries_.begin());
    }
    std::size_t limit_;
    std::unordered_map<std::string, Entry, TextHash, std::equal_to<>> entries_;
};

}  // namespace clarion::net
