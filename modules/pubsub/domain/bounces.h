// Bounces: what comes of notifications that come back (XEP-0060, 12.4).
//
// An address whose own server says that there is nobody, or that wants none (an error of type
// cancel, or <gone/>), is not notified of the node any more. Other errors pass: a name server or
// the way to another server may be out for a moment. Such an address is given up once everything
// that it was sent has come back for a long time. What is counted is in memory, which
// keeps the owner of the nodes there: it begins anew when that moves or the server starts, and when
// it would become too much.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "proto/stanza_error.h"

namespace clarion::pubsub {

/// Which notification came back, as its id says.
struct NoticeId {
    std::uint32_t node = 0;
    std::uint64_t epoch = 0;   // when the owner was loaded
    std::uint64_t number = 0;  // among those of the node since then, from 1
    bool operator==(const NoticeId&) const = default;
};
std::string to_text(const NoticeId& id);
/// nullopt: it is none of ours.
std::optional<NoticeId> parse_notice_id(std::string_view text);

enum class Verdict : std::uint8_t { end, passing };
/// `by_us`: this server made the error, because it does not reach the other one.
Verdict judge(const StanzaError& error, bool by_us);

class Bounces {
public:
    /// `epoch`: another one each time.
    explicit Bounces(std::uint64_t epoch) : epoch_(epoch) {}

    /// The id of the next notification about the node.
    NoticeId next(std::uint32_t node);
    /// Something passing came back from a subscriber. Since when everything has; nullopt: this is
    /// the first.
    std::optional<WallTime> note(const NoticeId& id, std::string_view subscriber, WallTime now);
    void forget(std::uint32_t node, std::string_view subscriber);
    void forget_all() { runs_.clear(); }
    /// Nothing is counted.
    bool empty() const { return runs_.empty(); }

private:
    struct Run {
        WallTime since{};
        std::uint64_t last = 0;
    };
    using Key = std::pair<std::uint32_t, std::string>;
    static constexpr std::size_t most = 20000;  // of each of the two

    std::uint64_t epoch_;
    std::map<std::uint32_t, std::uint64_t> sent_;
    std::map<Key, Run> runs_;  // of subscribers only
};

}  // namespace clarion::pubsub
