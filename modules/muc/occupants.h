// Occupants: who is in a room, by nickname and by the addresses of their sessions.
//
// An occupant is one user under one nickname, with one session or more (XEP-0045, 7.2.4 and 3.2.6:
// several clients of one user may share a nickname). Part of a Room, on its shard.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/text.h"
#include "base/time.h"
#include "proto/muc.h"
#include "proto/stanza.h"

namespace clarion::muc {

/// One client of an occupant.
struct OccupantSession {
    Jid jid;             // full
    StanzaPtr presence;  // the last one, as it was sent, without what only a room says
    /// Nothing was heard of it since the server was started, or it is in doubt (roll_call.h).
    bool is_unverified = false;
    bool is_asked_after = false;  // whether it is still there (roll_call.h)
};

/// What others are told of an occupant when they enter, in both forms: made when somebody enters, and
/// shared by all who do (Room::forget_shown).
struct ShownPresence {
    SaidToMany with_jids{}, without{};  // nothing: not made
    // Of what they are made:
    Role role = Role::none;
    Affiliation affiliation = Affiliation::none;
    std::uint32_t changes = 0;
};

struct Occupant {
    Jid address;       // of the occupant: room@service/nick
    std::string user;  // bare: whose it is
    std::string id;    // XEP-0421
    Affiliation affiliation = Affiliation::none;
    Role role = Role::none;
    std::vector<OccupantSession> sessions{};  // the last one is the one that spoke last
    std::uint32_t changes = 0;                // of its nickname and of its sessions
    ShownPresence shown{};
    WallTime noted{};  // as an author of what is archived (authors.h); zero: not yet

    std::string_view nick() const { return address.resource(); }
    const OccupantSession& current() const { return sessions.back(); }
    OccupantSession* session(const Jid& jid);
};

class Occupants {
public:
    Occupants() = default;
    ~Occupants();
    Occupants(const Occupants&) = delete;
    Occupants& operator=(const Occupants&) = delete;

    /// Whoever has this nickname, or one that looks the same; nullptr: nobody.
    Occupant* by_nick(std::string_view nick) const;
    /// Whose session that is; nullptr: nobody's.
    Occupant* by_session(const Jid& jid) const;
    /// All of a user, which has one under each nickname.
    std::vector<Occupant*> of(std::string_view user) const;
    /// Whether a user is there.
    bool has(std::string_view user) const;

    /// REQUIRES: by_nick() finds nobody.
    Occupant& add(Occupant occupant);
    /// REQUIRES: it is an occupant's session and `jid` nobody's.
    void add_session(Occupant& occupant, OccupantSession session);
    /// The session is the current one from now on.
    void make_current(Occupant& occupant, const Jid& jid, StanzaPtr presence);
    /// Removes the session, not the occupant, which may have none then.
    void remove_session(Occupant& occupant, const Jid& jid);
    /// With what sessions it has left.
    std::unique_ptr<Occupant> remove(Occupant& occupant);
    /// REQUIRES: nobody else has it.
    void rename(Occupant& occupant, Jid address);

    std::size_t size() const { return by_nick_.size(); }
    std::size_t sessions() const { return by_session_.size(); }
    bool empty() const { return by_nick_.empty(); }

    /// In the order of nicknames. `use` must change nobody's nickname.
    template <class Use>
    void for_each(Use use) const {
        for (const auto& [key, occupant] : by_nick_) use(*occupant);
    }
    /// All sessions of all, for what is said to everybody: made once for as long as nobody comes or
    /// goes.
    std::shared_ptr<const std::vector<Jid>> everybody() const;
    /// All sessions that `wanted` is true of.
    std::vector<Jid> sessions_of(const std::function<bool(const Occupant&)>& wanted) const;

private:
    std::span<Occupant* const> range_of(std::string_view user) const;

    std::map<std::string, std::unique_ptr<Occupant>, std::less<>>
        by_nick_;  // by nickname_likeness()
    std::unordered_map<std::string, Occupant*, TextHash, std::equal_to<>> by_session_;
    mutable std::shared_ptr<const std::vector<Jid>> everybody_;  // nullptr: somebody came or went
    /// In order of their users: eight bytes for each, where a table would take fifty.
    std::vector<Occupant*> by_user_;
};

}  // namespace clarion::muc
