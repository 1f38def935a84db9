#include "modules/muc/haste.h"

namespace clarion::muc {

namespace {

StanzaError too_hasty() {
    return {StanzaErrorCondition::policy_violation, StanzaErrorType::wait,
            "that is too much at once"};
}

}  // namespace

std::optional<StanzaError> refuse_haste(const Room& room, Occupant& sender, SteadyTime now,
                                        std::size_t count) {
    if (sender.role == Role::moderator ||
        sender.messages.allows(room.options().messages_per_second, now, count))
        return std::nullopt;
    return too_hasty();
}

std::optional<StanzaError> refuse_haste(Room& room, const Jid& asker, SteadyTime now) {
    const auto there = room.occupants().of(asker.bare());
    if (!there.empty()) return refuse_haste(room, *there.front(), now);
    if (room.requests().allows(room.options().messages_per_second, now)) return std::nullopt;
    return too_hasty();
}

}  // namespace clarion::muc
