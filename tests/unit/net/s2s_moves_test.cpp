// Remote domains that move to another shard, or are lost (docs/design/003-homes.md).
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "server/core/setup/partition_moves.h"
#include "server/net/s2s/s2s_domains.h"
#include "server/net/shard_net.h"
#include "base/file_descriptor.h"
#include "server/net/transport/socket_address.h"
#include "tests/support/world.h"
#include "tests/unit/net/net_options.h"

using namespace clarion;
using namespace std::chrono_literals;
using clarion::test::FakeLink;
using clarion::test::World;

namespace {

constexpr const char* remote = "remote.example";

/// A UDP port that takes everything and never answers.
struct SilentPort {
    FileDescriptor socket{::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
    SilentPort() {
        const auto any = net::SocketAddress::parse("127.0.0.1", 0).value();
        REQUIRE(::bind(socket.get(), reinterpret_cast<const sockaddr*>(any.storage.data()),
                       any.size) == 0);
    }
    std::string address() const { return net::SocketAddress::local_of(socket.get()).text(); }
};

/// A World with the real S2S on two shards, and a name server that says nothing: what is for
/// another server waits.
struct Waiting {
    SilentPort dns;
    World world;
    FakeLink& senders = world.attach_component("gw.example.org");
    std::vector<std::unique_ptr<net::ShardNet>> nets;
    std::vector<std::unique_ptr<net::RemoteDomains>> domains;

    /// `dns_options`: more of [dns].
    explicit Waiting(const std::string& dns_options = {})
        : world({.modules = {clarion::test::net_options()},
                 .config = "[component.\"gw.example.org\"]\nsecret = \"x\"\n[dns]\nservers = [\"" +
                           dns.address() + "\"]\n" + dns_options,
                 .shards = 2}) {
        std::vector<net::ShardNet*> all_nets;
        std::vector<net::RemoteDomains*> all;
        for (unsigned i = 0; i < 2; ++i) {
            nets.push_back(std::make_unique<net::ShardNet>(world.core(i)));
            all_nets.push_back(nets.back().get());
        }
        for (const auto& net : nets) {
            net->set_peers(all_nets);
            domains.push_back(std::make_unique<net::RemoteDomains>(*net));
            all.push_back(domains.back().get());
        }
        for (const auto& each : domains) each->set_peers(all);
    }
    ~Waiting() {
        for (unsigned i = 0; i < 2; ++i)
            world.run_on(i, [this, i](core::Context&) -> Task<> {
                nets[i]->close_all(StreamErrorCondition::system_shutdown);
                co_await nets[i]->joined(1s);
            });
        domains.clear();
        nets.clear();
    }

    unsigned home() { return world.home_of(remote).shard().index(); }
    PartitionSet partitions() const {
        PartitionSet set;
        set.add(partition_of(remote));
        return set;
    }
    void say(int number) {
        const std::string text = std::to_string(number);
        world.arrive("<message from='x@gw.example.org' to='y@remote.example' type='chat' id='" +
                     text + "'><body>" + text + "</body></message>");
    }
    /// Stanzas that wait there.
    std::size_t waiting(unsigned shard) {
        std::size_t count = 0;
        for (const net::S2sLinkInfo& link : domains[shard]->list()) count += link.queued;
        return count;
    }
    /// Ids of what the spool has.
    std::string spooled() {
        std::string ids;
        world.run(remote, [&ids](core::Context& core) { return read_spool(core, ids); });
        return ids;
    }
    static Task<> read_spool(core::Context& core, std::string& ids) {
        const auto found =
            co_await core.storage().spool().read(remote, 0, {.count = 100, .bytes = SIZE_MAX});
        if (!found) co_return;
        for (const auto& stanza : *found)
            ids += xml::parse_element(stanza.xml, "jabber:client").root().attr("id");
    }
};

}  // namespace

TEST_CASE("what waits for a remote domain moves with it, and stays in the spool") {
    Waiting w;
    const unsigned from = w.home();
    for (int i = 1; i <= 3; ++i) w.say(i);
    CHECK(w.waiting(from) == 3);
    REQUIRE(w.world.move(w.partitions(), 1 - from));
    CHECK(w.home() == 1 - from);
    CHECK(w.waiting(from) == 0);
    CHECK(w.waiting(1 - from) == 3);
    w.say(4);
    CHECK(w.waiting(1 - from) == 4);
    CHECK(w.spooled() == "1234");
    CHECK(w.senders.pending() == 0);
    REQUIRE(w.world.move(w.partitions(), from));
    CHECK(w.waiting(from) == 4);
    CHECK(w.spooled() == "1234");
}

TEST_CASE(
    "what waits for a remote domain that is lost is in the spool, and its next home sends it") {
    Waiting w;
    const unsigned from = w.home();
    w.say(1);
    w.world.lose(w.partitions());
    CHECK(w.waiting(from) == 0);
    w.say(2);
    CHECK(w.waiting(0) + w.waiting(1) == 0);
    REQUIRE(w.world.move(w.partitions(), 1 - from));
    CHECK(w.waiting(1 - from) == 2);
    CHECK(w.spooled() == "12");
    CHECK(w.senders.pending() == 0);
}

TEST_CASE("a server is not looked for any longer than something waits for it") {
    Waiting w("timeout = 600\n");
    w.say(1);
    CHECK(w.waiting(w.home()) == 1);
    for (int i = 0; i < 65; ++i) w.world.advance(1s);
    CHECK(w.waiting(w.home()) == 0);
    CHECK(w.domains[w.home()]->list().empty());
    w.say(2);
    CHECK(w.waiting(w.home()) == 1);
}

TEST_CASE("one sender does not take all the memory for what waits, whatever domains it names") {
    Waiting w("[s2s]\nmax_queued_bytes_total = 1048576\n");
    const auto say = [&w](const std::string& from, int domain) {
        w.world.arrive("<message from='" + from + "@gw.example.org' to='y@d" +
                       std::to_string(domain) + ".example' type='chat' id='1'><body>" +
                       std::string(60000, 'x') + "</body></message>");
    };
    for (int i = 0; i < 16; ++i) say("x", i);
    const std::size_t mine = w.waiting(0) + w.waiting(1);
    CHECK(mine >= 4);
    REQUIRE(mine <= 8);  // a quarter of what each of the two shards may hold
    CHECK(w.senders.pending() == 16 - mine);
    CHECK(read_error(w.senders.pop()->root()).condition ==
          StanzaErrorCondition::resource_constraint);
    CHECK(w.domains[0]->list().size() + w.domains[1]->list().size() == mine);
    say("z", 100);
    CHECK(w.waiting(0) + w.waiting(1) == mine + 1);
}
