#include "modules/muc/permissions.h"

namespace clarion::muc {

using Condition = StanzaErrorCondition;

namespace {

bool is_admin(Affiliation affiliation) { return affiliation >= Affiliation::admin; }

}  // namespace

std::optional<StanzaError> refuse_role(Standing actor, Standing target, Role wanted) {
    const bool about_moderators = wanted == Role::moderator || target.role == Role::moderator;
    if (actor.role != Role::moderator && !is_admin(actor.affiliation))
        return StanzaError(Condition::forbidden);
    if (wanted == target.role) return std::nullopt;
    if (wanted == Role::none) {
        if (target.affiliation > actor.affiliation) return StanzaError(Condition::not_allowed);
        return std::nullopt;
    }
    if (wanted == Role::visitor && target.affiliation > actor.affiliation)
        return StanzaError(Condition::not_allowed);
    if (about_moderators && !is_admin(actor.affiliation)) return StanzaError(Condition::forbidden);
    // Administrators and owners are moderators as long as they are that.
    if (is_admin(target.affiliation)) return StanzaError(Condition::not_allowed);
    return std::nullopt;
}

std::optional<StanzaError> refuse_affiliation(Affiliation actor, const AffiliationChange& change) {
    if (!is_admin(actor)) return StanzaError(Condition::forbidden);
    if (actor != Affiliation::owner) {
        if (is_admin(change.to)) return StanzaError(Condition::forbidden);
        const bool steps_down = change.of_actor && change.from == Affiliation::admin;
        if (is_admin(change.from) && !steps_down) return StanzaError(Condition::not_allowed);
    }
    if (change.of_last_owner && change.to != Affiliation::owner)
        return StanzaError(Condition::conflict, "a room has an owner");
    if (change.of_actor && change.to == Affiliation::outcast)
        return StanzaError(Condition::conflict, "nobody bans oneself");
    return std::nullopt;
}

bool may_list(const RoomConfig& config, Standing actor, Affiliation listed) {
    if (is_admin(actor.affiliation)) return true;
    // Who is not to know real addresses does not learn them from a list.
    const bool knows = config.who_is == WhoIs::anyone || actor.role == Role::moderator;
    // A member who is not in the room has the role that it would enter under.
    const bool is_absent = actor.role == Role::none && actor.affiliation >= Affiliation::member;
    const Role role = is_absent ? default_role(config, actor.affiliation) : actor.role;
    return listed != Affiliation::outcast && knows && config.member_list.contains(role);
}

bool may_list(Standing actor, Role) {
    return is_admin(actor.affiliation) || actor.role == Role::moderator;
}

}  // namespace clarion::muc
