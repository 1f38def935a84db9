#include "modules/all.h"

#include <array>

#include "modules/administration/administration.h"
#include "modules/administration/standing_message.h"
#include "modules/blocking/admin_commands.h"
#include "modules/blocking/blocking.h"
#include "modules/bookmarks/admin_commands.h"
#include "modules/bookmarks/bookmarks.h"
#include "modules/bookmarks/records.h"
#include "modules/caps/caps.h"
#include "modules/carbons.h"
#include "modules/client_state/client_state.h"
#include "modules/commands/commands.h"
#include "modules/contact.h"
#include "modules/disco.h"
#include "modules/displayed_sync.h"
#include "modules/entity_time.h"
#include "modules/external_services.h"
#include "modules/host_meta.h"
#include "modules/http_upload/admin_commands.h"
#include "modules/http_upload/http_upload.h"
#include "modules/last_activity/last_activity.h"
#include "modules/mam/admin_commands.h"
#include "modules/mam/mam.h"
#include "modules/muc/admin_commands.h"
#include "modules/muc/muc.h"
#include "modules/offline.h"
#include "modules/ping.h"
#include "modules/private_xml/private_xml.h"
#include "modules/proxy65.h"
#include "modules/pubsub/domain/admin_commands.h"
#include "modules/pubsub/domain/services.h"
#include "modules/pubsub/pep.h"
#include "modules/pubsub/records.h"
#include "modules/push/admin_commands.h"
#include "modules/push/push.h"
#include "modules/push/registration_codec.h"
#include "modules/push/rooms/push_rooms.h"
#include "modules/push/tigase/away.h"
#include "modules/push/tigase/encrypt.h"
#include "modules/push/tigase/filters.h"
#include "modules/push/tigase/jingle.h"
#include "modules/push/tigase/offline_rooms.h"
#include "modules/push/tigase/priority.h"
#include "modules/registration/invitations/install.h"
#include "modules/registration/registration.h"
#include "modules/roster.h"
#include "modules/session.h"
#include "modules/stream_limits.h"
#include "modules/stream_management.h"
#include "modules/vcard/vcard.h"
#include "modules/version.h"
#include "modules/web_files.h"

namespace clarion::modules {

namespace {

// Handlers of one stage run in the order of this table, except where a row names those it comes
// after.
const std::array<core::ModuleRow, 40> rows{{
    {.name = "roster",
     .install = roster::install,
     .declare_options = roster::declare_options,
     .specifications = "RFC 6121 2, XEP-0237",
     .summary = "contact lists and their versions"},
    {.name = "blocking",
     .install = blocking::install,
     .declare_options = blocking::declare_options,
     .specifications = "XEP-0191 1.3, XEP-0377 0.4.1",
     .summary = "users choose with whom they want no contact, and report abuse",
     .admin_areas = {blocking::admin_area},
     .check_entry = blocking::check_entry},
    {.name = "disco",
     .install = disco::install,
     .specifications = "XEP-0030",
     .summary = "what the server and accounts can do"},
    {.name = "caps",
     .install = caps::install,
     .declare_options = caps::declare_options,
     .specifications = "XEP-0115 1.6.0",
     .summary = "what clients can do, asked once for all who can do the same",
     .check_entry = caps::check_entry},
    {.name = "contact",
     .install = contact::install,
     .declare_options = contact::declare_options,
     .specifications = "XEP-0157 1.1.1, XEP-0128 1.0.1",
     .summary = "whom to write to about the server"},
    {.name = "stream_limits",
     .install = stream_limits::install,
     .specifications = "XEP-0478 0.2.0",
     .summary = "clients are told how large a stanza may be"},
    {.name = "stream_management",
     .install = stream_management::install,
     .declare_options = stream_management::declare_options,
     .specifications = "XEP-0198 1.6.3",
     .summary = "acknowledgements, and resuming a sleeping session"},
    {.name = "client_state",
     .install = client_state::install,
     .declare_options = client_state::declare_options,
     .specifications = "XEP-0352 1.0.0",
     .summary = "an inactive client is not disturbed for what is not urgent"},
    {.name = "mam",
     .install = mam::install,
     .declare_options = mam::declare_options,
     .specifications = "XEP-0313 1.1.3, XEP-0441, XEP-0359",
     .summary = "every account's archive of messages",
     .admin_areas = {mam::admin_area},
     .check_entry = mam::check_entry},
    {.name = "carbons",
     .install = carbons::install,
     .specifications = "XEP-0280 1.0.1",
     .summary = "all of a user's clients see all of the conversation"},
    {.name = "offline",
     .install = offline::install,
     .declare_options = offline::declare_options,
     .specifications = "XEP-0160",
     .summary = "messages wait for users who are away",
     .after = {"client_state"}},
    {.name = "push",
     .install = push::install,
     .declare_options = push::declare_options,
     .specifications = "XEP-0357 0.4.1",
     .summary = "sleeping phones are told through their app's push service",
     .admin_areas = {push::admin_area},
     .check_entry = push::check_entry},
    {.name = "push_offline_rooms",
     .install = push::tigase::install_offline_rooms,
     .specifications = "XEP-0045, muc#offline of Tigase",
     .summary = "members of rooms are notified of what is said while they are away",
     .after = {"push"}},
    {.name = "push_filters",
     .install = push::tigase::install_filters,
     .specifications = "tigase:push:filter:*:0",
     .summary = "phones are not notified of strangers, muted contacts and rooms",
     .after = {"push_offline_rooms"}},
    {.name = "push_rooms",
     .install = push::rooms::install,
     .specifications = "XEP-0492 0.2.0",
     .summary = "phones are told of rooms what their users have set, or of mentions in public ones",
     .check_entry = push::rooms::check_entry},
    {.name = "push_priority",
     .install = push::tigase::install_priority,
     .specifications = "tigase:push:priority:0",
     .summary = "push services are told how urgent a notification is"},
    {.name = "push_jingle",
     .install = push::tigase::install_jingle,
     .specifications = "tigase:push:jingle:0, XEP-0353",
     .summary = "phones ring, and stop ringing when a call is answered elsewhere"},
    {.name = "push_away",
     .install = push::tigase::install_away,
     .specifications = "tigase:push:away:0",
     .summary = "phones are notified while the user is away from connected devices",
     .after = {"push"}},
    {.name = "push_encrypt",
     .install = push::tigase::install_encrypt,
     .declare_options = push::tigase::declare_encrypt_options,
     .specifications = "tigase:push:encrypt:0",
     .summary = "what push services are told is encrypted for the app"},
    {.name = "registration",
     .install = registration::install,
     .declare_options = registration::declare_options,
     .specifications = "XEP-0077 2.4",
     .summary = "accounts made, changed and deleted from a client",
     .check_entry = registration::check_entry},
    {.name = "invitations",
     .install = registration::invitations::install,
     .declare_options = registration::invitations::declare_options,
     .specifications = "XEP-0401 0.6.0, XEP-0445 0.2.0, XEP-0379 0.3.3",
     .summary = "links by which people get an account, a contact, or another password",
     .admin_areas = {registration::invitations::admin_area},
     .check_entry = registration::invitations::check_entry,
     .after = {"blocking"}},
    {.name = "private_xml",
     .install = private_xml::install,
     .declare_options = private_xml::declare_options,
     .specifications = "XEP-0049 1.2",
     .summary = "clients keep documents for themselves",
     .check_entry = private_xml::check_entry},
    {.name = "vcard",
     .install = vcard::install,
     .declare_options = vcard::declare_options,
     .specifications =
         "XEP-0054 1.3.0, XEP-0153 1.1.1, XEP-0084 1.1.4, XEP-0292 0.12.0, XEP-0398 1.0.0",
     .summary = "what users tell of themselves: vCards, avatars, and their photo in presence",
     .check_entry = vcard::check_entry},
    {.name = "last_activity",
     .install = last_activity::install,
     .specifications = "XEP-0012 2.0",
     .summary = "since when a user is gone, and how long the server has run",
     .check_entry = last_activity::check_entry},
    {.name = "external_services",
     .install = external_services::install,
     .declare_options = external_services::declare_options,
     .specifications = "XEP-0215 1.0.0",
     .summary = "where calls find STUN and TURN servers, and what lets a user in"},
    {.name = "proxy65",
     .install = proxy65::install,
     .declare_options = proxy65::declare_options,
     .specifications = "XEP-0065 1.8.2",
     .summary = "clients that cannot reach each other send files through the server",
     .domains = proxy65::domains},
    {.name = "http_upload",
     .install = http_upload::install,
     .declare_options = http_upload::declare_options,
     .specifications = "XEP-0363 1.2.0",
     .summary = "users upload files, and send others their addresses",
     .admin_areas = {http_upload::admin_area},
     .domains = http_upload::service_domains,
     .check_entry = http_upload::check_entry},
    {.name = "pubsub",
     .install = pubsub::install,
     .declare_options = pubsub::declare_options,
     .specifications = "XEP-0060 1.30.0, XEP-0163 1.2.2, XEP-0223 1.1.1",
     .summary = "every account publishes: avatars, keys, bookmarks, what its user is up to",
     .check_entry = pubsub::check_entry},
    {.name = "displayed_sync",
     .install = displayed_sync::install,
     .specifications = "XEP-0490 1.0.1",
     .summary = "what was read on one device is read on all, without a request of its own"},
    {.name = "bookmarks",
     .install = bookmarks::install,
     .declare_options = bookmarks::declare_options,
     .specifications = "XEP-0402 1.2.0, XEP-0048 1.2, XEP-0411 1.1.0",
     .summary = "the rooms that users keep, one list for clients of all ages",
     .admin_areas = {bookmarks::admin_area},
     .check_entry = bookmarks::check_entry},
    {.name = "pubsub_service",
     .install = pubsub::install_services,
     .declare_options = pubsub::declare_service_options,
     .specifications = "XEP-0060 1.30.0",
     .summary = "domains of their own at which users, other servers and components publish",
     .admin_areas = {pubsub::admin_area},
     .domains = pubsub::service_domains,
     .check_entry = pubsub::check_entry},
    {.name = "commands",
     .install = commands::install,
     .declare_options = commands::declare_options,
     .specifications = "XEP-0050 1.3.0",
     .summary = "what administrators may do from a client, form by form"},
    {.name = "administration",
     .install = administration::install,
     .declare_options = administration::declare_options,
     .specifications = "XEP-0133 1.3.1",
     .summary = "administrators look after accounts from a client",
     .admin_areas = {administration::user_area, administration::session_area,
                     administration::client_area, administration::notice_area,
                     administration::federation_area},
     .check_entry = administration::check_entry},
    {.name = "ping",
     .install = ping::install,
     .specifications = "XEP-0199",
     .summary = "is the other side there"},
    {.name = "version",
     .install = version::install,
     .declare_options = version::declare_options,
     .specifications = "XEP-0092",
     .summary = "name and version of the server"},
    {.name = "time",
     .install = time::install,
     .specifications = "XEP-0202",
     .summary = "the server's time"},
    {.name = "session",
     .install = session::install,
     .specifications = "RFC 3921 3",
     .summary = "the session request of old clients"},
    {.name = "muc",
     .install = muc::install,
     .declare_options = muc::declare_options,
     .specifications = "XEP-0045, XEP-0249, XEP-0410, XEP-0421, XEP-0424, XEP-0425, XEP-0433, "
                       "XEP-0486, XEP-0500, "
                       "XEP-0502",
     .summary = "rooms in which many talk",
     .admin_areas = {muc::admin_area},
     .domains = muc::service_domains,
     .check_entry = muc::check_entry},
    {.name = "host_meta",
     .install = host_meta::install,
     .declare_options = host_meta::declare_options,
     .specifications = "RFC 6415, XEP-0156 1.4.0, XEP-0487 0.1.0",
     .summary = "clients in browsers are told where WebSocket and BOSH are"},
    {.name = "web_files",
     .install = web_files::install,
     .declare_options = web_files::declare_options,
     .specifications = "RFC 9110, RFC 8555 8.3, RFC 9116",
     .summary = "files of a directory for browsers, and the proof that authorities ask for"},
}};

}  // namespace

std::span<const core::ModuleRow> standard() { return rows; }

}  // namespace clarion::modules
