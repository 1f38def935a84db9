// RemoteDomains: server-to-server of one shard: the way to the remote domains whose home it is, and
// the streams that servers opened to this shard.
//
// One per shard, made by App after ShardNet, destroyed before it. A remote domain's outgoing links
// live on its home shard, one per domain of ours (S2sOut). An incoming stream (S2sIn) stays on the
// shard that accepted it: it may carry several domains, and routes from there. Both are
// Connections: ShardNet's stop order ends them.
//
// Reachability: a failed attempt returns what waits (remote-server-not-found or -timeout) through
// Router::bounce_unreachable(), so the answers carry Envelope::local_bounce; for a pause that
// doubles up to [s2s] max_retry_delay further stanzas are returned at once and nobody dials. An
// authenticated stream from or to the domain ends the pause and fires events::DomainReachable.
//
// App, per core:
//     auto s2s = std::make_unique<RemoteDomains>(net);   // attaches itself to core and listeners
//     s2s->set_peers(all);                               // by shard, before the threads run
//     s2s->list();                                       // on its shard, at any time
//     core.scope().spawn("s2s-test", s2s->test(domain, report, {}));
//
// At the stop: ShardNet::stop_accepting(), close_all(), joined(); then it may be destroyed.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "proto/jid.h"
#include "server/core/address/domains.h"
#include "server/core/routing/domain_links.h"
#include "server/net/dns/resolver.h"
#include "server/net/dns/ttl_cache.h"
#include "server/net/s2s/look_ups.h"
#include "server/net/s2s/s2s_link_info.h"
#include "server/net/s2s/s2s_out.h"
#include "server/net/s2s/s2s_pairs.h"
#include "server/net/shard_net.h"

namespace clarion::net {

class S2sIn;

class RemoteDomains final : public core::RemotePort, public S2sOutOwner {
public:
    explicit RemoteDomains(ShardNet& net);
    ~RemoteDomains() override;

    /// The RemoteDomains of every shard, by its number; they outlive the threads.
    void set_peers(std::vector<RemoteDomains*> peers) {
        peers_ = std::move(peers);
        pairs_ = peers_.front()->pairs_;
        look_ups_ = peers_.front()->look_ups_;
    }
    /// Take over a socket that a server opened to the shard of `net`. Without a RemoteDomains there
    /// it is closed.
    static void accept(ShardNet& net, std::unique_ptr<Transport> transport);
    static void accept_tls(ShardNet& net, std::unique_ptr<Transport> transport);

    /// core::RemotePort. On the home shard of the stanza's remote domain.
    void deliver(core::Envelope envelope) override;

    /// Every stream that lives on this shard; in no order. An incoming stream appears once per
    /// domain pair.
    std::vector<S2sLinkInfo> list() const;
    /// What other servers are looked for with on this shard.
    Resolver& resolver() { return resolver_; }
    core::RemoteReach reach(std::string_view remote) const override;
    /// If it comes up, the domain is reachable: a pause ends.
    Task<> test(std::string domain, core::RemoteReport report, std::string local) override;

    // For S2sIn.
    /// Asks the domain that is said to have made a dialback key, for a server of `network`.
    /// `answered` is called once, on this shard.
    void verify(s2s::VerifyRequest request, std::string network, S2sOut::Answered answered);
    /// An incoming stream was authenticated for this remote domain.
    void note_reachable(std::string domain);
    S2sPairs& pairs() { return *pairs_; }
    void join(S2sIn& stream) { incoming_.insert(&stream); }
    void leave(S2sIn& stream) { incoming_.erase(&stream); }

    // S2sOutOwner
    void on_up(S2sOut& link) override;
    void on_failed(S2sOut& link, const s2s::Failure& failure) override;
    void on_gone(S2sOut& link) override;
    S2sBacklog& backlog() override { return backlog_; }
    bool has_room_for(const Stanza& stanza, std::size_t link_bytes) const override;

private:
    /// Until when a pair of domains is not tried, and what its stanzas are returned with.
    struct Pause {
        SteadyTime until;
        Duration delay;
        StanzaErrorCondition condition;
        std::string text;
    };

    static std::string key(std::string_view local, std::string_view remote);
    S2sOut* find(std::string_view local, std::string_view remote) const;
    std::shared_ptr<S2sOut> open(std::string_view local, std::string_view remote);
    bool may_open(std::string_view local) const;
    void spawn(std::shared_ptr<S2sOut> link);
    void erase(S2sOut& link);
    void deliver_stopping(core::Envelope envelope, std::string_view remote);
    void ask(s2s::VerifyRequest request, std::string_view network, S2sOut::Answered answered);
    bool may_look_up(std::string_view cause);
    void reached(std::string_view domain);
    void take(std::unique_ptr<Transport> transport, bool direct_tls);
    void follow_partitions();
    void leave(const PartitionSet& partitions, bool at_once);
    void adopt(const std::string& local, const std::string& remote, S2sOut::Rest rest);
    void recover(const PartitionSet& partitions);
    Task<> restore(PartitionSet partitions, std::uint64_t first_new);
    Task<> restore_domain(std::string domain, std::uint64_t first_new);
    void restore_stanza(const std::string& domain, std::uint64_t seq, WallTime time,
                        std::string_view xml);
    bool is_ours(std::string_view domain) const;

    ShardNet& net_;
    core::Context& context_;
    Resolver resolver_;
    S2sBacklog backlog_;
    std::shared_ptr<S2sPairs> pairs_ = std::make_shared<S2sPairs>();
    std::shared_ptr<LookUps> look_ups_ = std::make_shared<LookUps>();
    std::vector<RemoteDomains*> peers_;
    std::unordered_map<std::string, std::shared_ptr<S2sOut>> links_;
    TtlCache<Pause> pauses_;
    std::unordered_set<S2sIn*> incoming_;
    PartitionSet restoring_;  // those whose spool is being read
};

}  // namespace clarion::net
