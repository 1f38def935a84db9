#include "tools/bench/crowd.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace clarion::bench {

Result<Endpoint> resolve(const std::string& host, std::uint16_t port) {
    addrinfo hints{};
    hints.ai_family = AF_INET;
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    const int error = ::getaddrinfo(host.c_str(), nullptr, &hints, &found);
    if (error != 0) return fail("host", host + ": " + ::gai_strerror(error));
    const auto address = reinterpret_cast<const sockaddr_in*>(found->ai_addr)->sin_addr.s_addr;
    ::freeaddrinfo(found);
    return Endpoint{.address = address, .port = port};
}

Crowd::Crowd(const Settings& settings, Loop& loop)
    : settings_(settings), loop_(loop), shared_{settings, loop, {}, {}, this} {}

Endpoint Crowd::endpoint_of(std::size_t index) const {
    Endpoint endpoint = endpoint_;
    const auto sources = settings_.target.source_addresses;
    if (sources > 1)
        endpoint.source = htonl(INADDR_LOOPBACK + static_cast<std::uint32_t>(index % sources));
    return endpoint;
}

Result<void> Crowd::log_in(std::size_t count,
                           const std::function<Client::Wishes(std::size_t)>& wishes) {
    if (auto done = admit(count, wishes, 0); !done) return done;
    if (failed_ > 0) return fail("login", first_failure_);
    return {};
}

Result<void> Crowd::resume(std::size_t count,
                           const std::function<Client::Wishes(std::size_t)>& wishes) {
    return admit(count, wishes, count);
}

Result<void> Crowd::admit(std::size_t count,
                          const std::function<Client::Wishes(std::size_t)>& wishes,
                          std::size_t failures_allowed) {
    const auto endpoint = resolve(settings_.target.host, settings_.target.port);
    if (!endpoint) return endpoint.error();
    endpoint_ = *endpoint;
    const auto begin = now_ns();
    const auto first = clients_.size();
    const auto more = [&] {
        return clients_.size() < first + count && failed_ <= failures_allowed;
    };
    while (more() || pending_ + closing_ > 0) {
        while (pending_ + closing_ < settings_.crowd.parallel_logins && more()) {
            const auto index = clients_.size();
            clients_.push_back(std::make_unique<Client>(shared_, index));
            ++pending_;
            clients_.back()->start(endpoint_of(index), wishes ? wishes(index) : Client::Wishes{});
        }
        loop_.run_once(std::chrono::milliseconds(20));
        give_up_on_slow(first);
    }
    login_seconds_ += static_cast<double>(now_ns() - begin) / 1e9;
    return {};
}

void Crowd::give_up_on_slow(std::size_t first) {
    const auto limit = static_cast<std::int64_t>(settings_.crowd.login_timeout * 1e9);
    const auto now = now_ns();
    if (now - slow_checked_ns_ < 1'000'000'000) return;
    slow_checked_ns_ = now;
    for (auto i = first; i < clients_.size(); ++i) {
        Client& client = *clients_[i];
        if (client.is_ready() || client.is_closed() || now - client.started_ns() < limit) continue;
        client.give_up("no answer from the server in time");
    }
}

void Crowd::close(Client& client) {
    ++closing_;
    client.close();
}

void Crowd::log_out() {
    for (auto& client : clients_) {
        if (client->is_ready()) close(*client);
    }
    while (closing_ > 0) {
        loop_.run_once(std::chrono::milliseconds(20));
        give_up_on_slow(0);
    }
}

void Crowd::tell(Report& report) const {
    report.add("login_total_seconds", login_seconds_, 2);
    report.add("logins_per_second", static_cast<double>(logins_.count()) / login_seconds_);
    report.add("login", logins_);
    for (const auto& client : clients_) {
        if (client->refused().empty()) continue;
        report.add("refused_by_server", client->refused());
        break;
    }
    if (lost_ == 0) return;
    report.add("connections_lost", static_cast<double>(lost_));
    report.add("first_lost", first_failure_);
}

void Crowd::on_client_ready(Client& client) {
    --pending_;
    logins_.add(now_ns() - client.started_ns());
    if (ready_sink_) ready_sink_(client);
}

void Crowd::on_client_lost(Client& client, During during, std::string_view reason) {
    if (first_failure_.empty()) {
        first_failure_ = account_jid(settings_, client.index()) + " " + std::string(reason);
    }
    if (during == During::login) --pending_;
    if (during == During::closing) --closing_;
    ++(during == During::login ? failed_ : lost_);
}

void Crowd::on_client_closed(Client&) { --closing_; }

void Crowd::on_stanza(Client& client, std::string_view stanza) {
    if (sink_) sink_(client, stanza);
}

void Crowd::on_ack(Client&, std::int64_t nanoseconds) { acks_.add(nanoseconds); }

}  // namespace clarion::bench
