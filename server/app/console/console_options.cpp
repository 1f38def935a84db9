#include "server/app/console/console_options.h"

namespace clarion::app {

void ConsoleOptions::declare(OptionTable<ConsoleOptions>& t) {
    using namespace std::chrono_literals;
    t.section(
         "console",
         "Pages for people with a browser, at the listeners of type https (and http, from this "
         "machine or behind a trusted proxy that speaks https). They sign in with their XMPP "
         "address and password.")
        .live();
    t.add("administrators", &ConsoleOptions::administrators)
        .doc(
            "/admin/: how the server is, accounts, sessions, push, federation, rooms, reports, for "
            "administrators. Who administers one domain sees that domain alone.");
    t.add("users", &ConsoleOptions::users)
        .doc(
            "/me/: everybody's own page: password, devices, notifications, a copy of what is "
            "kept.");
    t.add("idle_time", &ConsoleOptions::idle_time)
        .min(1min)
        .doc("Who has asked for nothing for so long must sign in again.");
    t.add("session_time", &ConsoleOptions::session_time)
        .min(1min)
        .doc("Who has signed in so long ago must sign in again.");
    t.add("max_sessions", &ConsoleOptions::max_sessions)
        .min(1)
        .max(100000)
        .unit("sessions")
        .doc(
            "Browsers that may be signed in; for one more that which has asked for nothing for "
            "longest is signed out. Ten of one account.");
    t.add("requests_per_account", &ConsoleOptions::requests_per_account)
        .min(1)
        .max(1000)
        .unit("requests")
        .doc("Requests of one account that are answered at a time; more are told to wait (429).");
    t.add("bind_to_address", &ConsoleOptions::bind_to_address)
        .doc(
            "Who comes from another address (of IPv6: another /64) than the one from which they "
            "signed in must sign in again.");
}

}  // namespace clarion::app
