// Crowd: all clients of a run. Logs them in, so many at a time, and passes on what they receive.
//
// Owner: the mode. Clients are numbered from 0; client i is account i of the run.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "tools/bench/client.h"
#include "tools/bench/histogram.h"
#include "tools/bench/report.h"

namespace clarion::bench {

class Crowd final : public ClientEvents {
public:
    using StanzaSink = std::function<void(Client&, std::string_view)>;

    Crowd(const Settings& settings, Loop& loop);

    /// Adds `count` clients and logs them in. An Error names the first that failed, and why.
    /// `wishes` says what client i asks for; may be empty.
    Result<void> log_in(std::size_t count,
                        const std::function<Client::Wishes(std::size_t)>& wishes = {});
    /// The same for sessions to be resumed, of which some may fail: see failed().
    Result<void> resume(std::size_t count,
                        const std::function<Client::Wishes(std::size_t)>& wishes);
    /// Client::close(): log_in() and log_out() wait for it.
    void close(Client& client);
    /// Ends all streams, and serves the loop until the server has, too.
    void log_out();

    Client& client(std::size_t index) { return *clients_[index]; }
    std::size_t size() const { return clients_.size(); }
    void on_stanzas(StanzaSink sink) { sink_ = std::move(sink); }
    /// Called with each client that has just become ready; it may be closed or cut.
    void on_ready(std::function<void(Client&)> sink) { ready_sink_ = std::move(sink); }
    /// Logins that failed, and the first reason.
    std::size_t failed() const { return failed_; }
    /// Connections that broke after their login.
    std::size_t lost() const { return lost_; }
    const std::string& first_failure() const { return first_failure_; }
    ScramKeys& scram_keys() { return shared_.keys; }
    Histogram& acks() { return acks_; }
    /// Seconds of all log_in() calls, time of single logins, what the server refused, connections
    /// that broke after their login.
    void tell(Report& report) const;

    void on_client_ready(Client& client) override;
    void on_client_lost(Client& client, During during, std::string_view reason) override;
    void on_client_closed(Client& client) override;
    void on_stanza(Client& client, std::string_view stanza) override;
    void on_ack(Client& client, std::int64_t nanoseconds) override;

private:
    Result<void> admit(std::size_t count, const std::function<Client::Wishes(std::size_t)>& wishes,
                       std::size_t failures_allowed);
    void give_up_on_slow(std::size_t first);
    Endpoint endpoint_of(std::size_t index) const;

    const Settings& settings_;
    Loop& loop_;
    Client::Shared shared_;
    Endpoint endpoint_;
    std::vector<std::unique_ptr<Client>> clients_;
    StanzaSink sink_;
    std::function<void(Client&)> ready_sink_;
    Histogram logins_;
    Histogram acks_;
    double login_seconds_ = 0;
    std::int64_t slow_checked_ns_ = 0;
    std::size_t pending_ = 0;
    std::size_t closing_ = 0;
    std::size_t failed_ = 0;
    std::size_t lost_ = 0;
    std::string first_failure_;
};

/// The IPv4 address of a host name or of an address in text; Error "host".
Result<Endpoint> resolve(const std::string& host, std::uint16_t port);

}  // namespace clarion::bench
