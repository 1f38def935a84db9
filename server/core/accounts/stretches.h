// Stretches: a bounded set of messages, kept as stretches without holes between their ends.
//
// A Session keeps four of them (SeenMessages). Three are of what it was sent apart from the first
// delivery, so that it is not sent again what it has:
//
// * what pages of its archive brought (XEP-0313). A message counts as read only if it was in a page
//   that was really sent to this very session. A query that was answered with a count, a filtered or
//   shortened page, or nothing at all says nothing of other messages, and neither does what another
//   session of the account read. Whether the page arrived too, the session's queue knows: its
//   messages are there until they are acknowledged, with UnackedStanza::archive_id and
//   UnackedStanza::is_copy.
// * what waited, offline or for another session, and was sent to it later.
// * what it took when it came, before it became unavailable. Of the time since it last became
//   available SeenHistory::took() knows.
//
// The fourth is of what it was not sent when it came, although the others say so: its hibernating
// queue was full.
//
// Messages are neighbours if their ordinals are: of the archive (storage/archive.h), or of their
// arrival at the account (Envelope::offline_seq). So what follows each other is one stretch, of any
// number of messages. Of many stretches the oldest are forgotten: then a session may be sent again
// what it has. A hibernating session's record has them as text (to_text()).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace clarion::core {

class Stretches {
public:
    /// 3.2 KB, for a client that wants it so.
    static constexpr std::size_t max_count = 100;

    struct Stretch {
        std::uint64_t first, last;
        std::uint64_t first_ordinal, last_ordinal;
    };
    /// Adds a message: its key, and which one it is in the order of keys.
    void add(std::uint64_t key, std::uint64_t ordinal) { add({key, key, ordinal, ordinal}); }
    /// Adds all messages of a stretch.
    void add(const Stretch& added);
    bool has(std::uint64_t key) const;
    std::size_t count() const { return stretches_.size(); }
    /// Oldest first.
    const std::vector<Stretch>& all() const { return stretches_; }

private:
    std::vector<Stretch> stretches_;  // oldest first, at least one message apart
};

struct SeenMessages {
    Stretches read;       // by archive id
    Stretches delivered;  // by Envelope::offline_seq
    Stretches taken;      // by Envelope::offline_seq: those of them that were for no resource
    Stretches missed;     // by Envelope::offline_seq

    bool empty() const {
        return read.count() + delivered.count() + taken.count() + missed.count() == 0;
    }
};

/// For storage, and back. Error: "malformed".
std::string to_text(const SeenMessages& seen);
Result<SeenMessages> parse_seen_messages(std::string_view text);

}  // namespace clarion::core
