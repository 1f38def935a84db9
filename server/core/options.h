// The options of core and net, one struct per section of clarion.toml. Modules declare their own
// beside their code.
//
// Meaning and unit of each are said once, where it is declared (options.cpp, stream_options.cpp);
// the reference (docs/options.md, conf/clarion.reference.toml, clariond --describe) is generated
// from there.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/option.h"
#include "server/core/keepalive_options.h"

namespace clarion::core {

struct ServerOptions {
    std::vector<std::string> domains;
    std::string data_dir = "data";
    std::string admin_socket = "data/admin.sock";
    std::int64_t shards = 0;
    Duration account_idle_time = std::chrono::seconds(60);
    std::int64_t account_inbox_limit = 1000;
    std::int64_t unknown_account_cache = 10000;
    std::int64_t max_traces = 4;
    std::int64_t trace_buffer = 1 << 20;
    static void declare(OptionTable<ServerOptions>& table);
};

struct StorageOptions {
    std::string backend = "lmdb";
    std::string durability = "full";
    std::int64_t map_size = std::int64_t{1} << 40;
    std::int64_t backlog_limit = 64 << 20;
    std::int64_t free_space_warning = 256 << 20;
    static void declare(OptionTable<StorageOptions>& table);
};

struct LogOptions {
    std::string level = "info";
    std::int64_t refusals_per_peer = 10;
    std::int64_t refusals = 200;
    static void declare(OptionTable<LogOptions>& table);
};

struct TlsOptions {
    std::string certificate;
    std::string private_key;
    std::string ca;
    std::string min_version = "1.2";
    Duration handshake_timeout = std::chrono::seconds(15);
    Duration expiry_warning = std::chrono::hours(24 * 14);
    static void declare(OptionTable<TlsOptions>& table);
};

/// A client may be a phone, whose radio a question wakes: it is asked four times an hour at most,
/// and only while nothing else is said.
struct C2sOptions : KeepaliveOptions {
    C2sOptions()
        : KeepaliveOptions{std::chrono::minutes(15), std::chrono::seconds(30), 4,
                           std::chrono::minutes(17)} {}
    Duration ping_interval{};
    Duration ping_timeout = std::chrono::seconds(60);
    bool require_encryption = true;
    bool allow_plain_without_encryption = false;
    std::int64_t max_stanza_size = 262144;
    std::int64_t max_unauthenticated_stanza_size = 10240;
    Duration authentication_timeout = std::chrono::seconds(30);
    std::int64_t max_send_buffer = 4 << 20;
    Duration send_timeout = std::chrono::seconds(60);
    std::int64_t max_ack_window = 256;
    std::int64_t max_ack_window_bytes = 1 << 20;
    std::int64_t max_sessions = 30;
    std::int64_t max_pending_requests = 8;
    std::int64_t max_directed_presence = 1000;
    std::int64_t max_directed_bytes = 65536;
    std::int64_t max_presence_size = 16384;
    std::int64_t max_work_percent = 25;
    static void declare(OptionTable<C2sOptions>& table);
};

struct RosterOptions {
    std::int64_t max_items = 5000;
    std::int64_t max_bytes = 1 << 20;
    std::int64_t max_requests = 500;
    std::int64_t max_request_size = 4096;
    static void declare(OptionTable<RosterOptions>& table);
};

struct AuthOptions {
    std::int64_t scram_iterations = 10000;
    std::int64_t max_failures = 5;
    Duration failure_delay = std::chrono::milliseconds(500);
    Duration max_failure_delay = std::chrono::seconds(10);
    static void declare(OptionTable<AuthOptions>& table);
};

struct SmacksOptions {
    Duration hibernation_time = std::chrono::seconds(600);
    Duration max_ack_delay = std::chrono::seconds(30);
    Duration ack_timeout = std::chrono::minutes(5);
    Duration ack_answer_limit = std::chrono::seconds(1);
    Duration ack_request_delay = std::chrono::seconds(5);
    std::int64_t max_queue_size = 5000;
    std::int64_t max_queue_bytes = 16 << 20;
    std::int64_t max_account_queue_bytes = 16 << 20;
    std::int64_t max_sessions = 10;
    Duration unavailable_grace = std::chrono::seconds(30);
    std::int64_t max_remembered = 20;
    static void declare(OptionTable<SmacksOptions>& table);
    /// Whether one session may have so many stanzas that its client did not acknowledge, or that
    /// wait for it, of so many bytes in memory.
    bool allow_queue(std::size_t stanzas, std::size_t bytes) const {
        return stanzas <= static_cast<std::size_t>(max_queue_size) &&
               bytes <= static_cast<std::size_t>(max_queue_bytes);
    }
    /// Whether one more, whatever it takes, may join the queue of a session that hibernates.
    bool has_queue_room(std::size_t stanzas, std::size_t bytes) const {
        return stanzas < static_cast<std::size_t>(max_queue_size) &&
               bytes < static_cast<std::size_t>(max_queue_bytes);
    }
};

/// Servers are not woken by a question: what waits for a dead one is tried again soon.
struct S2sOptions : KeepaliveOptions {
    S2sOptions()
        : KeepaliveOptions{std::chrono::minutes(2), std::chrono::seconds(15), 4,
                           std::chrono::minutes(3)} {}
    bool require_encryption = true;
    bool require_valid_certificate = false;
    std::string bind_address;
    std::int64_t max_stanza_size = 524288;
    Duration connect_timeout = std::chrono::seconds(15);
    Duration negotiation_timeout = std::chrono::seconds(30);
    Duration idle_timeout = std::chrono::minutes(30);
    Duration retry_delay = std::chrono::seconds(5);
    Duration max_retry_delay = std::chrono::minutes(5);
    Duration queue_time = std::chrono::seconds(60);
    std::int64_t max_queued_stanzas = 1000;
    std::int64_t max_queued_bytes = 4 << 20;
    std::int64_t max_domains_per_connection = 100;
    std::int64_t max_questions_per_connection = 20;
    std::int64_t max_false_keys = 50;
    std::int64_t max_outgoing_streams = 2000;
    static void declare(OptionTable<S2sOptions>& table);
};

struct DnsOptions {
    std::vector<std::string> servers;
    Duration timeout = std::chrono::seconds(5);
    std::int64_t cache_entries = 10000;
    Duration max_cache_time = std::chrono::hours(1);
    static void declare(OptionTable<DnsOptions>& table);
};

/// Components usually are near, and many depend on each.
struct ComponentOptions : KeepaliveOptions {
    ComponentOptions()
        : KeepaliveOptions{std::chrono::seconds(60), std::chrono::seconds(10), 3,
                           std::chrono::seconds(90)} {}
    std::string secret;
    std::string conflict = "newer";
    std::int64_t max_stanza_size = 524288;
    std::int64_t max_send_buffer = 8 << 20;
    static void declare(OptionTable<ComponentOptions>& table);
};

struct ModulesOptions {
    std::vector<std::string> disabled;
    static void declare(OptionTable<ModulesOptions>& table);
};

struct LimitsOptions {
    std::int64_t c2s_bytes_per_second = 1 << 20;
    std::int64_t s2s_bytes_per_second = 4 << 20;
    std::int64_t c2s_connections_per_address = 200;
    std::int64_t unauthenticated_connections = 10000;
    std::int64_t deliveries_per_turn = 2000;
    std::int64_t max_requests_of_asker = 10000;
    std::int64_t unknown_names_per_minute = 30;
    static void declare(OptionTable<LimitsOptions>& table);
};

struct PartitionsOptions {
    Duration release_limit = std::chrono::seconds(5);
    Duration component_patience = std::chrono::seconds(10);
    std::int64_t max_held_stanzas = 100'000;
    static void declare(OptionTable<PartitionsOptions>& table);
};

/// Adds all of the above.
void declare_options(OptionRegistry& registry);

}  // namespace clarion::core
