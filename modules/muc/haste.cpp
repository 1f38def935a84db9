#include "modules/muc/haste.h"

namespace clarion::muc {

namespace {

/// A client that enters asks for the pictures of all who are there.
constexpr double in_a_burst = 10;

StanzaError too_hasty() {
    return {StanzaErrorCondition::policy_violation, StanzaErrorType::wait,
            "that is too much at once"};
}

}  // namespace

std::optional<StanzaError> refuse_haste(Room& room, const Occupant& sender, SteadyTime now,
                                        std::size_t count) {
    if (sender.role == Role::moderator ||
        room.measures()
            .of(sender.user, now)
            .messages.allows(room.options().messages_per_second, now, count))
        return std::nullopt;
    return too_hasty();
}

std::optional<StanzaError> refuse_haste(Room& room, const Jid& asker, SteadyTime now) {
    const auto there = room.occupants().of(asker.bare());
    if (!there.empty()) return refuse_haste(room, *there.front(), now);
    if (room.requests().allows(room.options().messages_per_second, now)) return std::nullopt;
    return too_hasty();
}

std::optional<StanzaError> refuse_hasty_request(Room& room, const Occupant& asker, SteadyTime now) {
    const double rate = room.options().requests_per_second;
    if (room.measures().of(asker.user, now).requests.allows({rate, in_a_burst * rate}, now))
        return std::nullopt;
    return too_hasty();
}

bool allows_presence(Room& room, const Occupant& occupant, SteadyTime now) {
    return room.measures()
        .of(occupant.user, now)
        .presence.allows(room.options().presence_per_second, now);
}

}  // namespace clarion::muc
