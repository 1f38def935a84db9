// DomainLinks: who is there, on this shard, for domains that are not hosts: modules that serve one,
// attached components, the way to other servers, and the relay of bytestreams.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/task.h"
#include "base/text.h"
#include "proto/partition.h"
#include "server/core/address/remote_reach.h"
#include "server/core/routing/envelope.h"

namespace clarion::core {

class Actor;
class BytestreamPort;

/// A service domain, on each shard one: takes what is for addresses at home there.
class ServicePort {
public:
    virtual ~ServicePort() = default;
    /// Takes a stanza for the domain, or for somebody in it. What cannot be delivered is answered.
    virtual void deliver(Envelope envelope) = 0;
    /// Adds what the domain, or (not nullptr) one of its actors, is: identities and forms of
    /// XEP-0030 and XEP-0128. Features are added by who has them (ModuleSetup).
    virtual void describe(xml::Element& query, Actor* actor) = 0;
};

/// An attached component, on the home shard of its domain. Implemented by net.
class ComponentPort {
public:
    virtual ~ComponentPort() = default;
    /// Takes the stanza and its ticket; bounces it itself if its buffer is full.
    virtual void deliver(Envelope envelope) = 0;
    /// Another connection of the component takes its place: detaches, and ends with <conflict/>.
    virtual void give_way() = 0;
    /// Its domain is another shard's: detaches, and ends, so that the component connects again;
    /// `at_once`: without a word.
    virtual void leave(bool at_once) = 0;
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

/// One per shard.
class DomainLinks {
public:
    /// `port` lasts as long as the shard.
    void attach_service(std::string domain, ServicePort* port) {
        services_[std::move(domain)] = port;
    }
    /// nullptr: no module serves it.
    ServicePort* service(std::string_view domain) const;
    /// What was held for it is delivered first.
    void attach_component(std::string domain, ComponentPort* port);
    void detach_component(std::string_view domain, ComponentPort* port);
    ComponentPort* component(std::string_view domain) const;
    /// Those of these partitions are told to leave; returns their domains.
    std::vector<std::string> part_with(const PartitionSet& partitions, bool at_once);
    /// It moved here, and is about to connect again: what comes for it is held until then, or until
    /// give_up(), which returns it.
    void expect(std::string domain) { held_.try_emplace(std::move(domain)); }
    bool is_expected(std::string_view domain) const { return held_.contains(domain); }
    void hold(Envelope envelope);
    /// How many stanzas are held, for all components together.
    std::size_t held() const { return held_count_; }
    std::vector<Envelope> give_up(std::string_view domain);
    /// Every shard is told which components are attached, on whatever shard: for who lists them.
    void note_attached(std::string_view domain, bool attached);
    bool is_attached(std::string_view domain) const { return attached_.contains(domain); }
    void set_remote(RemotePort* port) { remote_ = port; }
    RemotePort* remote() const { return remote_; }
    void set_bytestreams(BytestreamPort* port) { bytestreams_ = port; }
    /// nullptr: this server relays none (server/core/routing/bytestream_port.h).
    BytestreamPort* bytestreams() const { return bytestreams_; }

private:
    std::unordered_map<std::string, ServicePort*, TextHash, std::equal_to<>> services_;
    std::unordered_map<std::string, ComponentPort*, TextHash, std::equal_to<>> components_;
    std::set<std::string, std::less<>> attached_;
    std::map<std::string, std::vector<Envelope>, std::less<>> held_;
    std::size_t held_count_ = 0;
    RemotePort* remote_ = nullptr;
    BytestreamPort* bytestreams_ = nullptr;
};

}  // namespace clarion::core
