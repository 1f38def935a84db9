// The options of streams, of all kinds: [c2s], [smacks], [s2s] and [component].
#include "server/core/keepalive_options.h"
#include "server/core/options.h"

namespace clarion::core {

using namespace std::chrono_literals;

namespace {

void declare_session_limits(OptionTable<C2sOptions>& t) {
    t.add("max_ack_window", &C2sOptions::max_ack_window)
        .min(16)
        .unit("stanzas")
        .live()
        .doc("A client is read no further while this many of its stanzas are not yet stored.");
    t.add("max_ack_window_bytes", &C2sOptions::max_ack_window_bytes)
        .min(65536)
        .unit("bytes")
        .live()
        .doc(
            "The same, by size: what its stanzas take in memory, what is written because of them, "
            "and what the server says because of them.");
    t.add("max_sessions", &C2sOptions::max_sessions)
        .min(1)
        .live()
        .doc(
            "Sessions of one account, connected or hibernating; one more is refused with "
            "resource-constraint.");
    t.add("max_pending_requests", &C2sOptions::max_pending_requests)
        .min(1)
        .live()
        .doc(
            "Slow requests (archive pages) of one session that run or wait. With so many nothing "
            "is read from the client until one is answered; quick ones do not count. Of another "
            "server, a component, or an account that asks others than itself, so many run at a "
            "time.");
    t.add("max_directed_presence", &C2sOptions::max_directed_presence)
        .min(1)
        .live()
        .doc(
            "Addresses outside its roster (rooms, mostly) to which one session has sent presence; "
            "one more is refused with resource-constraint.");
    t.add("max_directed_bytes", &C2sOptions::max_directed_bytes)
        .min(4096)
        .unit("bytes")
        .live()
        .doc("How long these addresses may be together.");
    t.add("max_presence_size", &C2sOptions::max_presence_size)
        .min(4096)
        .unit("bytes of memory")
        .live()
        .doc(
            "Presence that goes to everybody in the roster and takes more is refused with "
            "policy-violation: each of them is sent a copy.");
    t.add("max_work_percent", &C2sOptions::max_work_percent)
        .min(0)
        .max(100)
        .unit("percent of a worker's time")
        .live()
        .doc(
            "What the clients of one account say may take so much of the time of its worker, a "
            "quarter of a second at once; then they are read no further for a while. 0: no limit.");
}

}  // namespace

void C2sOptions::declare(OptionTable<C2sOptions>& t) {
    t.section("c2s", "Client connections.").per_host();
    t.add("require_encryption", &C2sOptions::require_encryption)
        .live()
        .doc("Clients must use TLS before they log in.");
    t.add("allow_plain_without_encryption", &C2sOptions::allow_plain_without_encryption)
        .live()
        .doc(
            "Offer the PLAIN mechanism, which shows the password, on connections without TLS. For "
            "tests.");
    t.add("max_stanza_size", &C2sOptions::max_stanza_size)
        .min(10000)
        .max(16 << 20)
        .unit("bytes")
        .live()
        .doc("A larger stanza from a client ends its stream with policy-violation.");
    t.add("max_unauthenticated_stanza_size", &C2sOptions::max_unauthenticated_stanza_size)
        .min(1024)
        .max(60000)
        .unit("bytes")
        .live()
        .doc("The same before the client has logged in. Until then it may send 64 KB in all.");
    t.add("authentication_timeout", &C2sOptions::authentication_timeout)
        .min(1s)
        .live()
        .doc(
            "A connection that has not logged in after this time is closed; so is one that has no "
            "session this long after the login.");
    t.add("max_send_buffer", &C2sOptions::max_send_buffer)
        .min(65536)
        .unit("bytes")
        .live()
        .doc(
            "A client that leaves more than this unread is cut off; its session hibernates if it "
            "can.");
    t.add("send_timeout", &C2sOptions::send_timeout)
        .min(1s)
        .live()
        .doc(
            "A client that reads nothing for this long while there is something for it is cut off "
            "likewise.");
    declare_keepalive(t, "a client");
    t.add("ping_interval", &C2sOptions::ping_interval)
        .min(0s)
        .live()
        .doc(
            "A client that sent nothing for this long is asked whether it is there: by stream "
            "management's <r/>, or by a ping (XEP-0199) without it. It wakes phones, and finds no "
            "more than keepalive but programs that hang. 0: never.");
    t.add("ping_timeout", &C2sOptions::ping_timeout)
        .min(1s)
        .live()
        .doc("A client that answers nothing to that for this long is cut off.");
    declare_session_limits(t);
}

void SmacksOptions::declare(OptionTable<SmacksOptions>& t) {
    t.section("smacks", "Stream management and sleeping sessions (XEP-0198).").per_host().live();
    t.add("hibernation_time", &SmacksOptions::hibernation_time)
        .min(1s)
        .doc(
            "How long a session whose connection was lost hibernates before it ends. Sessions with "
            "push may hibernate longer, see push.max_hibernation_timeout.");
    t.add("max_ack_delay", &SmacksOptions::max_ack_delay)
        .min(1s)
        .doc(
            "A client that leaves stanzas unacknowledged for this long is considered slow: push "
            "notifies it.");
    t.add("ack_timeout", &SmacksOptions::ack_timeout)
        .min(0s)
        .doc(
            "A client that leaves a request for acknowledgement unanswered and says nothing at all "
            "for this long is cut off; its session hibernates if it can. 0: never.");
    t.add("ack_answer_limit", &SmacksOptions::ack_answer_limit)
        .min(10ms)
        .max(60s)
        .doc(
            "A client's request for acknowledgement is answered after this time at the latest, "
            "even if some stanzas are not stored yet.");
    t.add("ack_request_delay", &SmacksOptions::ack_request_delay)
        .min(100ms)
        .max(1h)
        .doc(
            "A client that answered a request for acknowledgement and left something "
            "unacknowledged is asked again when more was sent to it, or after this time; after "
            "twice as long each further time, up to an hour.");
    t.add("max_queue_size", &SmacksOptions::max_queue_size)
        .min(10)
        .unit("stanzas")
        .doc(
            "Unacknowledged stanzas of one session; one more ends it, and they go by the rules for "
            "undelivered stanzas. One that hibernates with as many is sent no more: messages wait "
            "for it among the offline ones, requests are refused, strangers' presence is dropped.");
    t.add("max_queue_bytes", &SmacksOptions::max_queue_bytes)
        .min(1 << 20)
        .max(1 << 30)
        .unit("bytes of memory")
        .doc(
            "What these may take in memory, which for a stanza of many small elements is several "
            "times what it takes on the wire; more has the same consequences.");
    t.add("max_account_queue_bytes", &SmacksOptions::max_account_queue_bytes)
        .min(1 << 20)
        .max(1 << 30)
        .unit("bytes of memory")
        .doc(
            "The same for all connected sessions of an account together; beyond it the next one "
            "that "
            "has more than a quarter of a megabyte is ended.");
    t.add("max_sessions", &SmacksOptions::max_sessions)
        .min(1)
        .doc("Hibernating sessions of one account; one more ends the one that hibernated first.");
    t.add("unavailable_grace", &SmacksOptions::unavailable_grace)
        .min(0s)
        .doc(
            "After a crash, contacts are told that a session is gone if it did not come back in "
            "this time.");
    t.add("max_remembered", &SmacksOptions::max_remembered)
        .min(1)
        .max(1000)
        .unit("sessions")
        .doc(
            "Ended sessions of one account that are remembered for a day, to tell a client that "
            "comes back too late how many of its stanzas were handled.");
}

void S2sOptions::declare(OptionTable<S2sOptions>& t) {
    t.section("s2s", "Connections with other servers.").per_host();
    t.add("require_encryption", &S2sOptions::require_encryption)
        .live()
        .doc("Servers must use TLS.");
    t.add("require_valid_certificate", &S2sOptions::require_valid_certificate)
        .live()
        .doc(
            "Only servers whose certificate is valid for their domain; false lets others prove "
            "themselves by dialback (XEP-0220).");
    t.add("bind_address", &S2sOptions::bind_address)
        .doc("Source address of outgoing connections; empty: the system's choice.");
    t.add("max_stanza_size", &S2sOptions::max_stanza_size)
        .min(10000)
        .max(16 << 20)
        .unit("bytes")
        .live()
        .doc("A larger stanza from a server ends its stream with policy-violation.");
    declare_keepalive(t, "a server");
    t.add("connect_timeout", &S2sOptions::connect_timeout)
        .min(1s)
        .live()
        .doc("For one address of a remote server to accept the connection.");
    t.add("negotiation_timeout", &S2sOptions::negotiation_timeout)
        .min(1s)
        .live()
        .doc("From connection to an authenticated stream.");
    t.add("idle_timeout", &S2sOptions::idle_timeout)
        .min(1s)
        .live()
        .doc("A stream without stanzas for this long is closed.");
    t.add("retry_delay", &S2sOptions::retry_delay)
        .min(100ms)
        .live()
        .doc("Pause after a failed attempt to reach a domain, doubling each time.");
    t.add("max_retry_delay", &S2sOptions::max_retry_delay)
        .min(1s)
        .live()
        .doc("The longest such pause.");
    t.add("queue_time", &S2sOptions::queue_time)
        .min(1s)
        .live()
        .doc(
            "A stanza that waited this long for its domain to be reached is returned to its "
            "sender.");
    t.add("max_queued_stanzas", &S2sOptions::max_queued_stanzas)
        .min(1)
        .unit("stanzas")
        .live()
        .doc("Stanzas that may wait for one remote domain.");
    t.add("max_queued_bytes", &S2sOptions::max_queued_bytes)
        .min(65536)
        .unit("bytes")
        .live()
        .doc(
            "The same, by size; also what may be unsent to a connected server that stops reading.");
    t.add("max_outgoing_streams", &S2sOptions::max_outgoing_streams)
        .min(1)
        .live()
        .doc(
            "Streams to other servers, up or being set up, of each worker; stanzas for one more "
            "domain "
            "are returned with resource-constraint.");
    t.add("max_domains_per_connection", &S2sOptions::max_domains_per_connection)
        .min(1)
        .live()
        .doc("Domain pairs one incoming connection may authenticate.");
    t.add("max_questions_per_connection", &S2sOptions::max_questions_per_connection)
        .min(1)
        .live()
        .doc(
            "Dialback keys of one incoming connection that are being verified; it is read no "
            "further meanwhile.");
    t.add("max_false_keys", &S2sOptions::max_false_keys)
        .min(0)
        .live()
        .doc(
            "Dialback keys of one incoming connection that may prove false, or cannot be verified; "
            "one more ends it with policy-violation.");
}

void ComponentOptions::declare(OptionTable<ComponentOptions>& t) {
    t.named("component",
            "An external component (XEP-0114) that may attach under this domain: "
            "[component.\"push.example.org\"].");
    t.add("secret", &ComponentOptions::secret)
        .required()
        .secret()
        .doc("The secret shared with the component.");
    t.add("conflict", &ComponentOptions::conflict)
        .choices({"newer", "older"})
        .doc(
            "Which connection stays when a second one knows the secret: \"newer\" replaces a "
            "connection that may be dead unnoticed; \"older\" refuses the second. The other ends "
            "with <conflict/>.");
    t.add("max_stanza_size", &ComponentOptions::max_stanza_size)
        .min(10000)
        .max(16 << 20)
        .unit("bytes")
        .doc("A larger stanza from the component ends its stream.");
    t.add("max_send_buffer", &ComponentOptions::max_send_buffer)
        .min(65536)
        .unit("bytes")
        .doc("A component that leaves more than this unread is cut off.");
    declare_keepalive(t, "the component");
}

}  // namespace clarion::core
