#include "modules/muc/muc_options.h"

#include "proto/jid.h"

namespace clarion::muc {

namespace {

using Table = OptionTable<MucOptions>;

void declare_rooms(Table& t) {
    t.add("name", &MucOptions::name).doc("What people see the service called (XEP-0030).");
    t.add("create", &MucOptions::create)
        .choices({"admins", "local", "anyone"})
        .doc(
            "Who may make rooms, beside the administrators of its host: \"local\" are the users of "
            "all domains of this server, \"anyone\" others too. Who makes a room owns it.");
    t.add("lock_new_rooms", &MucOptions::lock_new_rooms)
        .doc(
            "A room that was just made lets nobody else in until its owner has configured it, or "
            "said that it is fine as it is (XEP-0045, 10.1).");
    t.add("public_rooms", &MucOptions::public_rooms)
        .doc("Rooms are listed unless their owners hide them; otherwise the other way round.");
    t.add("persistent_rooms", &MucOptions::persistent_rooms)
        .doc(
            "Rooms stay when nobody is in them unless their owners configure them otherwise; if "
            "not, a room goes with its last occupant unless it is configured to stay.");
    t.add("archived_rooms", &MucOptions::archived_rooms)
        .doc("Rooms keep what is said in them (XEP-0313) unless their owners turn that off.");
}

void declare_limits(Table& t) {
    t.add("max_rooms_of_creator", &MucOptions::max_rooms_of_creator)
        .min(0)
        .unit("rooms")
        .doc(
            "Rooms that one user may have made, and that still exist; administrators may make "
            "more. One more is refused with resource-constraint.");
    t.add("max_occupants", &MucOptions::max_occupants)
        .min(1)
        .max(100000)
        .unit("sessions")
        .doc(
            "Clients that may be in one room, whatever its owners configure. One more is refused "
            "with service-unavailable; owners and administrators of the room may still enter.");
    t.add("max_sessions_of_user", &MucOptions::max_sessions_of_user)
        .min(1)
        .unit("sessions")
        .doc("Clients of one user in one room. One more is refused with resource-constraint.");
}

void declare_lists(Table& t) {
    t.add("max_affiliations", &MucOptions::max_affiliations)
        .min(1)
        .max(50000)
        .unit("addresses")
        .doc(
            "Addresses that those who run one room may list as its members, administrators and "
            "owners, together. One more is refused with resource-constraint.");
    t.add("max_outcasts", &MucOptions::max_outcasts)
        .min(1)
        .max(50000)
        .unit("addresses")
        .doc(
            "Addresses and domains that one room may have banned. They are counted by themselves, "
            "so that nobody is kept from being banned by how many members there are. One more is "
            "refused with resource-constraint.");
    t.add("max_registrations", &MucOptions::max_registrations)
        .min(0)
        .max(20000)
        .unit("users")
        .doc(
            "Users of this server who may have registered with one room by themselves, and as many "
            "of all other servers together. One more is refused with resource-constraint; those "
            "who run the room may still make members of whom they like.");
    t.add("max_registrations_of_domain", &MucOptions::max_registrations_of_domain)
        .min(0)
        .max(20000)
        .unit("users")
        .doc("So many of those may be users of one domain of another server.");
    t.add("max_registration_bytes", &MucOptions::max_registration_bytes)
        .min(1024)
        .max(2 << 20)
        .unit("bytes")
        .doc(
            "What their addresses and nicknames may take, of users of this server and of others "
            "each: a room has 8 MiB for all that it has in memory at once, bans included.");
    t.add("max_invitations", &MucOptions::max_invitations)
        .min(0)
        .max(10000)
        .unit("invitations")
        .doc(
            "Of the invitations that one room passed on, so many of the last week may be declined; "
            "the older ones are forgotten, and who declines one is refused with forbidden.");
    t.add("max_private_messages", &MucOptions::max_private_messages)
        .min(0)
        .max(10000)
        .unit("messages")
        .doc(
            "So many of the last private messages in one room are known when an error about them "
            "comes back: it takes nobody out. What else comes back may mean that an occupant is "
            "gone.");
    t.add("max_requests", &MucOptions::max_requests)
        .min(1)
        .max(100000)
        .unit("requests")
        .doc(
            "Requests of occupants to each other in one room that are not answered yet: one more "
            "is refused with resource-constraint of type wait. Each is given up after a minute.");
    t.add("max_requests_of_user", &MucOptions::max_requests_of_user)
        .min(1)
        .max(10000)
        .unit("requests")
        .doc("The same of one user.");
}

void declare_sizes(Table& t) {
    t.add("max_history", &MucOptions::max_history)
        .min(0)
        .max(1000)
        .unit("messages")
        .doc("The most of what was said that who enters is sent, whatever a room configures.");
    t.add("max_nick_bytes", &MucOptions::max_nick_bytes)
        .min(1)
        .max(1023)
        .unit("bytes")
        .doc("A longer nickname is refused with not-acceptable.");
    t.add("max_subject_bytes", &MucOptions::max_subject_bytes)
        .min(1)
        .unit("bytes")
        .doc("A longer subject, name or description of a room is refused with not-acceptable.");
    t.add("max_presence_bytes", &MucOptions::max_presence_bytes)
        .min(256)
        .unit("bytes")
        .doc("Larger presence of an occupant is refused with not-acceptable.");
    t.add("max_vcard_bytes", &MucOptions::max_vcard_bytes)
        .min(0)
        .max(4 << 20)
        .unit("bytes")
        .doc(
            "A room's vCard (XEP-0054), which has its picture (XEP-0486), may be as large as this; "
            "a "
            "larger one is refused with policy-violation.");
}

}  // namespace

namespace {

void declare_rates(Table& t) {
    t.add("messages_per_second", &MucOptions::messages_per_second)
        .min(0)
        .doc(
            "Messages that one user may send, to all or to one, on average and at once, rounded "
            "up, under whatever nicknames and if it leaves and enters again; more are refused with "
            "policy-violation of type wait. Each invitation, request for "
            "voice and registration counts as one, and those who register with a room without "
            "being "
            "in it have as many together. Moderators may send more. 0: any number.");
    t.add("presence_per_second", &MucOptions::presence_per_second)
        .min(0)
        .doc(
            "The same of changes of presence and of nicknames of one user, and of its presence "
            "probes. What an occupant is to others is then refused with policy-violation; leaving "
            "never is.");
    t.add("requests_per_second", &MucOptions::requests_per_second)
        .min(0)
        .doc(
            "The same of requests that one user, moderators too, sends to other occupants, such as "
            "for vCards; ten times as many at once.");
    t.add("joins_per_second", &MucOptions::joins_per_second)
        .min(0)
        .doc("The same of those who enter one room, together. Its administrators may always.");
    t.add("joins_of_user_per_second", &MucOptions::joins_of_user_per_second)
        .min(0)
        .doc("The same of one user, counted first; ten times as many at once.");
    t.add("joins_of_domain_per_second", &MucOptions::joins_of_domain_per_second)
        .min(0)
        .doc(
            "The same of all users of one other server, or of a component, counted first. Less "
            "than joins_per_second: then none of them keeps the others out.");
    t.add("wrong_passwords_per_minute", &MucOptions::wrong_passwords_per_minute)
        .min(0)
        .doc(
            "Wrong passwords that one user may give to enter a room, in a minute and at once; all "
            "of one other server together ten times as many, but for those with an affiliation in "
            "the room. After that any is refused with policy-violation of type wait, the right one "
            "too. 0: any number.");
}

}  // namespace

void MucOptions::declare(Table& t) {
    t.named("muc",
            "A service of rooms (XEP-0045) at a domain of its own: [muc.\"rooms.example.org\"]. It "
            "belongs to the host whose subdomain it is, or else to the first.")
        .live();
    declare_rooms(t);
    declare_limits(t);
    declare_lists(t);
    declare_sizes(t);
    declare_rates(t);
    t.add("offline_delivery", &MucOptions::offline_delivery)
        .choices({"never", "registered", "members"})
        .doc(
            "Who hears of messages while not in the room: nobody; who has registered with it for "
            "that (muc#offline); or all its members, administrators and owners. They are sent to "
            "the account, whose push rules decide; the message itself is in the room's archive.");
    t.add("occupants_answer_sets", &MucOptions::occupants_answer_sets)
        .doc(
            "Requests of type set about vCards and pubsub nodes that an occupant sends to another "
            "are passed on, too. Those that only read always are.");
    t.add("enforce_registered_nicknames", &MucOptions::enforce_registered_nicknames)
        .doc(
            "Who has a nickname reserved in a room is called that there and nothing else: entering "
            "under another one, it is given its own (status 210), and it cannot change it.");
    t.add("logs_url", &MucOptions::logs_url)
        .doc(
            "Where the web has what is said in rooms: told of those that are archived and that "
            "anybody may find and enter (muc#roominfo_logs), with the name of the room for {room}. "
            "Empty: nowhere.");
}

const MucOptions& options_of_service(const Config& config, std::string_view domain) {
    static const MucOptions defaults;
    for (const auto& [name, options] : config.named<MucOptions>())
        if (const auto prepared = prepare_domain(name); prepared && *prepared == domain)
            return options;
    return defaults;
}

}  // namespace clarion::muc
