// Wire: a World whose shards listen on real ports, and clients that talk to them byte by byte.
// Time is the World's: sweeps and timeouts happen when the test moves the clock.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "server/core/setup/partition_moves.h"
#include "server/net/listener.h"
#include "server/net/shard_net.h"
#include "server/net/transport/socket_address.h"
#include "tests/support/world.h"
#include "tests/unit/net/net_options.h"

namespace clarion::test {

class Wire {
public:
    explicit Wire(std::string config = {}, std::shared_ptr<const net::TlsContexts> tls = {})
        : world({.modules = {net_options()}, .config = std::move(config)}) {
        for (unsigned i = 0; i < shards; ++i) {
            nets.push_back(std::make_unique<net::ShardNet>(world.core(i)));
            nets.back()->set_tls(tls);
        }
        std::vector<net::ShardNet*> peers;
        for (const auto& net : nets) peers.push_back(net.get());
        for (const auto& net : nets) net->set_peers(peers);
    }
    ~Wire() { stop(); }

    /// Opens a port of this type on every shard; with `shard`, connections all go to that one.
    std::uint16_t listen(const std::string& type, int shard = -1) {
        net::ListenOptions options;
        options.type = type;
        options.address = "127.0.0.1";
        auto open = net::open_port(options, shard < 0 ? shards : 1, true);
        if (!open) throw std::runtime_error(open.error().text);
        for (std::size_t i = 0; i < open->sockets.size(); ++i) {
            const std::size_t at = shard < 0 ? i : static_cast<std::size_t>(shard);
            if (!nets[at]->listen(*open->type, std::move(open->sockets[i]))) {
                throw std::runtime_error("listen");
            }
        }
        return open->port;
    }

    /// Runs the shards until `done`; throws after ten seconds.
    void run_until(const std::function<bool()>& done) {
        const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(10);
        while (!done()) {
            for (unsigned i = 0; i < shards; ++i) world.core(i).shard().run_ready();
            if (std::chrono::steady_clock::now() > limit) throw std::runtime_error("timed out");
        }
    }
    /// Runs the shards until they have done what the sockets brought. (World::settle() would wait
    /// for ever: with sweeps there is always a timer.)
    void settle() {
        int idle = 0;
        run_until([this, &idle] {
            bool quiet = true;
            for (unsigned i = 0; i < shards; ++i) quiet &= world.core(i).shard().quiet();
            idle = quiet ? idle + 1 : 0;
            return idle > 20;
        });
    }
    void advance(std::chrono::seconds by) {
        world.clock().advance(by);
        settle();
    }

    /// Moves the partition of an account to the other shard.
    bool move(std::string_view bare_jid) {
        core::Core& home = world.home_of(bare_jid);
        const unsigned to = 1 - home.shard().index();
        PartitionSet set;
        set.add(partition_of(bare_jid));
        std::optional<bool> moved;
        home.shards().post(home.shard().index(), [&home, set, to, &moved] {
            home.scope().spawn("move", move_to(home, set, to, moved));
        });
        run_until([&moved] { return moved.has_value(); });
        return *moved;
    }

    std::size_t connections() const {
        std::size_t all = 0;
        for (const auto& net : nets) all += net->connections();
        return all;
    }

    void stop() {
        for (const auto& net : nets) net->close_all(StreamErrorCondition::system_shutdown);
        for (int i = 0; i < 10 && connections() > 0; ++i) advance(std::chrono::seconds(1));
        for (unsigned i = 0; i < shards; ++i) {
            net::ShardNet* const mine = nets[i].get();
            bool joined = false;
            world.core(i).scope().spawn("join", join(mine, joined));
            run_until([&joined] { return joined; });
        }
    }

    static constexpr unsigned shards = 2;
    World world;
    std::vector<std::unique_ptr<net::ShardNet>> nets;

private:
    static Task<> move_to(core::Core& core, PartitionSet set, unsigned to,
                          std::optional<bool>& moved) {
        const auto done = co_await core::move_partitions(core, set, to);
        moved = done.ok();
    }
    static Task<> join(net::ShardNet* net, bool& joined) {
        co_await net->joined(std::chrono::seconds(5));
        joined = true;
    }
};

/// A peer on a real socket.
class WireClient {
public:
    /// `from`: its own address, some 127.x.y.z.
    WireClient(Wire& wire, std::uint16_t port, const char* from = "127.0.0.1") : wire_(wire) {
        const auto own = net::SocketAddress::parse(from, 0);
        const auto address = net::SocketAddress::parse("127.0.0.1", port);
        fd_ = FileDescriptor(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        const auto raw = [](const net::SocketAddress& of) {
            return reinterpret_cast<const sockaddr*>(of.storage.data());
        };
        if (::bind(fd_.get(), raw(*own), own->size) != 0) throw std::runtime_error("bind");
        if (::connect(fd_.get(), raw(*address), address->size) != 0)
            throw std::runtime_error("connect");
    }

    void send(std::string_view text) {
        if (::send(fd_.get(), text.data(), text.size(), MSG_NOSIGNAL) < 0) broken_ = true;
    }
    /// As much as the kernel takes now; how much that was.
    std::size_t send_some(std::string_view text) {
        const auto n = ::send(fd_.get(), text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        return n < 0 ? 0 : static_cast<std::size_t>(n);
    }
    /// Runs the server until `text` has arrived; returns what came up to and with it.
    std::string expect(std::string_view text) {
        wire_.run_until([&] {
            receive();
            return ended_ || received.find(text) != std::string::npos;
        });
        const std::size_t at = received.find(text);
        if (at == std::string::npos) throw std::runtime_error("instead came: " + received);
        std::string result = received.substr(0, at + text.size());
        received.erase(0, at + text.size());
        return result;
    }
    std::string ask(std::string_view text, std::string_view answer) {
        send(text);
        return expect(answer);
    }
    /// Runs the server until it has closed.
    void expect_end() {
        wire_.run_until([&] {
            receive();
            return ended_;
        });
    }
    bool ended() {
        receive();
        return ended_;
    }
    void close() { fd_.reset(); }
    int fd() const { return fd_.get(); }

    static constexpr std::string_view header =
        "<?xml version='1.0'?><stream:stream xmlns='jabber:client' to='example.org' version='1.0' "
        "xmlns:stream='http://etherx.jabber.org/streams'>";

    static std::string plain(const std::string& user, const std::string& password) {
        return "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>" +
               base64_encode(std::string(1, '\0') + user + std::string(1, '\0') + password) +
               "</auth>";
    }
    /// Without a session.
    void authenticate(const std::string& user) {
        ask(header, "</stream:features>");
        ask(plain(user, "secret"), "<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>");
    }
    void log_in(const std::string& user, const std::string& resource = "r") {
        authenticate(user);
        ask(header, "</stream:features>");
        ask("<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>" +
                resource + "</resource></bind></iq>",
            "</iq>");
    }

    std::string received;

private:
    void receive() {
        char buffer[65536];
        for (;;) {
            const auto n = ::recv(fd_.get(), buffer, sizeof buffer, MSG_DONTWAIT);
            if (n == 0 || (n < 0 && errno != EAGAIN)) ended_ = true;
            if (n <= 0) return;
            received.append(buffer, static_cast<std::size_t>(n));
        }
    }

    Wire& wire_;
    FileDescriptor fd_;
    bool ended_ = false;
    bool broken_ = false;
};

inline constexpr const char* insecure =
    "[c2s]\nrequire_encryption = false\nallow_plain_without_encryption = true\n"
    "[auth]\nscram_iterations = 4096\n";

}  // namespace clarion::test
