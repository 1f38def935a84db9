// SeenHistory: what a session was sent, or took, so that it need not be sent it again (what the
// sets mean: core/accounts/stretches.h).
//
// Owned by its Session, on the session's shard; a hibernating session's record has it as text.
// Costs 16 bytes and no heap block until there is something.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "server/core/accounts/stretches.h"
#include "storage/ids.h"

namespace clarion::core {

class Account;

class SeenHistory {
public:
    /// A page of the account's archive brought this message to the client.
    void note_read(storage::ArchiveId id, std::uint64_t ordinal);
    bool has_read(storage::ArchiveId id) const;
    /// A message that had waited, offline or for another session, was sent to it. 0: none is meant.
    void note_delivered(std::uint64_t offline_seq);
    bool was_delivered(std::uint64_t offline_seq) const;
    /// A message was for it, but its hibernating queue was full: it waits for the resumption.
    /// `goes_on`: it was sent none since the last that it missed.
    void note_missed(std::uint64_t offline_seq, bool goes_on);
    bool missed(std::uint64_t offline_seq) const;
    /// From now on it takes messages for the account: those after `last` of its offline_seqs.
    void begin_taking(std::uint64_t last) { taking_since_ = last; }
    /// It takes no more after `last`: remembers what it took.
    void stop_taking(std::uint64_t last);
    /// It took messages for the account when this one came. `takes`: it takes them now.
    bool took(std::uint64_t offline_seq, bool takes) const;

    /// All of that for the record of its hibernation, and back. Malformed text restores nothing.
    std::string to_text(const Account& account) const;
    void restore(std::string_view text, Account& account);

private:
    SeenMessages& messages();

    std::uint64_t taking_since_ = 0;  // took the messages after this one, while it takes any
    std::unique_ptr<SeenMessages> messages_;  // nullptr until there is something
};

}  // namespace clarion::core
