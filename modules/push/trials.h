// Trials: what was published within the last hour to addresses that have never accepted a
// notification, by account and by the domain of the address.
//
// Anybody may register any address, and need not ask it: who is sent what they did not want would
// have it from this server, at another's expense. A push service accepts what it gets, and then
// nothing is counted any more. By domain, so that registering once more, under another address or
// node there, is no new beginning. Pure. One per shard.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/time.h"
#include "storage/ids.h"

namespace clarion::push {

class Trials {
public:
    /// Until when nothing more may be sent there, if `most` an hour may; nullopt: it may now.
    std::optional<SteadyTime> closed_until(storage::AccountId account, std::string_view domain,
                                           std::uint64_t most, SteadyTime now) const {
        const auto tried = find(account, domain);
        if (tried == tried_.end() || tried->second.count < most) return std::nullopt;
        const SteadyTime end = tried->second.since + window;
        return end > now ? std::optional(end) : std::nullopt;
    }
    void sent(storage::AccountId account, std::string_view domain, SteadyTime now) {
        if (tried_.size() >= clean_at_) clean(now);
        Tried& tried = tried_[key(account, domain)];
        if (tried.since + window <= now || tried.count == 0) tried = {now, 0};
        ++tried.count;
    }
    /// One of those was not, after all.
    void not_sent(storage::AccountId account, std::string_view domain) {
        const auto tried = find(account, domain);
        if (tried != tried_.end() && --tried->second.count == 0) tried_.erase(tried);
    }
    /// Something was accepted there.
    void accepted(storage::AccountId account, std::string_view domain) {
        tried_.erase(Key(account, domain));
    }
    std::size_t size() const { return tried_.size(); }

private:
    using Key = std::pair<storage::AccountId, std::string>;
    struct Tried {
        SteadyTime since{};
        std::uint64_t count = 0;
    };
    static constexpr auto window = std::chrono::hours(1);
    /// Of one account; all others count together.
    static constexpr std::ptrdiff_t most_domains = 20;

    Key key(storage::AccountId account, std::string_view domain) const {
        Key own(account, domain);
        if (tried_.contains(own)) return own;
        const auto first = tried_.lower_bound(Key(account, ""));
        auto last = first;
        while (last != tried_.end() && last->first.first == account) ++last;
        return std::distance(first, last) < most_domains ? own : Key(account, "");
    }
    std::map<Key, Tried>::const_iterator find(storage::AccountId account,
                                              std::string_view domain) const {
        return tried_.find(key(account, domain));
    }
    std::map<Key, Tried>::iterator find(storage::AccountId account, std::string_view domain) {
        return tried_.find(key(account, domain));
    }
    void clean(SteadyTime now) {
        std::erase_if(tried_,
                      [now](const auto& each) { return each.second.since + window <= now; });
        clean_at_ = std::max<std::size_t>(1000, 2 * tried_.size());
    }

    std::map<Key, Tried> tried_;
    std::size_t clean_at_ = 1000;
};

}  // namespace clarion::push
