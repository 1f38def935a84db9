#include "modules/muc/occupants.h"

#include <algorithm>
#include <utility>

#include "modules/muc/room_metrics.h"
#include "proto/nickname.h"

namespace clarion::muc {

OccupantSession* Occupant::session(const Jid& jid) {
    for (OccupantSession& session : sessions)
        if (session.jid == jid) return &session;
    return nullptr;
}

Occupant* Occupants::by_nick(std::string_view nick) const {
    const auto at = by_nick_.find(nickname_likeness(nick));
    return at == by_nick_.end() ? nullptr : at->second.get();
}

Occupant* Occupants::by_session(const Jid& jid) const {
    const auto at = by_session_.find(jid.full());
    return at == by_session_.end() ? nullptr : at->second;
}

namespace {

struct ByUser {
    bool operator()(const Occupant* a, std::string_view b) const { return a->user < b; }
    bool operator()(std::string_view a, const Occupant* b) const { return a < b->user; }
};

}  // namespace

std::span<Occupant* const> Occupants::range_of(std::string_view user) const {
    const auto [begin, end] = std::equal_range(by_user_.begin(), by_user_.end(), user, ByUser());
    return {begin, end};
}

std::vector<Occupant*> Occupants::of(std::string_view user) const {
    const auto range = range_of(user);
    return {range.begin(), range.end()};
}

bool Occupants::has(std::string_view user) const { return !range_of(user).empty(); }

Occupants::~Occupants() {
    room_metrics().occupants.add(-static_cast<std::int64_t>(by_nick_.size()));
}

Occupant& Occupants::add(Occupant occupant) {
    room_metrics().occupants.add(1);
    everybody_ = nullptr;
    std::string key = nickname_likeness(occupant.nick());
    auto made = std::make_unique<Occupant>(std::move(occupant));
    Occupant& result = *made;
    for (const OccupantSession& session : result.sessions)
        by_session_.emplace(session.jid.full(), &result);
    by_nick_.emplace(std::move(key), std::move(made));
    const auto behind =
        std::upper_bound(by_user_.begin(), by_user_.end(), std::string_view(result.user), ByUser());
    by_user_.insert(behind, &result);
    return result;
}

void Occupants::add_session(Occupant& occupant, OccupantSession session) {
    ++occupant.changes;
    everybody_ = nullptr;
    by_session_.emplace(session.jid.full(), &occupant);
    occupant.sessions.push_back(std::move(session));
}

void Occupants::make_current(Occupant& occupant, const Jid& jid, StanzaPtr presence) {
    ++occupant.changes;
    const auto at = std::find_if(occupant.sessions.begin(), occupant.sessions.end(),
                                 [&](const OccupantSession& each) { return each.jid == jid; });
    at->presence = std::move(presence);
    at->is_unverified = false;
    std::rotate(at, std::next(at), occupant.sessions.end());
}

void Occupants::remove_session(Occupant& occupant, const Jid& jid) {
    ++occupant.changes;
    everybody_ = nullptr;
    by_session_.erase(jid.full());
    std::erase_if(occupant.sessions, [&](const OccupantSession& each) { return each.jid == jid; });
}

std::unique_ptr<Occupant> Occupants::remove(Occupant& occupant) {
    room_metrics().occupants.add(-1);
    everybody_ = nullptr;
    for (const OccupantSession& session : occupant.sessions) by_session_.erase(session.jid.full());
    std::erase(by_user_, &occupant);
    const auto at = by_nick_.find(nickname_likeness(occupant.nick()));
    std::unique_ptr<Occupant> removed = std::move(at->second);
    by_nick_.erase(at);
    return removed;
}

void Occupants::rename(Occupant& occupant, Jid address) {
    ++occupant.changes;
    auto node = by_nick_.extract(nickname_likeness(occupant.nick()));
    occupant.address = std::move(address);
    node.key() = nickname_likeness(occupant.nick());
    by_nick_.insert(std::move(node));
}

std::shared_ptr<const std::vector<Jid>> Occupants::everybody() const {
    if (!everybody_)
        everybody_ = std::make_shared<const std::vector<Jid>>(
            sessions_of([](const Occupant&) { return true; }));
    return everybody_;
}

std::vector<Jid> Occupants::sessions_of(const std::function<bool(const Occupant&)>& wanted) const {
    std::vector<Jid> found;
    found.reserve(by_session_.size());
    for_each([&](const Occupant& occupant) {
        if (!wanted(occupant)) return;
        for (const OccupantSession& session : occupant.sessions) found.push_back(session.jid);
    });
    return found;
}

}  // namespace clarion::muc
