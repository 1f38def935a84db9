#include "modules/all.h"

#include <array>

#include "modules/blocking/blocking.h"
#include "modules/carbons.h"
#include "modules/client_state/client_state.h"
#include "modules/disco.h"
#include "modules/entity_time.h"
#include "modules/mam/admin_commands.h"
#include "modules/mam/mam.h"
#include "modules/offline.h"
#include "modules/ping.h"
#include "modules/push/admin_commands.h"
#include "modules/push/push.h"
#include "modules/push/registration_codec.h"
#include "modules/push/tigase/away.h"
#include "modules/push/tigase/encrypt.h"
#include "modules/push/tigase/filters.h"
#include "modules/push/tigase/jingle.h"
#include "modules/push/tigase/offline_rooms.h"
#include "modules/push/tigase/priority.h"
#include "modules/registration.h"
#include "modules/roster.h"
#include "modules/session.h"
#include "modules/stream_management.h"
#include "modules/version.h"

namespace clarion::modules {

std::span<const core::ModuleRow> standard() {
    // Handlers of one stage run in the order of this table; where the order matters, stages say so.
    static const std::array<core::ModuleRow, 20> rows{{
        {"roster", roster::install, nullptr, "RFC 6121 2, XEP-0237",
         "contact lists and their versions"},
        {"blocking", blocking::install, blocking::declare_options, "XEP-0191 1.3, XEP-0377 0.4.1",
         "users choose with whom they want no contact, and report abuse", nullptr, nullptr,
         blocking::check_entry},
        {"disco", disco::install, nullptr, "XEP-0030", "what the server and accounts can do"},
        {"stream_management", stream_management::install, nullptr, "XEP-0198 1.6.1",
         "acknowledgements, and resuming a sleeping session"},
        {"client_state", client_state::install, client_state::declare_options, "XEP-0352 1.0",
         "an inactive client is not disturbed for what is not urgent"},
        {"mam", mam::install, mam::declare_options, "XEP-0313 1.1.3, XEP-0441, XEP-0359",
         "every account's archive of messages", mam::admin_area, nullptr, mam::check_entry},
        {"carbons", carbons::install, nullptr, "XEP-0280 1.0.1",
         "all of a user's clients see all of the conversation"},
        {"offline", offline::install, offline::declare_options, "XEP-0160",
         "messages wait for users who are away"},
        {"push", push::install, push::declare_options, "XEP-0357 0.4.1",
         "sleeping phones are told through their app's push service", push::admin_area, nullptr,
         push::check_entry},
        {"push_offline_rooms", push::tigase::install_offline_rooms, nullptr,
         "XEP-0045, muc#offline of Tigase",
         "members of rooms are notified of what is said while they are away"},
        {"push_filters", push::tigase::install_filters, nullptr, "tigase:push:filter:*:0",
         "phones are not notified of strangers, muted contacts and rooms"},
        {"push_priority", push::tigase::install_priority, nullptr, "tigase:push:priority:0",
         "push services are told how urgent a notification is"},
        {"push_jingle", push::tigase::install_jingle, nullptr, "tigase:push:jingle:0, XEP-0353",
         "phones ring, and stop ringing when a call is answered elsewhere"},
        {"push_away", push::tigase::install_away, nullptr, "tigase:push:away:0",
         "phones are notified while the user is away from connected devices"},
        {"push_encrypt", push::tigase::install_encrypt, push::tigase::declare_encrypt_options,
         "tigase:push:encrypt:0", "what push services are told is encrypted for the app"},
        {"registration", registration::install, nullptr, "XEP-0077 2.4",
         "accounts made, changed and deleted from a client"},
        {"ping", ping::install, nullptr, "XEP-0199", "is the other side there"},
        {"version", version::install, version::declare_options, "XEP-0092",
         "name and version of the server"},
        {"time", time::install, nullptr, "XEP-0202", "the server's time"},
        {"session", session::install, nullptr, "RFC 3921 3", "the session request of old clients"},
    }};
    return rows;
}

}  // namespace clarion::modules
