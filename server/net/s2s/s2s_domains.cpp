#include "server/net/s2s/s2s_domains.h"

#include <algorithm>

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "proto/ns.h"
#include "proto/xml.h"
#include "server/core/address/domains.h"
#include "server/core/context.h"
#include "server/core/events/partition_events.h"
#include "server/core/events/s2s_events.h"
#include "server/core/routing/domain_links.h"
#include "server/core/routing/refusal_log.h"
#include "server/core/routing/router.h"
#include "server/core/routing/strays.h"
#include "server/net/s2s/s2s_in.h"
#include "server/net/s2s/s2s_limits.h"
#include "server/runtime/event_bus.h"
#include "server/runtime/shard.h"
#include "storage/storage.h"

namespace clarion::net {

namespace {

using namespace std::chrono_literals;

constexpr Logger logger{"s2s"};
constexpr std::size_t remembered_pauses = 10000;
constexpr storage::PageSize restored_at_once{.count = 100};

void count_failure(s2s::Stage stage) {
    metrics()
        .counter("clarion_s2s_failures_total", "Attempts to reach a server that failed, by step",
                 "step=\"" + std::string(name(stage)) + "\"")
        .add();
}

}  // namespace

RemoteDomains::RemoteDomains(ShardNet& net)
    : net_(net),
      context_(net.context()),
      resolver_(context_.shard(), context_.options<core::DnsOptions>()),
      pauses_(remembered_pauses) {
    context_.links().set_remote(this);
    net_.attach(this);
    follow_partitions();
}

void RemoteDomains::follow_partitions() {
    using namespace events;
    context_.bus().on<PartitionsAcquired>(PartitionsAcquired::Stage::recover, "s2s",
                                          [this](const PartitionsAcquired& event) {
                                              if (!event.released_in_order)
                                                  recover(event.partitions);
                                          });
    context_.bus().on<PartitionsReleased>(
        PartitionsReleased::Stage::hand_over, "s2s",
        [this](const PartitionsReleased& event) { leave(event.partitions, false); });
    context_.bus().on<PartitionsLost>(
        PartitionsLost::Stage::drop, "s2s",
        [this](const PartitionsLost& event) { leave(event.partitions, true); });
}

RemoteDomains::~RemoteDomains() {
    context_.links().set_remote(nullptr);
    net_.attach<RemoteDomains>(nullptr);
}

std::string RemoteDomains::key(std::string_view local, std::string_view remote) {
    return std::string(local).append(1, ' ').append(remote);
}

bool RemoteDomains::is_ours(std::string_view domain) const {
    return context_.domains().is_ours(domain);
}

// ---- Outgoing ----------------------------------------------------------------------------------

S2sOut* RemoteDomains::find(std::string_view local, std::string_view remote) const {
    const auto found = links_.find(key(local, remote));
    return found == links_.end() ? nullptr : found->second.get();
}

/// A new link; spawn() it once it has something to do.
std::shared_ptr<S2sOut> RemoteDomains::open(std::string_view local, std::string_view remote) {
    auto link =
        std::make_shared<S2sOut>(*this, net_, resolver_, std::string(local), std::string(remote));
    links_[key(local, remote)] = link;
    return link;
}

bool RemoteDomains::may_open(std::string_view local) const {
    const auto limit = context_.options<core::S2sOptions>(local).max_outgoing_streams;
    return links_.size() < static_cast<std::size_t>(limit);
}

bool RemoteDomains::has_room_for(const Stanza& stanza, std::size_t link_bytes) const {
    const auto& limits = context_.options<S2sBacklogOptions>(stanza.from().domain());
    return backlog_.has_room(stanza, link_bytes,
                             static_cast<std::size_t>(limits.max_queued_bytes_total));
}

bool RemoteDomains::may_look_up(std::string_view cause) {
    return look_ups_->take(cause, context_.clock().steady(), context_.options<LookUpLimits>());
}

void RemoteDomains::spawn(std::shared_ptr<S2sOut> link) {
    net_.scope().spawn("s2s-out", S2sOut::run(std::move(link)));
}

void RemoteDomains::deliver(core::Envelope envelope) {
    const StanzaPtr stanza = envelope.stanza;
    const std::string_view local = stanza->from().domain(), remote = stanza->to().domain();
    if (!is_ours(local)) {  // nothing of ours says that: we are no relay
        if (context_.refusals().admit(local, "not-ours"))
            logger.warning("not-ours", {{"from", stanza->from().full()}, {"to", remote}});
        return;
    }
    if (S2sOut* link = find(local, remote)) return link->deliver(std::move(envelope));
    if (context_.stopping()) return deliver_stopping(std::move(envelope), remote);
    const SteadyTime now = context_.clock().steady();
    if (const Pause* pause = pauses_.find(key(local, remote), now); pause && now < pause->until) {
        return context_.router().bounce_unreachable(std::move(envelope),
                                                    {pause->condition, pause->text});
    }
    if (!may_open(local) || !has_room_for(*stanza, 0)) {
        return context_.router().bounce_unreachable(
            std::move(envelope), {StanzaErrorCondition::resource_constraint, StanzaErrorType::wait,
                                  "too many streams to other servers, or too much waits for them"});
    }
    if (!may_look_up(LookUps::cause_of(*stanza, context_.domains()))) {
        return context_.router().bounce_unreachable(
            std::move(envelope), {StanzaErrorCondition::resource_constraint, StanzaErrorType::wait,
                                  "too many servers are to be looked for because of you"});
    }
    auto link = open(local, remote);
    link->deliver(std::move(envelope));
    spawn(std::move(link));
}

/// Nothing is begun any more: what must be durable is spooled for the next start, the rest ends
/// here.
void RemoteDomains::deliver_stopping(core::Envelope envelope, std::string_view remote) {
    S2sQueue(context_, backlog_, std::string(remote)).push(std::move(envelope), false);
}

void RemoteDomains::on_up(S2sOut& link) { reached(link.remote()); }

void RemoteDomains::on_failed(S2sOut& link, const s2s::Failure& failure) {
    count_failure(failure.stage);
    const Logger::Fields fields{{"local", link.local()},
                                {"remote", link.remote()},
                                {"step", name(failure.stage)},
                                {"why", failure.text},
                                {"returned_with", name(failure.condition)}};
    // Anybody can have us fail to reach a domain, by naming it.
    if (link.is_test() || context_.refusals().admit("unreachable servers", "unreachable"))
        logger.info("unreachable", fields);
    else
        logger.debug("unreachable", fields);
    if (link.is_test()) return;
    const auto& options = context_.options<core::S2sOptions>(link.local());
    const SteadyTime now = context_.clock().steady();
    const std::string pair = key(link.local(), link.remote());
    const Pause* before = pauses_.find(pair, now);
    const Duration delay =
        before ? std::min(before->delay * 2, options.max_retry_delay) : options.retry_delay;
    // Remembered for longer than it lasts, so that the next failure doubles it.
    pauses_.put(pair, {now + delay, delay, failure.condition, failure.text}, now,
                delay + options.max_retry_delay);
    erase(link);
}

void RemoteDomains::on_gone(S2sOut& link) { erase(link); }

void RemoteDomains::erase(S2sOut& link) {
    const auto found = links_.find(key(link.local(), link.remote()));
    if (found != links_.end() && found->second.get() == &link) links_.erase(found);
}

void RemoteDomains::reached(std::string_view domain) {
    for (const std::string& local : context_.domains().ours()) pauses_.erase(key(local, domain));
    context_.bus().fire(events::DomainReachable{context_, domain});
}

void RemoteDomains::note_reachable(std::string domain) {
    const std::string key = domain;
    context_.on_home_shard(key, [this, domain = std::move(domain)](core::Context& home) {
        peers_[home.shard().index()]->reached(domain);
    });
}

core::RemoteReach RemoteDomains::reach(std::string_view remote) const {
    core::RemoteReach reach;
    const SteadyTime now = context_.clock().steady();
    for (const std::string& local : context_.domains().ours()) {
        if (const S2sOut* link = find(local, remote)) {
            const S2sLinkInfo info = link->info();
            if (link->is_up())
                return {core::RemoteReach::State::up, info.authentication, info.since, {}};
            reach = {core::RemoteReach::State::connecting, info.state, {}, {}};
        }
        const Pause* pause = pauses_.find(key(local, remote), now);
        if (reach.state != core::RemoteReach::State::idle || !pause || pause->until <= now)
            continue;
        reach = {core::RemoteReach::State::failed,
                 pause->text,
                 {},
                 std::chrono::ceil<Duration>(pause->until - now)};
    }
    return reach;
}

Task<> RemoteDomains::test(std::string domain, core::RemoteReport report, std::string local) {
    if (is_ours(domain) || context_.domains().hosts().empty()) {
        report({s2s::Stage::resolve, false, domain + " is served here"});
        co_return;
    }
    if (local.empty()) local = context_.domains().hosts().front();
    auto link = std::make_shared<S2sOut>(*this, net_, resolver_, local, domain, std::move(report));
    co_await S2sOut::run(std::move(link));
}

// ---- Dialback ----------------------------------------------------------------------------------

void RemoteDomains::verify(s2s::VerifyRequest request, std::string network,
                           S2sOut::Answered answered) {
    core::ShardSet& shards = context_.shards();
    auto back = [&shards, here = context_.shard().index(),
                 answered = std::move(answered)](s2s::Verdict verdict) mutable {
        shards.post(here,
                    [answered = std::move(answered), verdict]() mutable { answered(verdict); });
    };
    const std::string remote = request.remote;
    context_.on_home_shard(
        remote, [this, request = std::move(request), network = std::move(network),
                 back = std::move(back)](core::Context& home) mutable {
            peers_[home.shard().index()]->ask(std::move(request), network, std::move(back));
        });
}

/// Anybody may claim to be anybody, so a question costs no more than a stanza: the same limits and
/// pauses. A domain that is back, and has something for us, tries again.
void RemoteDomains::ask(s2s::VerifyRequest request, std::string_view network,
                        S2sOut::Answered answered) {
    if (context_.stopping()) return answered(s2s::Verdict::timeout);
    if (S2sOut* link = find(request.local, request.remote)) {
        return link->ask(std::move(request), std::move(answered));
    }
    const SteadyTime now = context_.clock().steady();
    const Pause* pause = pauses_.find(key(request.local, request.remote), now);
    if (pause && now < pause->until) {
        const bool unknown = pause->condition == StanzaErrorCondition::remote_server_not_found;
        return answered(unknown ? s2s::Verdict::not_found : s2s::Verdict::timeout);
    }
    if (!may_open(request.local) ||
        !look_ups_->take_for_stranger(network, context_.clock().steady(),
                                      context_.options<LookUpLimits>()))
        return answered(s2s::Verdict::timeout);
    auto link = open(request.local, request.remote);
    link->ask(std::move(request), std::move(answered));
    spawn(std::move(link));
}

// ---- Incoming ----------------------------------------------------------------------------------

void RemoteDomains::accept(ShardNet& net, std::unique_ptr<Transport> transport) {
    if (RemoteDomains* const here = net.attached<RemoteDomains>())
        here->take(std::move(transport), false);
}

void RemoteDomains::accept_tls(ShardNet& net, std::unique_ptr<Transport> transport) {
    if (RemoteDomains* const here = net.attached<RemoteDomains>())
        here->take(std::move(transport), true);
}

void RemoteDomains::take(std::unique_ptr<Transport> transport, bool direct_tls) {
    const auto& limits = context_.options<ServerLimits>();
    const SocketAddress peer = transport->peer_address();
    auto place = net_.counts().admit(
        ConnectionCounts::Kind::server, peer.network(),
        {.per_network = limits.s2s_connections_per_address,
         .unauthenticated_per_network = limits.s2s_unauthenticated_per_address,
         .unauthenticated = context_.options<core::LimitsOptions>().unauthenticated_connections,
         .new_per_second = context_.options<ConnectionLimits>().new_connections_per_second,
         .now = context_.clock().steady()});
    if (!place) {
        if (context_.refusals().admit(peer.network(), "too-many-connections"))
            logger.warning("too-many-connections", {{"address", peer.ip()}});
        return;
    }
    S2sIn::start(*this, net_, std::move(transport), std::move(*place), direct_tls);
}

std::vector<S2sLinkInfo> RemoteDomains::list() const {
    std::vector<S2sLinkInfo> all;
    for (const auto& [pair, link] : links_) all.push_back(link->info());
    for (const S2sIn* stream : incoming_) {
        for (S2sLinkInfo& info : stream->info()) all.push_back(std::move(info));
    }
    return all;
}

// ---- Domains that move -------------------------------------------------------------------------

/// Their links end, and what is left to do is done at their next home, before what comes later.
/// `at_once`: they were lost, and their next home finds in the spool what is there.
void RemoteDomains::leave(const PartitionSet& partitions, bool at_once) {
    using To = core::DeliveryQueue::To;
    std::vector<std::shared_ptr<S2sOut>> leaving;
    for (const auto& [pair, link] : links_)
        if (partitions.contains(partition_of(link->remote()))) leaving.push_back(link);
    for (const auto& link : leaving) {
        erase(*link);
        S2sOut::Rest rest = link->leave(at_once);
        if (at_once) std::erase_if(rest.items, [](const auto& item) { return item.spooled != 0; });
        if (rest.items.empty() && rest.questions.empty()) continue;
        auto adopt = [this, local = link->local(), remote = link->remote(),
                      rest = std::move(rest)](core::Context& home) mutable {
            peers_[home.shard().index()]->adopt(local, remote, std::move(rest));
        };
        context_.strays().leave({.task = std::move(adopt),
                                 .partition = partition_of(link->remote()),
                                 .to = To::task_at_home});
    }
    partitions.for_each([&](Partition partition) {
        if (at_once || !restoring_.contains(partition)) return;
        auto go_on = [this, partition](core::Context& home) {
            PartitionSet one;
            one.add(partition);
            peers_[home.shard().index()]->recover(one);
        };
        context_.strays().leave(
            {.task = std::move(go_on), .partition = partition, .to = To::task_at_home});
    });
}

void RemoteDomains::adopt(const std::string& local, const std::string& remote, S2sOut::Rest rest) {
    if (S2sOut* link = find(local, remote)) {
        link->adopt(std::move(rest.items));
    } else if (!rest.items.empty()) {
        auto fresh = open(local, remote);
        fresh->adopt(std::move(rest.items));
        spawn(std::move(fresh));
    }
    for (auto& question : rest.questions)
        ask(std::move(question.request), {}, std::move(question.answered));  // has been counted
}

// ---- The spool ---------------------------------------------------------------------------------

/// Sends what their last home left in the spool: what is spooled here has later numbers.
void RemoteDomains::recover(const PartitionSet& partitions) {
    restoring_.add(partitions);
    net_.scope().spawn("s2s-restore", restore(partitions, context_.storage().spool().next_seq()));
}

Task<> RemoteDomains::restore(PartitionSet partitions, std::uint64_t first_new) {
    const auto domains = co_await context_.storage().spool().domains(partitions);
    if (!domains) {
        logger.error("spool", {{"error", domains.error().text}});
        restoring_.remove(partitions);
        co_return;
    }
    for (const std::string& domain : *domains) co_await restore_domain(domain, first_new);
    restoring_.remove(partitions);
}

Task<> RemoteDomains::restore_domain(std::string domain, std::uint64_t first_new) {
    std::uint64_t after = 0;
    std::size_t count = 0;
    for (;;) {
        const auto page = co_await context_.storage().spool().read(domain, after, restored_at_once);
        if (!page || page->empty() || !context_.is_home(domain)) break;
        for (const storage::SpooledStanza& stanza : *page) {
            after = stanza.seq;
            if (stanza.seq >= first_new) continue;  // in its queue already
            restore_stanza(domain, stanza.seq, stanza.time, stanza.xml);
            ++count;
        }
    }
    logger.info("spool-restored", {{"remote", domain}, {"stanzas", count}});
}

void RemoteDomains::restore_stanza(const std::string& domain, std::uint64_t seq, WallTime time,
                                   std::string_view xml) {
    auto document = xml::parse_element(xml, ns::client);
    auto stanza = document.empty() ? Result<std::shared_ptr<Stanza>>(fail(error_code::bad_format))
                                   : Stanza::from_document(std::move(document));
    // A domain that has become ours, or has ceased to be: nobody can send it any more.
    const bool sendable = stanza && is_ours((*stanza)->from().domain()) && !is_ours(domain);
    if (!sendable) {
        context_.storage().spool().remove(context_.shard().batch(), domain, seq);
        if (stanza) context_.router().route(std::move(*stanza));
        return;
    }
    const std::string local((*stanza)->from().domain());
    if (S2sOut* link = find(local, domain))
        return link->deliver_restored(std::move(*stanza), seq, time);
    auto link = open(local, domain);
    link->deliver_restored(std::move(*stanza), seq, time);
    spawn(std::move(link));
}

}  // namespace clarion::net
