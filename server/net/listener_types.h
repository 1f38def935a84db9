// Listener types: what may speak on a port of ours, by the name that [[listen]] type has.
//
// The table in listener_types.cpp is the only central mention of a type: its row says all that
// others must know, and has the factory that takes accepted sockets. Any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/config.h"
#include "base/option.h"
#include "base/result.h"
#include "server/net/transport/descriptor_use.h"

namespace clarion::net {

class ShardNet;
class Transport;

struct ListenerType {
    std::string_view name;  // "c2s-tls"
    std::string_view who;   // connects there: for the options' documentation
    std::uint16_t usual_port;
    /// Whether this port is of no use to a host without certificate, the option that says so
    /// (empty: there is no other way), and what comes of it. nullptr: it needs none.
    bool (*needs_certificate)(const Config& config, const std::string& host);
    std::string_view encryption_option;
    std::string_view without_certificate;
    /// Takes a socket that was accepted on the shard of `net`, or closes it.
    void (*accept)(ShardNet& net, std::unique_ptr<Transport> transport);
    DescriptorUse use;
};

struct ListenOptions {
    std::string type = "c2s";
    std::string address = "::";
    std::int64_t port = 0;  // 0: the usual port of the type
    static void declare(OptionTable<ListenOptions>& table);
};

/// [[listen]], and what [limits] and [s2s] say of servers that only net asks for.
void declare_options(OptionRegistry& registry);

std::span<const ListenerType> listener_types();
/// Errors: "bad-listen-type".
Result<const ListenerType*> find_listener_type(std::string_view name);

}  // namespace clarion::net
