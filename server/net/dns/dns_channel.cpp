#include "server/net/dns/dns_channel.h"

#include <ares.h>
#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <netdb.h>

#include <algorithm>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <limits>
#include <unordered_map>

#include "base/log.h"
#include "server/core/options.h"
#include "server/runtime/shard.h"

namespace clarion::net {

namespace asio = boost::asio;

namespace {

constexpr Logger logger{"dns"};
constexpr int tries = 2;

Error error_of(int status, std::string_view name) {
    const std::string about = ": " + std::string(name);
    switch (status) {
        case ARES_ENOTFOUND:
        case ARES_ENODATA:
        case ARES_EBADNAME:
        case ARES_ENONAME: return fail(error_code::not_found, "no such name" + about);
        case ARES_ETIMEOUT:
        case ARES_ECONNREFUSED: return fail("dns-timeout", "no name server answers" + about);
        default: return fail("dns-failure", std::string(ares_strerror(status)) + about);
    }
}

/// One question: whoever waits for it and c-ares share it, either may be done with it first.
struct Question {
    explicit Question(asio::any_io_executor on) : done(on) {
        done.expires_at(asio::steady_timer::time_point::max());
    }
    void answer(int with) {
        status = with;
        answered = true;
        done.cancel();
    }
    asio::steady_timer done;  // never expires: the condition "answered"
    bool answered = false;
    int status = ARES_ECANCELLED;
    std::vector<unsigned char> raw;
    DnsAddresses addresses;
};
using QuestionPtr = std::shared_ptr<Question>;

Task<> answer_to(QuestionPtr question) {
    while (!question->answered) {
        boost::system::error_code ignored;
        co_await question->done.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    }
}

/// Takes back the reference that was handed to c-ares as its argument.
QuestionPtr take(void* argument) {
    const std::unique_ptr<QuestionPtr> owned(static_cast<QuestionPtr*>(argument));
    return std::move(*owned);
}

void on_raw(void* argument, int status, int, unsigned char* bytes, int size) {
    const QuestionPtr question = take(argument);
    if (status == ARES_SUCCESS) question->raw.assign(bytes, bytes + size);
    question->answer(status);
}

std::string text_of(const sockaddr* address) {
    char text[INET6_ADDRSTRLEN] = "";
    const void* bits =
        address->sa_family == AF_INET
            ? static_cast<const void*>(&reinterpret_cast<const sockaddr_in*>(address)->sin_addr)
            : &reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr;
    inet_ntop(address->sa_family, bits, text, sizeof text);
    return text;
}

void on_addresses(void* argument, int status, int, ares_addrinfo* found) {
    const QuestionPtr question = take(argument);
    int ttl = std::numeric_limits<int>::max();
    for (auto* node = found ? found->nodes : nullptr; node; node = node->ai_next) {
        question->addresses.addresses.push_back(text_of(node->ai_addr));
        ttl = std::min(ttl, node->ai_ttl);
    }
    question->addresses.ttl = static_cast<std::uint32_t>(std::max(ttl, 0));
    if (found) ares_freeaddrinfo(found);
    const bool none = status == ARES_SUCCESS && question->addresses.addresses.empty();
    question->answer(none ? ARES_ENODATA : status);
}

void initialise_library() {
    static const int status = ares_library_init(ARES_LIB_INIT_ALL);
    if (status != ARES_SUCCESS) logger.error("library", {{"error", ares_strerror(status)}});
}

}  // namespace

struct DnsChannel::Impl {
    /// A socket of c-ares as the loop sees it.
    struct Watch {
        Watch(Impl& of, asio::any_io_executor on, int fd) : impl(&of), descriptor(on, fd) {}
        Impl* impl;  // nullptr: c-ares closed it
        asio::posix::stream_descriptor descriptor;
        bool wants_read = false, wants_write = false;
        bool reading = false, writing = false;
    };
    using WatchPtr = std::shared_ptr<Watch>;

    Impl(core::Shard& on, const core::DnsOptions& options) : shard(on) { open(options); }
    ~Impl();
    Impl(const Impl&) = delete;

    void open(const core::DnsOptions& options);
    void socket_state(int fd, bool readable, bool writable);
    static void arm(const WatchPtr& watch);
    void ready(int read_fd, int write_fd);
    void schedule();

    core::Shard& shard;
    ares_channel channel = nullptr;
    std::unordered_map<int, WatchPtr> watches;
    core::TimerId timer{};
};

DnsChannel::Impl::~Impl() {
    shard.cancel(timer);
    if (channel) ares_destroy(channel);
}

void DnsChannel::Impl::open(const core::DnsOptions& options) {
    initialise_library();
    ares_options settings{};
    // The second try waits twice as long as the first: together they take what is configured.
    settings.timeout = static_cast<int>(std::max<std::int64_t>(options.timeout.count() / 3, 50));
    settings.tries = tries;
    settings.ndomains = 0;  // never append the machine's own domain
    settings.sock_state_cb = [](void* self, ares_socket_t fd, int readable, int writable) {
        static_cast<Impl*>(self)->socket_state(fd, readable != 0, writable != 0);
    };
    settings.sock_state_cb_data = this;
    const int mask =
        ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_DOMAINS | ARES_OPT_SOCK_STATE_CB;
    int status = ares_init_options(&channel, &settings, mask);
    if (status != ARES_SUCCESS) {
        logger.error("not-started", {{"error", ares_strerror(status)}});
        channel = nullptr;
        return;
    }
    if (options.servers.empty()) return;
    std::string list;
    for (const std::string& server : options.servers) list += (list.empty() ? "" : ",") + server;
    status = ares_set_servers_ports_csv(channel, list.c_str());
    if (status != ARES_SUCCESS)
        logger.error("servers", {{"servers", list}, {"error", ares_strerror(status)}});
}

void DnsChannel::Impl::socket_state(int fd, bool readable, bool writable) {
    auto found = watches.find(fd);
    if (!readable && !writable) {
        if (found == watches.end()) return;
        found->second->impl = nullptr;
        found->second->descriptor.release();  // c-ares closes it
        watches.erase(found);
        return;
    }
    if (found == watches.end()) {
        found = watches.emplace(fd, std::make_shared<Watch>(*this, shard.executor(), fd)).first;
    }
    found->second->wants_read = readable;
    found->second->wants_write = writable;
    arm(found->second);
}

void DnsChannel::Impl::arm(const WatchPtr& watch) {
    using Wait = asio::posix::stream_descriptor;
    if (watch->wants_read && !std::exchange(watch->reading, true)) {
        watch->descriptor.async_wait(Wait::wait_read, [watch](boost::system::error_code error) {
            watch->reading = false;
            if (error || !watch->impl) return;
            watch->impl->ready(watch->descriptor.native_handle(), ARES_SOCKET_BAD);
            if (watch->impl) arm(watch);
        });
    }
    if (watch->wants_write && !std::exchange(watch->writing, true)) {
        watch->descriptor.async_wait(Wait::wait_write, [watch](boost::system::error_code error) {
            watch->writing = false;
            if (error || !watch->impl) return;
            watch->impl->ready(ARES_SOCKET_BAD, watch->descriptor.native_handle());
            if (watch->impl) arm(watch);
        });
    }
}

void DnsChannel::Impl::ready(int read_fd, int write_fd) {
    ares_process_fd(channel, read_fd, write_fd);
    schedule();
}

void DnsChannel::Impl::schedule() {
    shard.cancel(timer);
    timer = core::TimerId::none;
    timeval left{};
    if (!ares_timeout(channel, nullptr, &left)) return;  // nothing is being asked
    const Duration delay = std::chrono::milliseconds(left.tv_sec * 1000 + left.tv_usec / 1000 + 1);
    timer = shard.after(delay, [this] {
        timer = core::TimerId::none;
        ready(ARES_SOCKET_BAD, ARES_SOCKET_BAD);
    });
}

DnsChannel::DnsChannel(core::Shard& shard, const core::DnsOptions& options)
    : impl_(std::make_shared<Impl>(shard, options)) {}
DnsChannel::~DnsChannel() = default;

Task<Result<std::vector<unsigned char>>> DnsChannel::srv(std::string name) {
    if (!impl_->channel) co_return fail("dns-failure", "the resolver could not be started");
    auto question = std::make_shared<Question>(impl_->shard.executor());
    ares_query(impl_->channel, name.c_str(), ns_c_in, ns_t_srv, on_raw, new QuestionPtr(question));
    impl_->schedule();
    co_await answer_to(question);
    if (question->status != ARES_SUCCESS) co_return error_of(question->status, name);
    co_return std::move(question->raw);
}

Result<> check_name_server(const std::string& server) {
    initialise_library();
    ares_channel channel = nullptr;
    int status = ares_init(&channel);
    if (status != ARES_SUCCESS) return {};  // that says nothing of the server
    // A list of them would be taken, and an empty one means those of the machine.
    status = server.find_first_of(", ") != std::string::npos || server.empty()
                 ? ARES_EBADSTR
                 : ares_set_servers_ports_csv(channel, server.c_str());
    ares_destroy(channel);
    if (status == ARES_SUCCESS) return {};
    return fail(error_code::config, ares_strerror(status));
}

Task<Result<DnsAddresses>> DnsChannel::addresses(std::string host) {
    if (!impl_->channel) co_return fail("dns-failure", "the resolver could not be started");
    auto question = std::make_shared<Question>(impl_->shard.executor());
    ares_addrinfo_hints hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    ares_getaddrinfo(impl_->channel, host.c_str(), nullptr, &hints, on_addresses,
                     new QuestionPtr(question));
    impl_->schedule();
    co_await answer_to(question);
    if (question->status != ARES_SUCCESS) co_return error_of(question->status, host);
    co_return std::move(question->addresses);
}

}  // namespace clarion::net
