// World: a whole server without sockets, for tests of core and modules.
//
//     World world({.modules = {{"ping", ping::install}}});
//     world.add_account("romeo@example.org");
//     Client& romeo = world.connect("romeo@example.org/orchard");
//     xml::Document pong = romeo.ask("<iq type='get' id='1'><ping xmlns='urn:xmpp:ping'/></iq>");
//     CHECK(pong.root().attr("type") == "result");
//
// Real shards, router, accounts and memory storage, and only what stands at the edges is pretended:
// the clock (ManualClock), connections (FakePort), components and other servers (FakeLink). Shards
// are run by hand on the test's thread; storage keeps its own writer thread, which settle() waits
// for. Nothing hibernates.
#pragma once

#include <deque>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "server/core/accounts/session.h"
#include "server/core/setup/core.h"
#include "server/core/setup/module.h"
#include "storage/memory/memory_storage.h"
#include "tests/support/fake_port.h"
#include "tests/support/manual_clock.h"

namespace clarion::test {

class World;

/// A client with a bound session. Made by World::connect(); lives as long as the World.
class Client {
public:
    Client(World& world, Jid jid) : world_(world), jid_(std::move(jid)) {}

    const Jid& jid() const { return jid_; }
    FakePort& port() { return port_; }
    /// REQUIRES: it has not ended.
    core::Session& session();
    core::Account& account() { return session().account(); }
    bool ended() const { return session_.expired(); }

    /// Sends one top-level element (in jabber:client) and settles.
    void send(std::string_view xml);
    /// The same, to be read with the next settle(): several of these are one turn.
    void send_soon(std::string_view xml);
    /// Sends an iq request and returns its answer; other elements stay for pop().
    xml::Document ask(std::string_view iq);

    /// The oldest element received and not yet taken; `<nothing xmlns=''/>` if there is none.
    xml::Document pop() { return port_.pop(); }
    /// The oldest one with this name; others stay.
    xml::Document pop(std::string_view name);
    std::size_t pending() const { return port_.pending(); }
    void drop_all() { port_.drop_all(); }

    /// Closes its stream in order.
    void close();
    /// Its connection breaks: the session hibernates, or ends.
    void cut();

private:
    friend class World;
    World& world_;
    Jid jid_;
    FakePort port_;
    std::weak_ptr<core::Session> session_;
};

/// Resumes `session` over `port` as stream management does: <resumed/>, then what is not
/// acknowledged.
Task<Result<>> resume_session(core::Session& session, FakePort& port, std::uint32_t handled);

/// A component, or all of what is not ours: keeps the stanzas that were routed there.
class FakeLink final : public core::ComponentPort, public core::RemotePort {
public:
    void deliver(core::Envelope envelope) override {
        stanzas_.push_back(std::move(envelope.stanza));
    }
    void give_way() override {}
    void leave(bool) override { left_ = true; }
    /// leave() was called: a real one would connect again.
    bool left() const { return left_; }
    core::RemoteReach reach(std::string_view) const override { return {}; }
    Task<> test(std::string, core::RemoteReport, std::string) override { co_return; }
    /// The oldest stanza not yet popped; nullptr if there is none.
    StanzaPtr pop();
    std::size_t pending() const { return stanzas_.size(); }
    void drop_all() { stanzas_.clear(); }

private:
    std::deque<StanzaPtr> stanzas_;
    bool left_ = false;
};

class World {
public:
    struct Setup {
        std::vector<core::ModuleRow> modules{};
        /// TOML beside [server]; the domains are example.org and example.net.
        std::string config{};
        unsigned shards = 2;
    };

    World() : World(Setup{}) {}
    explicit World(Setup setup);
    ~World();

    ManualClock& clock() { return clock_; }
    /// Its commits can be held, and made to fail.
    storage::MemoryStorage& storage() { return *storage_; }
    core::Core& core(unsigned shard) { return *shared_->cores[shard]; }
    /// The core on which this account or domain lives.
    core::Core& home_of(std::string_view bare_jid_or_domain);

    /// Creates an account. With an empty password it cannot log in by SASL, but costs no key
    /// derivation.
    void add_account(std::string_view bare_jid, std::string_view password = {});
    /// Binds a session (core/streams/bind_resource.h).
    /// `device`: the SASL2 user-agent id; empty: the resource. `at_once`: elements that the client
    /// sent together with the binding, so that nothing happens in between.
    Client& connect(std::string_view full_jid, std::string_view device = {},
                    std::vector<std::string> at_once = {});
    /// connect(), roster get (as clients do), initial presence; then forgets what was received.
    Client& log_in(std::string_view full_jid);
    /// Makes `contact` a listed item of that account's roster, as if agreed on before.
    void befriend(std::string_view bare_jid, std::string_view contact,
                  core::Subscription subscription = core::Subscription::both);

    /// Attaches a component configured as [component."DOMAIN"].
    FakeLink& attach_component(std::string_view domain);
    /// What went to other servers.
    FakeLink& remote() { return remote_; }
    /// A stanza arrives from another server or component (it has 'from' and 'to'), then settles.
    void arrive(std::string_view stanza);

    /// Runs `fn` on the home shard of `key` with the next settle().
    void post(std::string_view key, std::function<void(core::Core&)> fn);
    /// The same, and settles.
    void at(std::string_view key, std::function<void(core::Core&)> fn);
    /// The account, loaded if it was not. Stays loaded until it is evicted.
    core::Account& account(std::string_view bare_jid);
    /// Spawns a coroutine on the home shard of `key` and settles until it has ended.
    void run(std::string_view key, std::function<Task<>(core::Core&)> fn);
    /// The same on that shard.
    void run_on(unsigned shard, std::function<Task<>(core::Core&)> fn);

    /// Moves partitions to that shard (core/setup/partition_moves.h), and settles. False: some
    /// could not be released.
    bool move(const PartitionSet& partitions, unsigned to);
    /// Has them lost, and settles.
    void lose(const PartitionSet& partitions);

    /// Runs all shards until nothing is left to do: nothing ready, posted, loading, or undecided in
    /// storage.
    void settle();
    /// The same, but what storage has not decided (held commits) stays so.
    void run_shards();
    /// Runs all shards until `done` says so; throws after ten seconds of real time.
    void settle_until(const std::function<bool()>& done);
    /// Moves the clock, then settles.
    void advance(std::chrono::microseconds by);

    /// The server dies where it stands and starts again over what storage has. No Client is
    /// connected afterwards; who wants recovery calls it (core/accounts/hibernation_recovery.h).
    void crash_and_restart();
    /// The same in the middle of things: what waits for held commits is committed after the server
    /// died, so that it never learns of it.
    void crash_while_held();

private:
    void start();
    void stop();
    bool run_ready();
    bool quiet();
    void finish(const bool& ended, const std::exception_ptr& failure);

    Setup setup_;
    ManualClock clock_;
    std::unique_ptr<storage::MemoryStorage> storage_;
    std::deque<Client> clients_;  // their ports outlive the sessions
    FakeLink remote_;
    std::map<std::string, FakeLink, std::less<>> components_;
    std::exception_ptr failure_;  // thrown in a posted function
    std::shared_ptr<const Config> config_;
    core::Domains domains_;
    std::unique_ptr<core::ShardSet> shards_;
    std::unique_ptr<core::Shared> shared_;
};

}  // namespace clarion::test
