#include "modules/muc/room.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/clock.h"
#include "base/text.h"
#include "modules/muc/muc_options.h"
#include "modules/muc/room_metrics.h"
#include "proto/crypto.h"
#include "proto/ns.h"
#include "proto/xml_writer.h"
#include "server/core/actors/archive_id.h"
#include "server/core/context.h"

namespace clarion::muc {

Room::Room(core::Context& context, Jid jid, Stored stored, const RoomStore& store,
           RoomRecord record)
    : Actor(context, std::move(jid), std::move(stored)), store_(store), record_(std::move(record)) {
    room_metrics().rooms.add(1);
}

Room::~Room() { room_metrics().rooms.add(-1); }

core::Relation Room::relation_to(const Jid& who) const {
    const Affiliation affiliation = affiliation_of(who);
    if (affiliation == Affiliation::owner) return core::Relation::owner;
    if (affiliation == Affiliation::outcast) return core::Relation::stranger;
    const bool closed = config().is_members_only || !config().password.empty() || record_.is_locked;
    const bool enters = affiliation >= Affiliation::member || !closed || occupants_.has(who.bare());
    return enters ? core::Relation::contact : core::Relation::stranger;
}

const MucOptions& Room::options() const { return options_of_service(context().config(), host()); }

Result<> Room::set_record(RoomRecord record) {
    if (auto kept = store_.put(owner(), record); !kept) return kept;
    record_ = std::move(record);
    history_.keep(record_.config.history);
    return {};
}

// ---- Loading -----------------------------------------------------------------------------------

void Room::restore(const OccupantRecord& kept, StanzaPtr presence) {
    OccupantSession session{Jid::trusted(kept.jid), std::move(presence)};
    const std::string user(session.jid.bare());
    session.is_unverified = RoomStore::is_of_former_run(kept);
    if (session.is_unverified) unverified_.push_back(session.jid);
    if (Occupant* const there = occupants_.by_nick(kept.nick)) {
        if (there->user == user) occupants_.add_session(*there, std::move(session));
        return;
    }
    auto address = occupant_address(kept.nick);
    if (!address) return;
    Occupant& occupant = occupants_.add({.address = std::move(*address),
                                         .user = user,
                                         .id = occupant_id(user),
                                         .affiliation = affiliation_of(session.jid),
                                         .role = kept.role});
    occupants_.add_session(occupant, std::move(session));
}

void Room::restore(const storage::ArchivedMessage& kept) {
    xml::Document document = xml::parse_element(kept.xml, ns::client);
    if (document.empty()) return;
    auto message = Stanza::from_stored(std::move(document));
    if (!message || sets_subject(**message)) return;
    core::add_stanza_id(**message, *this, kept.id);
    history_.add({std::move(*message), kept.time}, config().history);
}

/// If the clock was set back meanwhile, it spoke just now.
void Room::restore(const PauseRecord& kept) {
    const auto ago = std::max(context().clock().wall() - kept.time, WallTime::duration::zero());
    if (ago >= pause()) return store_.remove_pause(id(), kept.user);
    pauses_.restore(kept.user, context().clock().steady() - ago);
}

// ---- Who somebody is to it ---------------------------------------------------------------------

Affiliation Room::affiliation_of(const Jid& who) const {
    return affiliation_record(who).affiliation;
}

AffiliationRecord Room::affiliation_record(const Jid& who) const {
    auto own = store_.affiliation(owner(), who.bare());
    if (own && !own->is_by_user) return std::move(*own);
    AffiliationRecord record = own ? std::move(*own) : AffiliationRecord{std::string(who.bare())};
    if (const auto domain = store_.affiliation(owner(), who.domain()))
        record.affiliation = domain->affiliation;
    return record;
}

Result<> Room::put(const AffiliationRecord& affiliation) {
    offline_hearers_.reset();
    return store_.put(owner(), affiliation);
}

const std::vector<Jid>& Room::offline_hearers() const {
    if (offline_hearers_) return *offline_hearers_;
    const std::string& who = options().offline_delivery;
    offline_hearers_.emplace();
    if (who == "never") return *offline_hearers_;
    store_.for_each_affiliation(owner(), [&](const AffiliationRecord& each) {
        const bool is_member = each.affiliation >= Affiliation::member;
        if (is_member && (each.hears_offline || who == "members"))
            offline_hearers_->push_back(Jid::trusted(each.address));
    });
    return *offline_hearers_;
}

std::string Room::occupant_id(std::string_view user) const {
    return base64url_encode(crypto::hmac_sha256(store_.secret(owner()), user));
}

Result<Jid> Room::occupant_address(std::string_view nick) const {
    return jid().with_resource(nick);
}

void Room::count_activity() {
    activity_.count(context().clock().wall());
    if (activity_.is_to_be_kept()) store_.put(owner(), activity_);
}

void Room::begin_pause(std::string_view user) {
    const auto over = pauses_.begin(user, pause(), context().clock().steady());
    if (!keeps_pauses()) return;
    for (const std::string& each : over) store_.remove_pause(id(), each);
    store_.put_pause(id(), {std::string(user), context().clock().wall()});
}

void Room::note_invitation(PassedInvitation invitation) {
    const MucOptions& options = options_of_service(context().config(), host());
    invitations_.add(std::move(invitation), static_cast<std::size_t>(options.max_invitations));
    store_.put(owner(), invitations_);
}

std::optional<std::string> Room::take_invitation(std::string_view invitee, const Jid& to) {
    auto inviter = invitations_.take(invitee, to, context().clock().wall());
    if (inviter) store_.put(owner(), invitations_);
    return inviter;
}

void Room::note_shown() { shown_ = context().clock().steady(); }

void Room::forget_shown() {
    constexpr auto lasts = std::chrono::minutes(1);
    if (!shown_ || context().clock().steady() - *shown_ < lasts) return;
    shown_.reset();
    occupants_.for_each([](Occupant& each) { each.shown = {}; });
}

// ---- What is kept of occupants -----------------------------------------------------------------

void Room::keep(const Occupant& occupant, const OccupantSession& session) const {
    store_.put_occupant(id(), {.jid = session.jid.full(),
                               .nick = std::string(occupant.nick()),
                               .role = occupant.role,
                               .presence = xml::to_string(session.presence->root())});
}

void Room::keep(const Occupant& occupant) const {
    for (const OccupantSession& session : occupant.sessions) keep(occupant, session);
}

void Room::forget(const Jid& session) const { store_.remove_occupant(id(), session.full()); }

}  // namespace clarion::muc
