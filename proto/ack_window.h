// AckWindow: which inbound stanzas of a stream are completely dealt with, hence the `h` we may
// send.
//
// Owner: the stream; travels with the session through hibernation and resumption. Thread: the
// owner's shard. Every inbound stanza opens an entry; the entry closes, in any order, when
// everything the stanza caused is committed or an error was returned. `h` counts the contiguous
// closed prefix, so an acknowledged stanza is a durable one.
// It is kept without stream management too: its width is what the read loop's backpressure looks
// at.
//
// Numbers are those of XEP-0198: the first stanza is 1, modulo 2^32.
// Costs 40 bytes and no heap block while empty, 4 bytes per entry otherwise.
#pragma once

#include "proto/ring.h"

#include <cstddef>
#include <cstdint>

namespace clarion::sm {

class AckWindow {
public:
    /// A stanza of `bytes` bytes arrived; returns its number, for close().
    std::uint32_t open(std::size_t bytes);

    /// All that stanza `number` caused is done. Returns true if handled() moved on, that is, if an
    /// answer to <r/> may be due. Numbers outside the window or closed before are ignored (false):
    /// a commit may be reported after the stream has ended and its window was restored.
    bool close(std::uint32_t number);

    /// Stanza `number` costs so many bytes more than it brought itself. Ignored unless it is open.
    void charge(std::uint32_t number, std::size_t bytes);

    /// `h`: stanzas received and closed without a gap, modulo 2^32.
    std::uint32_t handled() const { return handled_; }
    /// Stanzas received, modulo 2^32: the number of the newest.
    std::uint32_t received() const { return handled_ + entries_.size(); }

    /// Stanzas received after the prefix, closed or not: the memory the window holds. The limit on
    /// stanzas in flight is compared with this, so that one slow stanza bounds all later ones.
    std::uint32_t width() const { return entries_.size(); }
    /// Those of them that are still open; the bytes they brought and were charged.
    std::uint32_t open_count() const { return open_count_; }
    std::size_t open_bytes() const { return open_bytes_; }

    /// Whether stanza `number` and all before it are closed; false for numbers not received yet.
    bool is_handled(std::uint32_t number) const;

    /// Starts over after `handled` stanzas, with nothing open: waking, or enabling (0).
    void restore(std::uint32_t handled);

private:
    Ring<std::uint32_t> entries_;  ///< after the prefix: bytes of an open entry, or closed_mark
    std::uint32_t handled_ = 0;
    std::uint32_t open_count_ = 0;
    std::size_t open_bytes_ = 0;
};

}  // namespace clarion::sm
