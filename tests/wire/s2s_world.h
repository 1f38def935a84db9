// S2sWorld: a DNS server and real servers that talk to each other over loopback. For tests of S2S.
//
//     S2sWorld world;
//     Server& a = world.add("a.example", "[s2s]\n...");
//     Server& b = world.add("b.example");
//     world.start();
//     a.send("<message from='x@gw.a.example' to='y@gw.b.example'><body>hi</body></message>");
//     CHECK(b.wait_for_stanza().root().child_text(ns::client, "body") == "hi");
//
// Each server has the host DOMAIN and the component gw.DOMAIN, which keeps what reaches it; real
// shards with threads, memory storage, and nothing above net. DNS is dnsmasq on a free port, with
// SRV records for both domains of each.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "server/core/address/domains.h"
#include "server/core/setup/core.h"
#include "server/net/listener.h"
#include "server/net/s2s/s2s_domains.h"
#include "server/net/shard_net.h"
#include "storage/storage.h"
#include "tests/unit/net/loop.h"

namespace clarion::test {

struct Arrival {
    StanzaPtr stanza;
    bool local_bounce = false;
};

class Server final : public core::ComponentPort {
public:
    /// `toml` beside [server], [tls] and [dns].
    Server(std::string domain, std::string toml, const TemporaryDirectory& files, bool direct_tls,
           std::shared_ptr<storage::Storage> storage = nullptr);
    ~Server() override;

    const std::string& domain() const { return domain_; }
    std::string component() const { return "gw." + domain_; }
    std::uint16_t port() const { return port_; }
    bool direct_tls() const { return direct_tls_; }
    std::shared_ptr<storage::Storage> storage() { return storage_; }

    void start(const std::string& dns_server);
    void stop();

    /// Routes a stanza from one of our addresses.
    void send(const std::string& xml);
    /// The oldest stanza that reached the component; throws after ten seconds.
    Arrival wait_for_arrival();
    std::size_t arrivals();
    std::vector<net::S2sLinkInfo> links();
    /// Waits until `done` holds of the links.
    void wait_for_links(const std::function<bool(const std::vector<net::S2sLinkInfo>&)>& done);
    core::RemoteReach reach(const std::string& domain);
    std::vector<core::RemoteStep> test(const std::string& domain);
    /// Domains that events::DomainReachable named.
    std::vector<std::string> reached();
    std::size_t spooled(const std::string& domain);

    void deliver(core::Envelope envelope) override;
    void give_way() override {}
    void leave(bool) override {}

private:
    void on_shard(std::function<void()> fn);

    const std::string domain_, toml_;
    const TemporaryDirectory& files_;
    const bool direct_tls_;
    std::uint16_t port_ = 0;
    std::shared_ptr<storage::Storage> storage_;
    core::Domains domains_;
    std::shared_ptr<const Config> config_;
    std::unique_ptr<core::ShardSet> shards_;
    std::unique_ptr<core::Shared> shared_;
    std::unique_ptr<net::ShardNet> net_;
    std::unique_ptr<net::RemoteDomains> s2s_;
    std::unique_ptr<net::OpenPort> listening_;
    std::mutex mutex_;
    std::condition_variable arrived_;
    std::deque<Arrival> inbox_;
    std::vector<std::string> reached_;
};

/// A UDP port that takes everything and never answers.
class SilentPort {
public:
    SilentPort();
    std::string address() const;

private:
    FileDescriptor socket_;
};

class S2sWorld {
public:
    ~S2sWorld();
    Server& add(std::string domain, std::string toml = {}, bool direct_tls = false,
                std::shared_ptr<storage::Storage> storage = nullptr);
    /// An extra line for dnsmasq: "--srv-host=_xmpp-server._tcp.none.example".
    void dns(std::string argument) { dns_arguments_.push_back(std::move(argument)); }
    void start();
    const TemporaryDirectory& files() const { return files_; }
    const std::string& dns_server() const { return dns_server_; }

private:
    std::vector<std::string> dnsmasq_arguments(std::uint16_t port) const;
    void start_dns();

    TemporaryDirectory files_;
    std::vector<std::unique_ptr<Server>> servers_;
    std::vector<std::string> dns_arguments_;
    std::string dns_server_;
    int dnsmasq_ = -1;
};

}  // namespace clarion::test
