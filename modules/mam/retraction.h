// Retractions (XEP-0424) in archives: what was retracted is replaced by a tombstone.
//
// The log has a message once, whoever's archives refer to it, so one write is seen by both sides,
// and by what waits offline or in a hibernating queue. Only its author's archive, or the
// recipient's, is searched for the message, from the newest entry back, after the retraction itself
// is stored: its acknowledgement does not wait. The index knows messages by their ids, so only the
// stanza that is meant is read. A crash in between leaves the message as it is; the retraction is
// in the archive in any case, and clients act on that.
//
// The decisions are pure; Retractions lives on one shard.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/clock.h"
#include "proto/stanza.h"
#include "server/core/context.h"
#include "storage/archive.h"

namespace clarion::mam {

struct Retraction {
    std::string target;  // id of the message that is retracted
    std::string id;      // of the retraction itself
    std::string author;  // bare JID
    std::string with;    // bare JID: the contact in whose messages to search
    WallTime at{};
};

/// What a message wants retracted; nullopt: nothing, or nothing that an archive of ours could act
/// on (no id, so that a tombstone could not name it; not of type chat or normal; from or to an
/// occupant of a room, who shares the room's bare JID with everybody there). `with`: the other
/// party, from the point of view of the archive.
std::optional<Retraction> read_retraction(const Stanza& message, const Jid& with, WallTime at);

enum class Found {
    other,      // a different message, or a retraction, which stays: search on
    original,   // this one becomes a tombstone
    tombstone,  // it is one already
    refused,    // it has the id, but is a room occupant's: stays
};
/// Whether a stored message is the one meant: the same author, and the id as its own or as its
/// <origin-id/>.
Found is_original(const Stanza& stored, const Retraction& retraction);

/// The stored message without its content: addresses, type, id and <retracted/>.
std::string make_tombstone(const Stanza& original, const Retraction& retraction);

struct SearchLimits {
    std::size_t depth = 0;    // the most messages of the archive to look at
    std::size_t at_once = 1;  // searches under way for one account
};

class Retractions {
public:
    explicit Retractions(core::Context& context) : context_(context) {}
    /// Searches this account's archive in the background. With too many searches under way for the
    /// account: does nothing.
    void begin(storage::AccountId account, Retraction retraction, const SearchLimits& limits);

private:
    using Pending = std::unordered_map<storage::AccountId, std::size_t>;
    class Count;
    Task<> search(storage::AccountId account, Retraction retraction, std::size_t depth);

    core::Context& context_;
    /// Shared with the searches, which may outlive this when the server dies.
    std::shared_ptr<Pending> pending_ = std::make_shared<Pending>();
};

}  // namespace clarion::mam
