// App: the whole server: what is started, in which order, and stopped in reverse. The only class
// that names every part.
//
//     options, log -> data_dir lock -> storage -> shards and cores -> modules -> threads
//         -> recovery -> listeners, admin socket -> "ready"
//
// Stop: stop accepting -> stop reading -> drain -> last <a/>, hibernation records, spools -> commit
// -> close (docs/design/001-core.md).
#pragma once

#include <atomic>
#include <iosfwd>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/config.h"
#include "base/result.h"
#include "server/app/certificates.h"
#include "server/app/signals.h"
#include "server/core/setup/core.h"

namespace clarion::net {
class BytestreamRelay;
class RemoteDomains;
class ShardNet;
}  // namespace clarion::net

namespace clarion::core {
struct ModuleRow;
}

namespace clarion::app {

class AdminAreas;
class AdminServer;
class Console;
class MetricHistory;
class Tracing;

/// Every option of the server: core, net and all modules.
OptionRegistry all_options();

class App {
public:
    explicit App(std::shared_ptr<const Config> config);
    ~App();

    /// Errors: a sentence that names the file, port or directory at fault.
    Result<> start();
    /// Blocks until SIGTERM, SIGINT or request_stop(); handles SIGHUP. Then stops in order.
    void run();
    /// Any thread (clarionctl stop).
    void request_stop();
    /// Between "ready" and "stopping". Any thread.
    bool is_ready() const { return ready_; }
    /// Once it has stopped: whether it was to begin anew.
    bool restarts() const { return restarts_; }

    struct Reload {
        std::vector<OptionChange> applied;
        std::vector<OptionChange> need_restart;
        std::vector<net::CertificateInfo> certificates;  // loaded anew
        std::vector<std::string> warnings;               // "FILE:LINE: ..."
    };
    /// Reads the configuration file again and applies what can be applied live. Any thread: one
    /// waits for another that is at it.
    Result<Reload> reload();

    /// Options that the file had otherwise at the last reload than they are: they take a restart.
    /// Any thread.
    std::vector<std::string> awaiting_restart() const;

    const OptionRegistry& registry() const { return registry_; }
    /// That of shard 0, where what concerns the server as a whole is done.
    core::Context& context() { return *shared_->cores[0]; }
    net::RemoteDomains& s2s(unsigned shard) { return *s2s_[shard]; }
    Tracing& tracing() { return *tracing_; }
    /// On shard 0.
    const MetricHistory& history() const { return *history_; }
    const AdminAreas& admin_areas() const { return *admin_areas_; }
    net::ShardNet& net(unsigned shard) { return *nets_[shard]; }
    SteadyTime started() const { return started_; }
    /// What is wrong with the certificates in use, or soon will be. On the shard of that context.
    std::vector<CertificateAlarm> certificate_alarms(const core::Context& context) const;
    /// Where a listener of this type ended up ("127.0.0.1:5222"), for status and tests with port 0.
    const std::vector<std::string>& listening() const { return listening_; }

private:
    Result<> open_storage();
    Result<> make_cores();
    Result<> listen();
    void note_web_listener(std::string_view type, std::uint16_t port);
    void install_modules(core::Core& core, const std::vector<const core::ModuleRow*>& rows);
    void stop();
    void note_awaiting_restart(const std::vector<OptionChange>& changes);
    void on_every_shard(std::function<Task<>(core::Core&)> task);
    static void tell_of(const std::vector<net::CertificateInfo>& loaded);
    void renew_certificates();
    Task<> watch_certificates(core::Context& context);
    Task<> tell_certificate_alarms(core::Context& context);
    Task<> keep_clock_mark(core::Context& context);
    Task<> keep_history(core::Context& context);

    std::mutex reloading_;
    std::shared_ptr<const Config> config_;  // once there are threads: under reloading_
    mutable std::mutex awaiting_;
    std::vector<std::string> awaiting_restart_;  // under awaiting_
    OptionRegistry registry_;
    int lock_ = -1;
    std::unique_ptr<storage::Storage> storage_;
    core::Domains domains_;
    std::unique_ptr<core::ShardSet> shards_;
    std::unique_ptr<core::Shared> shared_;
    Certificates certificates_;
    std::vector<std::unique_ptr<net::ShardNet>> nets_;
    std::vector<std::unique_ptr<net::RemoteDomains>> s2s_;
    std::vector<std::unique_ptr<net::BytestreamRelay>> relays_;
    std::unique_ptr<MetricHistory> history_;  // shard 0's
    std::unique_ptr<Tracing> tracing_;
    std::unique_ptr<AdminAreas> admin_areas_;
    std::unique_ptr<Console> console_;
    std::unique_ptr<AdminServer> admin_;
    std::vector<std::string> listening_;
    std::string web_listener_;  // "https", "http": what modules announce; empty: none
    SteadyTime started_{};
    std::atomic<bool> ready_ = false;
    std::atomic<bool> restarts_ = false;
    Signals signals_;
};

/// --check: the configuration was read; it is compared with certificates and machine
/// (self_check.h), the database is looked at, nothing is changed. Says on `out` what is good and
/// what to think of. Errors: everything that is wrong, one "FILE:LINE: ..." a line.
Result<> check(const Config& config, std::ostream& out);

}  // namespace clarion::app
