// S2sBacklog: what waits on all links of a shard to other servers, in bytes of memory, and for
// whom.
//
// A link has a limit of its own (S2sQueue), but anybody may name thousands of domains. So all links
// together have one as well, and nobody, neither a sender nor a link, holds more than a third of
// what is left of it: one alone gets a quarter, and the more is taken, the less each may add.
//
// One per shard, owned by RemoteDomains; it outlives the links.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/option.h"
#include "proto/jid.h"
#include "proto/stanza.h"

namespace clarion::net {

/// The part of [s2s] that is about all links of a shard.
struct S2sBacklogOptions {
    std::int64_t max_queued_bytes_total = 32 << 20;
    static void declare(OptionTable<S2sBacklogOptions>& table);
};

class S2sBacklog {
public:
    /// A link holds the stanza from now on, or no longer. REQUIRES: in between it does not change.
    void add(const Stanza& stanza);
    void remove(const Stanza& stanza);

    /// Whether the stanza may wait as well, on a link that has `link_bytes` already, when all
    /// together may have `limit`.
    bool has_room(const Stanza& stanza, std::size_t link_bytes, std::size_t limit) const;
    std::size_t bytes() const { return bytes_; }

private:
    std::unordered_map<std::string, std::size_t, TextHash, std::equal_to<>> by_sender_;
    std::size_t bytes_ = 0;
};

}  // namespace clarion::net
