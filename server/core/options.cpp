#include "server/core/options.h"

#include "server/core/administrator_options.h"
#include "server/core/http_options.h"

namespace clarion::core {

using namespace std::chrono_literals;

void ServerOptions::declare(OptionTable<ServerOptions>& t) {
    t.section("server", "What this server is and where it keeps its data.");
    t.add("domains", &ServerOptions::domains)
        .required()
        .doc("The XMPP domains served here, such as \"example.org\".");
    t.add("data_dir", &ServerOptions::data_dir)
        .path()
        .doc("Directory of the database. One server at a time: it is locked.");
    t.add("admin_socket", &ServerOptions::admin_socket)
        .path()
        .doc("Unix socket clarionctl talks to. Who may open it may do anything.");
    t.add("shards", &ServerOptions::shards)
        .min(0)
        .max(256)
        .doc("Worker threads; 0 is one per processor core.");
    t.add("account_idle_time", &ServerOptions::account_idle_time)
        .min(1s)
        .live()
        .doc("An account without connected sessions leaves memory after this time without use.");
    t.add("account_inbox_limit", &ServerOptions::account_inbox_limit)
        .min(1)
        .unit("stanzas")
        .live()
        .doc("Stanzas that may wait for one account while it is being loaded.");
    t.add("unknown_account_cache", &ServerOptions::unknown_account_cache)
        .min(0)
        .unit("names")
        .live()
        .doc(
            "Names known not to exist that each worker remembers, so that spam to them costs no "
            "disk reads.");
    t.add("max_traces", &ServerOptions::max_traces)
        .min(1)
        .max(100)
        .live()
        .doc("`clarionctl trace` commands that may run at a time.");
    t.add("trace_buffer", &ServerOptions::trace_buffer)
        .min(65536)
        .max(1 << 30)
        .unit("bytes")
        .live()
        .doc("What may wait for one of them to be read; beyond it lines are lost, and counted.");
}

void StorageOptions::declare(OptionTable<StorageOptions>& t) {
    t.section("storage", "How data is kept.");
    t.add("backend", &StorageOptions::backend)
        .choices({"lmdb"})
        .doc(
            "What keeps it. \"lmdb\": a database in data_dir, in the server's own process; needs "
            "no "
            "set-up.");
    t.add("durability", &StorageOptions::durability)
        .choices({"full", "process"})
        .doc(
            "\"full\": what was acknowledged survives power loss (every commit waits for the "
            "disk). \"process\": it survives a crash of the server, but a power loss can lose and "
            "even damage data.");
    t.add("map_size", &StorageOptions::map_size)
        .min(1 << 20)
        .unit("bytes")
        .doc(
            "The database never grows beyond this; when it is full, what would be written is "
            "refused with resource-constraint. It is address space, not memory or disk.");
    t.add("free_space_warning", &StorageOptions::free_space_warning)
        .min(0)
        .unit("bytes")
        .live()
        .doc(
            "`clarionctl status`, --check and the start warn while the disk of data_dir has less "
            "room than this. 0: never.");
    t.add("backlog_limit", &StorageOptions::backlog_limit)
        .min(1 << 20)
        .unit("bytes")
        .live()
        .doc("When more than this waits to be written, clients are read more slowly.");
}

void LogOptions::declare(OptionTable<LogOptions>& t) {
    t.section("log", "What is logged to standard error.").live();
    t.add("level", &LogOptions::level)
        .choices({"debug", "info", "warning", "error"})
        .doc("The least important lines that are written.");
    t.add("refusals_per_peer", &LogOptions::refusals_per_peer)
        .min(0)
        .unit("lines")
        .doc(
            "Of what is refused to one account, server or address, and of what they do as often as "
            "they like (streams, passwords, push registrations), this much is written at info "
            "within ten seconds; the rest is counted and told in one line.");
    t.add("refusals", &LogOptions::refusals)
        .min(0)
        .unit("lines")
        .doc("The same of refusals to all of them together, per worker.");
}

void TlsOptions::declare(OptionTable<TlsOptions>& t) {
    t.section("tls", "Certificates. Each domain may have its own, in [host.\"DOMAIN\".tls].")
        .per_host()
        .live();
    t.add("certificate", &TlsOptions::certificate)
        .path()
        .doc("PEM file with the certificate and its chain. Empty: no TLS.");
    t.add("private_key", &TlsOptions::private_key).path().doc("PEM file with the private key.");
    t.add("ca", &TlsOptions::ca)
        .path()
        .doc(
            "PEM file with the authorities that peers' certificates are checked against. Empty: "
            "the system's.");
    t.add("min_version", &TlsOptions::min_version)
        .choices({"1.2", "1.3"})
        .doc("The oldest TLS version accepted.");
    t.add("handshake_timeout", &TlsOptions::handshake_timeout)
        .min(1s)
        .doc("A TLS handshake that takes longer is given up.");
    t.add("expiry_warning", &TlsOptions::expiry_warning)
        .days()
        .min(0s)
        .doc(
            "This long before a certificate expires `clarionctl status` has an alarm, and the log "
            "a warning every day.");
}

void RosterOptions::declare(OptionTable<RosterOptions>& t) {
    t.section("roster", "Contact lists and presence subscriptions.").per_host().live();
    t.add("max_items", &RosterOptions::max_items)
        .min(1)
        .doc("Contacts in one roster; one more is refused with resource-constraint.");
    t.add("max_bytes", &RosterOptions::max_bytes)
        .min(65536)
        .unit("bytes")
        .doc(
            "What the addresses, names and groups of one roster may take together. A client is "
            "sent "
            "all of it at once.");
    t.add("max_requests", &RosterOptions::max_requests)
        .min(1)
        .doc(
            "Subscription requests kept for one account until it answers; one more is dropped, and "
            "logged. No answer: it would tell strangers that the account exists.");
    t.add("max_request_size", &RosterOptions::max_request_size)
        .min(256)
        .unit("bytes")
        .doc("Of a larger subscription request only the sender is kept, not what it says.");
}

void AuthOptions::declare(OptionTable<AuthOptions>& t) {
    t.section("auth", "Logging in.").per_host();
    t.add("scram_iterations", &AuthOptions::scram_iterations)
        .min(4096)
        .max(10000000)
        .live()
        .doc("PBKDF2 iterations for passwords set from now on (RFC 7677 asks for at least 4096).");
    t.add("max_failures", &AuthOptions::max_failures)
        .min(1)
        .live()
        .doc(
            "Failed attempts, and stanzas refused because they came before the session, after "
            "which a connection is closed.");
    t.add("failure_delay", &AuthOptions::failure_delay)
        .min(0ms)
        .live()
        .doc(
            "The answer to a wrong password, and the next attempt, wait this long, doubling with "
            "each recent failure for the account from the same IP address (of IPv6: one /64 "
            "network); and with each tenth for any account from there, or for the account from "
            "anywhere, though not where its owner has logged in before.");
    t.add("max_failure_delay", &AuthOptions::max_failure_delay)
        .min(0ms)
        .live()
        .doc(
            "The longest such delay; an attempt that would have to wait longer is refused with "
            "temporary-auth-failure.");
}

void DnsOptions::declare(OptionTable<DnsOptions>& t) {
    t.section("dns", "Looking up other servers.");
    t.add("servers", &DnsOptions::servers)
        .doc("DNS servers, such as \"127.0.0.1:5353\"; empty: the system's.");
    t.add("timeout", &DnsOptions::timeout).min(100ms).doc("For one question.");
    t.add("cache_entries", &DnsOptions::cache_entries).min(0).doc("Answers each worker keeps.");
    t.add("max_cache_time", &DnsOptions::max_cache_time)
        .min(0s)
        .doc("An answer is kept for its own time to live, at most this long.");
}

void ModulesOptions::declare(OptionTable<ModulesOptions>& t) {
    t.section("modules", "Which features run. Every module is on unless listed here.").per_host();
    t.add("disabled", &ModulesOptions::disabled)
        .doc(
            "Names of modules that stay off, such as [\"carbons\"]; `clariond --describe` lists "
            "all.");
}

void LimitsOptions::declare(OptionTable<LimitsOptions>& t) {
    t.section("limits", "What one peer may cost. 0 switches a limit off.").live();
    t.add("c2s_bytes_per_second", &LimitsOptions::c2s_bytes_per_second)
        .min(0)
        .max(1 << 30)
        .unit("bytes")
        .doc(
            "Read from one client on average; four seconds' worth may come at once, more is read "
            "later, not refused.");
    t.add("s2s_bytes_per_second", &LimitsOptions::s2s_bytes_per_second)
        .min(0)
        .max(1 << 30)
        .unit("bytes")
        .doc("The same for one server connection.");
    t.add("c2s_connections_per_address", &LimitsOptions::c2s_connections_per_address)
        .min(0)
        .doc(
            "Client connections from one IP address (of IPv6: one /64 network) that may be open at "
            "a time.");
    t.add("unauthenticated_connections", &LimitsOptions::unauthenticated_connections)
        .min(0)
        .doc(
            "Client connections not yet logged in, and as many of servers and of components not "
            "yet "
            "authenticated. One more from a network that has the most of them is closed at once; "
            "for one from elsewhere, that network loses its oldest.");
    t.add("deliveries_per_turn", &LimitsOptions::deliveries_per_turn)
        .min(16)
        .max(1'000'000)
        .unit("stanzas")
        .doc(
            "What is under way to accounts, sessions and other servers of one shard is delivered "
            "so "
            "many at a time; in between others have their turn.");
    t.add("max_requests_of_asker", &LimitsOptions::max_requests_of_asker)
        .min(0)
        .unit("requests")
        .doc(
            "Requests that this server has sent in the name of one account or room, such as "
            "notifications to push services, and that are not answered yet. Beyond that none is "
            "sent, as if no answer had come.");
    t.add("unknown_names_per_minute", &LimitsOptions::unknown_names_per_minute)
        .min(0)
        .max(1'000'000)
        .unit("messages per minute and shard")
        .doc(
            "Messages of another server to accounts that do not exist which are answered with an "
            "error; more of its domain are ignored until the minute is over, so that it cannot "
            "try many names to see which exist. 0: all are ignored. Senders of this server and "
            "its components always get the error.");
}

void PartitionsOptions::declare(OptionTable<PartitionsOptions>& t) {
    t.section("partitions",
              "Addresses are dealt out to the workers in partitions, which can move from one to "
              "another. Nothing in this server starts a move yet, so these have no effect.")
        .live();
    t.add("release_limit", &PartitionsOptions::release_limit)
        .min(100ms)
        .doc(
            "When a partition is to move, what is under way for its addresses has this long to "
            "end, first from their sessions, then for the accounts. What is not stored by then "
            "keeps it where it is; what only still runs is cut off.");
    t.add("component_patience", &PartitionsOptions::component_patience)
        .min(1s)
        .doc(
            "A component whose domain has moved is expected to connect again within this time; "
            "what comes for it meanwhile waits, and is then returned.");
    t.add("max_held_stanzas", &PartitionsOptions::max_held_stanzas)
        .min(1)
        .unit("stanzas")
        .doc(
            "What each worker holds for partitions that move, and as much for components that are "
            "expected back; one stanza more is returned with resource-constraint.");
}

void declare_options(OptionRegistry& registry) {
    registry.add<ServerOptions>();
    registry.add<HttpOptions>();
    registry.add<TlsOptions>();
    registry.add<LogOptions>();
    registry.add<ModulesOptions>();
    registry.add<C2sOptions>();
    registry.add<RosterOptions>();
    registry.add<AuthOptions>();
    registry.add<SmacksOptions>();
    registry.add<S2sOptions>();
    registry.add<DnsOptions>();
    registry.add<ComponentOptions>();
    registry.add<StorageOptions>();
    registry.add<LimitsOptions>();
    registry.add<PartitionsOptions>();
    registry.add<ServerAdministrators>();
    registry.add<HostAdministrators>();
}

}  // namespace clarion::core
