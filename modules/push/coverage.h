// Coverage: what of a session's queue a registration has been notified of (docs/push-rules.md R4
// and R9). Pure.
//
// One per session and registration: everything up to a XEP-0198 number has been notified (R3, R5),
// and while the session hibernates whatever is queued within the coalescing window of a
// notification too (R4). It is part of the hibernating record, so it survives restarts, and it ends
// with the session or the registration. What is recorded says what was *sent*: a notification still
// on its way when the server dies goes again.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace clarion::push {

/// [push] coalesce_time is at most this.
inline constexpr Duration longest_window = std::chrono::hours(1);

struct Coverage {
    std::uint64_t registration = 0;
    std::optional<std::uint32_t> number;  // every stanza up to this one is covered
    WallTime until{};                     // what was queued up to the end of the last window
    bool until_important = false;         // false: that window does not cover an important stanza
    SteadyTime window_end{};      // the same end while the process lives: no clock step moves it
    std::uint64_t opened_by = 0;  // the notification that set the above; see undo()

    /// Whether a stanza queued before hibernation is covered. Numbers are modulo 2^32 (XEP-0198,
    /// section 4).
    bool covers_number(std::uint32_t stanza) const;
    /// Whether a stanza that is queued now falls into the window.
    bool covers_now(SteadyTime now, bool important) const;
    /// Whether a stanza found in the queue after a restart fell into it. One from long before the
    /// window was queued after it, when the clock had been set back.
    bool covers_time(WallTime queued, bool important) const;

    /// A notification leaves for everything queued up to `newest`.
    void cover_queue(std::uint32_t newest, std::uint64_t notification);
    /// A notification leaves for a stanza queued now, and covers what follows within `coalesce`.
    void open_window(SteadyTime now, WallTime wall, Duration coalesce, bool important,
                     std::uint64_t notification);
    /// The notification could not be sent for good (its stanza was not stored): it covers nothing.
    void undo(std::uint64_t notification);
};

/// What push keeps with a hibernating session, as the part "push" of its record.
struct HibernationPart {
    std::optional<LastingTime> important_at;
    bool wake_called = false;  // ([push] wake_before_timeout)
    std::vector<Coverage> coverage;

    std::string encode() const;
    /// Whatever cannot be read is left out: the worst that follows is a notification too many.
    static HibernationPart decode(std::string_view text);
};

/// Stanzas a registration was notified of lately, by identity, oldest forgotten first: so that a
/// message notified while nobody was there is not notified again from a session's queue.
class Recent {
public:
    static constexpr std::size_t capacity = 64;
    /// 0 is no identity and never contained.
    bool contains(std::uint64_t identity) const;
    void add(std::uint64_t identity);
    /// Oldest first, to be kept.
    std::vector<std::uint64_t> identities() const;

private:
    std::vector<std::uint64_t> ring_;
    std::size_t next_ = 0;
};

}  // namespace clarion::push
