#include "modules/muc/room_config.h"

namespace clarion::muc {

Role default_role(const RoomConfig& config, Affiliation affiliation) {
    switch (affiliation) {
        case Affiliation::outcast: return Role::none;
        case Affiliation::none:
            if (config.is_members_only) return Role::none;
            return config.is_moderated ? Role::visitor : Role::participant;
        case Affiliation::member: return Role::participant;
        case Affiliation::admin:
        case Affiliation::owner: return Role::moderator;
    }
    return Role::none;
}

}  // namespace clarion::muc
