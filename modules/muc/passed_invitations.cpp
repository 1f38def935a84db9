#include "modules/muc/passed_invitations.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "storage/record_codec.h"

namespace clarion::muc {

namespace {

constexpr std::uint8_t version = 1;

/// Clients answer to the bare address of whom they were told, which of an occupant is the room's own,
/// or to a full one of theirs, if they were told a bare one.
bool is_from(const PassedInvitation& invitation, const Jid& to) {
    return invitation.told == to.full() || invitation.told == to.bare() ||
           Jid::trusted(invitation.told).bare() == to.full();
}

}  // namespace

void PassedInvitations::add(PassedInvitation invitation, std::size_t most) {
    const WallTime oldest = invitation.time - lifetime;
    std::erase_if(all_, [&](const PassedInvitation& each) {
        return each.time < oldest ||
               (each.inviter == invitation.inviter && each.invitee == invitation.invitee);
    });
    all_.push_back(std::move(invitation));
    if (all_.size() > most)
        all_.erase(all_.begin(), all_.end() - static_cast<std::ptrdiff_t>(most));
}

std::optional<std::string> PassedInvitations::take(std::string_view invitee, const Jid& to,
                                                   WallTime now) {
    // Of several that a room's address may mean it is the newest.
    const auto newest = std::find_if(all_.rbegin(), all_.rend(), [&](const PassedInvitation& each) {
        return each.invitee == invitee && is_from(each, to) && now - each.time <= lifetime;
    });
    if (newest == all_.rend()) return std::nullopt;
    std::string inviter = std::move(newest->inviter);
    all_.erase(std::next(newest).base());
    return inviter;
}

std::string PassedInvitations::encode() const {
    storage::Encoder out(version);
    out.varint(all_.size());
    for (const PassedInvitation& each : all_)
        out.string(each.inviter).string(each.told).string(each.invitee).time(each.time);
    return out.take();
}

Result<PassedInvitations> PassedInvitations::decode(std::string_view bytes) {
    storage::Decoder in(bytes, version);
    PassedInvitations read;
    for (std::size_t left = in.count(); left > 0; --left) {
        PassedInvitation each;
        each.inviter = in.string();
        each.told = in.string();
        each.invitee = in.string();
        each.time = in.time();
        read.all_.push_back(std::move(each));
    }
    if (auto fits = in.finish("invitations of a room"); !fits) return fits.error();
    return read;
}

}  // namespace clarion::muc
