// Hosts: which domains are ours: virtual hosts, and component domains that may attach.
//
// Immutable after start, shared by all shards. Where a component is attached is known only on the
// home shard of its domain (DomainLinks).
#pragma once

#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/task.h"
#include "server/core/envelope.h"
#include "server/core/remote_reach.h"

namespace clarion::core {

enum class DomainKind : std::uint8_t { remote, host, component };

class Hosts {
public:
    void add_host(std::string domain);
    void add_component(std::string domain);
    DomainKind kind(std::string_view domain) const;
    bool is_host(std::string_view domain) const { return kind(domain) == DomainKind::host; }
    const std::vector<std::string>& hosts() const { return hosts_; }
    const std::vector<std::string>& components() const { return components_; }

private:
    std::vector<std::string> hosts_, components_;
    std::unordered_map<std::string, DomainKind, TextHash, std::equal_to<>> kinds_;
};

/// What arrives from outside says nothing of delays in our name (XEP-0203, Security
/// Considerations): of a host, a component or an account of ours only what the sender says of
/// itself stays. `component`: where the sender is one, its domain, for all of which it speaks.
void strip_forged_delays(Stanza& stanza, const Hosts& hosts, std::string_view component = {});

/// An attached component, on the home shard of its domain. Implemented by net.
class ComponentPort {
public:
    virtual ~ComponentPort() = default;
    /// Takes the stanza and its ticket; bounces it itself if its buffer is full.
    virtual void deliver(Envelope envelope) = 0;
    /// Another connection of the component takes its place: detaches, and ends with <conflict/>.
    virtual void give_way() = 0;
};

/// The way to remote domains: on the home shard of the domain. Implemented by net's S2S.
class RemotePort {
public:
    virtual ~RemotePort() = default;
    /// Takes a stanza for envelope.stanza->to().domain(): resolves, connects, queues, spools, or
    /// bounces it.
    virtual void deliver(Envelope envelope) = 0;
    /// How it goes with a remote domain, from any of ours.
    virtual RemoteReach reach(std::string_view domain) const = 0;
    /// Goes all the way to `domain` on a connection of its own: resolve, connect, open, secure,
    /// authenticate; each step is told to `report` as it ends, the last one has Stage::up or !ok.
    /// From `local`, or our first host if that is empty.
    virtual Task<> test(std::string domain, RemoteReport report, std::string local) = 0;
};

/// What is attached on this shard. One per shard.
class DomainLinks {
public:
    void attach_component(std::string domain, ComponentPort* port) {
        components_[std::move(domain)] = port;
    }
    void detach_component(std::string_view domain, ComponentPort* port);
    ComponentPort* component(std::string_view domain) const;
    /// Every shard is told which components are attached, on whatever shard: for who lists them.
    void note_attached(std::string_view domain, bool attached);
    bool is_attached(std::string_view domain) const { return attached_.contains(domain); }
    void set_remote(RemotePort* port) { remote_ = port; }
    RemotePort* remote() const { return remote_; }

private:
    std::unordered_map<std::string, ComponentPort*, TextHash, std::equal_to<>> components_;
    std::set<std::string, std::less<>> attached_;
    RemotePort* remote_ = nullptr;
};

}  // namespace clarion::core
