#include "server/core/accounts/session_end.h"

namespace clarion::core {

Farewell farewell(SessionEnd why) {
    using Condition = StreamErrorCondition;
    switch (why) {
        case SessionEnd::replaced:
            return {Condition::conflict, "the resource was taken by another connection"};
        case SessionEnd::kicked: return {Condition::not_authorized, "ended by the administrator"};
        case SessionEnd::signed_out:
            return {Condition::not_authorized, "this client was signed out"};
        case SessionEnd::shutdown: return {Condition::system_shutdown};
        case SessionEnd::moved: return {Condition::reset, "connect again"};
        case SessionEnd::password_changed:  // RFC 6120, 4.9.3.16: authenticate again
            return {Condition::reset, "the password was changed"};
        case SessionEnd::disabled: return {Condition::not_authorized, "the account was disabled"};
        case SessionEnd::deleted: return {Condition::not_authorized, "the account was deleted"};
        case SessionEnd::closed:
        case SessionEnd::lost:
        case SessionEnd::expired: break;
    }
    return {};
}

std::string_view describe(SessionEnd why) {
    switch (why) {
        case SessionEnd::closed: return "the session ends: closed";
        case SessionEnd::lost: return "the session ends: the connection is gone";
        case SessionEnd::replaced: return "the session ends: another connection took the resource";
        case SessionEnd::kicked: return "the session ends: by the administrator";
        case SessionEnd::signed_out: return "the session ends: the client was signed out";
        case SessionEnd::expired:
            return "the session ends: it hibernated too long, or held too much";
        case SessionEnd::shutdown: return "the session ends: the server stops";
        case SessionEnd::moved: return "the session ends: its account moves";
        case SessionEnd::password_changed: return "the session ends: the password was changed";
        case SessionEnd::disabled: return "the session ends: the account was disabled";
        case SessionEnd::deleted: return "the session ends: the account was deleted";
    }
    return "";
}

}  // namespace clarion::core
