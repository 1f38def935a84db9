// History: what was said last in a room, for who enters (XEP-0045, 7.2.14).
//
// In memory only: a room that is loaded fills it from its archive. Part of a Room, on its shard.
#pragma once

#include <cstddef>
#include <deque>
#include <vector>

#include "base/clock.h"
#include "proto/muc.h"
#include "proto/stanza.h"

namespace clarion::muc {

struct Said {
    StanzaPtr message;  // as occupants were sent it
    WallTime time{};
};

class History {
public:
    /// The most bytes that are kept, whatever the count.
    static constexpr std::size_t max_bytes = 256u << 10;

    /// `keep`: how many messages, this one included.
    void add(Said said, std::size_t keep);
    /// Forgets all but the last ones.
    void keep(std::size_t count);
    /// The messages that a request allows, oldest first: at most `most`.
    std::vector<Said> select(const HistoryRequest& wanted, std::size_t most, WallTime now) const;
    /// The first one that `is` is true of; nullptr: none.
    template <class Is>
    StanzaPtr find(Is is) const {
        for (const Said& each : said_)
            if (is(*each.message)) return each.message;
        return nullptr;
    }
    /// Exchanges a message for what is left of it; `is` says which one.
    template <class Is>
    void replace(Is is, const StanzaPtr& by) {
        for (Said& each : said_)
            if (is(*each.message)) set(each, by);
    }
    std::size_t size() const { return said_.size(); }

private:
    void set(Said& said, StanzaPtr message);
    void drop_first();

    std::deque<Said> said_;
    std::size_t bytes_ = 0;
};

}  // namespace clarion::muc
