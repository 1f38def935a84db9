#include "tests/wire/s2s_world.h"

#include <netinet/in.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <future>
#include <stdexcept>

#include "proto/ns.h"
#include "server/core/events/s2s_events.h"
#include "server/core/setup/partition_moves.h"
#include "storage/memory/memory_storage.h"

extern char** environ;

namespace clarion::test {

namespace {

using namespace std::chrono_literals;

constexpr auto patience = 10s;

FileDescriptor bound_udp_socket() {
    FileDescriptor fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    const auto any = net::SocketAddress::parse("127.0.0.1", 0).value();
    if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(any.storage.data()), any.size) != 0) {
        throw std::runtime_error("no free port");
    }
    return fd;
}

/// A UDP port that was free a moment ago.
std::uint16_t free_port() { return net::SocketAddress::local_of(bound_udp_socket().get()).port(); }

/// Whether a name server answers there, asked once.
bool answers_dns(std::uint16_t port) {
    const FileDescriptor fd = bound_udp_socket();
    const auto to = net::SocketAddress::parse("127.0.0.1", port).value();
    const timeval limit{0, 200000};
    ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(to.storage.data()), to.size) != 0)
        return false;
    // "x.example", type A, class IN.
    constexpr char question[] = "\0\1\1\0\0\1\0\0\0\0\0\0\1x\7example\0\0\1\0\1";
    char answer[512];
    if (::send(fd.get(), question, sizeof question - 1, MSG_NOSIGNAL) < 0) return false;
    return ::recv(fd.get(), answer, sizeof answer, 0) > 0;
}

/// Shared with the shard's thread, which may still be inside set_value() when the waiter goes on.
template <class T>
using Promise = std::shared_ptr<std::promise<T>>;

template <class T>
Promise<T> promise() {
    return std::make_shared<std::promise<T>>();
}

template <class T>
T wait_for(const Promise<T>& promise) {
    auto future = promise->get_future();
    if (future.wait_for(patience) != std::future_status::ready)
        throw std::runtime_error("timed out");
    return future.get();
}

Task<> run_test(net::RemoteDomains& s2s, std::string domain, std::vector<core::RemoteStep>& steps,
                Promise<void> done) {
    co_await s2s.test(std::move(domain),
                      [&steps](const core::RemoteStep& step) { steps.push_back(step); }, {});
    done->set_value();
}

Task<> count_spooled(core::Context& core, std::string domain, Promise<std::size_t> count) {
    const Result<> ignored = co_await core.shard().committed();
    const auto found = co_await core.storage().spool().read(std::move(domain), 0,
                                                            {.count = 1000, .bytes = SIZE_MAX});
    count->set_value(found && ignored ? found->size() : 0);
}

Task<> join(net::ShardNet& net, Promise<void> done) {
    co_await net.joined(5s);
    // Nothing may be undecided when the shard goes: the storage's writer would tell it.
    const Result<> ignored = co_await net.context().shard().committed();
    (void)ignored;
    done->set_value();
}

}  // namespace

// ---- Server ------------------------------------------------------------------------------------

namespace {

/// The servers of a test are on loopback.
std::string with_private_addresses(std::string toml) {
    constexpr std::string_view section = "[s2s]\n", option = "allow_private_addresses = true\n";
    if (toml.find("allow_private_addresses") != toml.npos) return toml;
    if (const auto at = toml.find(section); at != toml.npos)
        return toml.insert(at + section.size(), option);
    return toml.append(section).append(option);
}

}  // namespace

Server::Server(std::string domain, std::string toml, const TemporaryDirectory& files,
               bool direct_tls, std::shared_ptr<storage::Storage> storage)
    : domain_(std::move(domain)),
      toml_(with_private_addresses(std::move(toml))),
      files_(files),
      direct_tls_(direct_tls),
      storage_(std::move(storage)) {
    if (!storage_) storage_ = storage::make_memory_storage();
    net::ListenOptions options;
    options.type = direct_tls ? "s2s-tls" : "s2s";
    options.address = "127.0.0.1";
    listening_ = std::make_unique<net::OpenPort>(net::open_port(options, 1, true).value());
    port_ = listening_->port;
}

Server::~Server() {
    if (shards_) stop();
}

void Server::start(const std::string& dns_server) {
    const std::string base = files_.path() + "/" + domain_;
    config_ = make_config("[server]\ndomains = [\"" + domain_ + "\"]\n[dns]\nservers = [\"" +
                          dns_server + "\"]\n[component.\"" + component() +
                          "\"]\nsecret = \"x\"\n" + "[tls]\ncertificate = \"" + base +
                          ".pem\"\nprivate_key = \"" + base + ".key.pem\"\n" + toml_);
    domains_.add_host(domain_);
    domains_.add_component(component());
    shards_ = std::make_unique<core::ShardSet>(1, system_clock(), *storage_);
    shared_ = std::make_unique<core::Shared>(core::Shared{
        *shards_, system_clock(), *storage_, domains_, {"scram", "dialback " + domain_, {}}});
    shared_->cores.push_back(std::make_unique<core::Core>(*shared_, 0, config_));
    core::Core& core = *shared_->cores.front();
    net_ = std::make_unique<net::ShardNet>(core);
    net_->set_peers({net_.get()});
    net_->set_tls(net::TlsContexts::load(*config_, {domain_}).value().contexts);
    s2s_ = std::make_unique<net::RemoteDomains>(*net_);
    s2s_->set_peers({s2s_.get()});
    core.links().attach_component(component(), this);
    using events::DomainReachable;
    core.bus().on<DomainReachable>(DomainReachable::Stage::react, "test",
                                   [this](const DomainReachable& event) {
                                       const std::lock_guard lock(mutex_);
                                       reached_.emplace_back(event.domain);
                                   });
    if (!net_->listen(*listening_->type, std::move(listening_->sockets.front())))
        throw std::runtime_error("listen");
    shards_->post(0, [&core] { core::acquire(core, core.partitions(), false); });
    shards_->start_threads();
}

void Server::stop() {
    const auto joined = promise<void>();
    on_shard([this, joined] {
        shared_->cores.front()->set_stopping();
        net_->stop_accepting();
        net_->stop_reading();
        net_->close_all(StreamErrorCondition::system_shutdown);
        net_->context().scope().spawn("join", join(*net_, joined));
    });
    wait_for(joined);
    shards_->stop();
    s2s_.reset();
    net_.reset();
    shared_->cores.clear();
    shards_.reset();
}

void Server::on_shard(std::function<void()> fn) {
    const auto done = promise<void>();
    shards_->post(0, [fn, done] {
        fn();
        done->set_value();
    });
    wait_for(done);
}

void Server::send(const std::string& xml) {
    auto stanza = Stanza::from_document(xml::parse_element(xml, ns::client));
    if (!stanza) throw std::runtime_error(stanza.error().text);
    on_shard([&] { net_->context().router().route(std::move(*stanza)); });
}

void Server::deliver(core::Envelope envelope) {
    const std::lock_guard lock(mutex_);
    inbox_.push_back({envelope.stanza, envelope.local_bounce});
    arrived_.notify_all();
}

Arrival Server::wait_for_arrival() {
    std::unique_lock lock(mutex_);
    if (!arrived_.wait_for(lock, patience, [this] { return !inbox_.empty(); })) {
        throw std::runtime_error("nothing arrived at " + domain_);
    }
    Arrival first = std::move(inbox_.front());
    inbox_.pop_front();
    return first;
}

std::size_t Server::arrivals() {
    const std::lock_guard lock(mutex_);
    return inbox_.size();
}

std::vector<std::string> Server::reached() {
    const std::lock_guard lock(mutex_);
    return reached_;
}

std::vector<net::S2sLinkInfo> Server::links() {
    std::vector<net::S2sLinkInfo> all;
    on_shard([&] { all = s2s_->list(); });
    return all;
}

core::RemoteReach Server::reach(const std::string& domain) {
    core::RemoteReach reach;
    on_shard([&] { reach = s2s_->reach(domain); });
    return reach;
}

void Server::wait_for_links(const std::function<bool(const std::vector<net::S2sLinkInfo>&)>& done) {
    const auto end = std::chrono::steady_clock::now() + patience;
    while (!done(links())) {
        if (std::chrono::steady_clock::now() > end)
            throw std::runtime_error("the links of " + domain_);
        std::this_thread::yield();
    }
}

std::vector<core::RemoteStep> Server::test(const std::string& domain) {
    std::vector<core::RemoteStep> steps;
    const auto done = promise<void>();
    on_shard([&] { net_->context().scope().spawn("test", run_test(*s2s_, domain, steps, done)); });
    wait_for(done);
    return steps;
}

std::size_t Server::spooled(const std::string& domain) {
    const auto count = promise<std::size_t>();
    on_shard([&] {
        net_->context().scope().spawn("spooled", count_spooled(net_->context(), domain, count));
    });
    return wait_for(count);
}

SilentPort::SilentPort() : socket_(bound_udp_socket()) {}

std::string SilentPort::address() const {
    return net::SocketAddress::local_of(socket_.get()).text();
}

// ---- S2sWorld ----------------------------------------------------------------------------------

Server& S2sWorld::add(std::string domain, std::string toml, bool direct_tls,
                      std::shared_ptr<storage::Storage> storage) {
    files_.make_certificate(domain, domain);
    servers_.push_back(std::make_unique<Server>(std::move(domain), std::move(toml), files_,
                                                direct_tls, std::move(storage)));
    return *servers_.back();
}

std::vector<std::string> S2sWorld::dnsmasq_arguments(std::uint16_t port) const {
    std::vector<std::string> arguments{"dnsmasq",
                                       "--keep-in-foreground",
                                       "--conf-file=/dev/null",
                                       "--no-resolv",
                                       "--no-hosts",
                                       "--pid-file",
                                       "--bind-interfaces",
                                       "--user=",
                                       "--local=/example/",
                                       "--listen-address=127.0.0.1",
                                       "--port=" + std::to_string(port)};
    for (const auto& server : servers_) {
        arguments.push_back("--host-record=xmpp." + server->domain() + ",127.0.0.1");
        const std::string service =
            server->direct_tls() ? "_xmpps-server._tcp." : "_xmpp-server._tcp.";
        for (const std::string& name : {server->domain(), server->component()}) {
            arguments.push_back("--srv-host=" + service + name + ",xmpp." + server->domain() + "," +
                                std::to_string(server->port()));
        }
    }
    arguments.insert(arguments.end(), dns_arguments_.begin(), dns_arguments_.end());
    return arguments;
}

/// Somebody else may take the port in between: then another one.
void S2sWorld::start_dns() {
    for (int attempt = 0; attempt < 20; ++attempt) {
        const std::uint16_t port = free_port();
        dns_server_ = "127.0.0.1:" + std::to_string(port);
        std::vector<std::string> arguments = dnsmasq_arguments(port);
        std::vector<char*> argv;
        for (std::string& argument : arguments) argv.push_back(argument.data());
        argv.push_back(nullptr);
        if (::posix_spawn(&dnsmasq_, "/usr/sbin/dnsmasq", nullptr, nullptr, argv.data(), environ) !=
            0)
            break;
        while (::waitpid(dnsmasq_, nullptr, WNOHANG) == 0) {
            if (answers_dns(port)) return;
        }
    }
    dnsmasq_ = -1;
    throw std::runtime_error("dnsmasq does not start: apt-get install dnsmasq-base");
}

void S2sWorld::start() {
    start_dns();
    for (const auto& server : servers_) server->start(dns_server_);
}

S2sWorld::~S2sWorld() {
    servers_.clear();
    if (dnsmasq_ <= 0) return;
    ::kill(dnsmasq_, SIGKILL);
    ::waitpid(dnsmasq_, nullptr, 0);
}

}  // namespace clarion::test
