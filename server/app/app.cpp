#include "server/app/app.h"

#include <malloc.h>
#include <unistd.h>

#include <algorithm>
#include <future>
#include <ostream>
#include <thread>

#include "base/log.h"
#include "base/metrics.h"
#include "base/text.h"
#include "modules/all.h"
#include "server/app/admin_commands.h"
#include "server/app/admin_server.h"
#include "server/app/console/console.h"
#include "server/app/data_directory.h"
#include "server/app/dropped_lines.h"
#include "server/app/log_tail_options.h"
#include "server/app/metric_history.h"
#include "server/app/open_files.h"
#include "server/app/self_check.h"
#include "server/app/service_manager.h"
#include "server/app/session_count.h"
#include "server/app/tracing.h"
#include "server/app/web_status.h"
#include "server/core/accounts/hibernation_recovery.h"
#include "server/core/events/server_events.h"
#include "server/core/http/web_page.h"
#include "server/core/options.h"
#include "server/core/setup/module_order.h"
#include "server/core/setup/partition_moves.h"
#include "server/net/listener.h"
#include "server/net/proxy65/bytestream_relay.h"
#include "server/net/s2s/s2s_domains.h"
#include "server/net/shard_net.h"
#include "server/net/transport/tls_context.h"
#include "server/net/transport/tls_memory.h"

namespace clarion::app {

namespace {

constexpr Logger logger{"server"};
constexpr Duration drain_limit = std::chrono::seconds(10);
/// At the end peers have this long to take what is left for them and to close too. All that must
/// not be lost is stored by then.
constexpr Duration farewell_limit = std::chrono::seconds(1);
/// Each account is looked at once in this time, whether it is idle.
constexpr Duration evict_interval = std::chrono::seconds(5);
/// That is done in so many slices.
constexpr std::size_t evict_slices = 20;

/// Off for every domain; a module that is off for some sees to that itself (core::ModuleSetup).
bool is_disabled(const Config& config, const core::Domains& domains, std::string_view module) {
    return std::all_of(domains.hosts().begin(), domains.hosts().end(),
                       [&](const std::string& host) {
                           const auto& names = config.get<core::ModulesOptions>(host).disabled;
                           return std::find(names.begin(), names.end(), module) != names.end();
                       });
}

void tell(bool serious, std::string_view event, const std::string& text) {
    if (serious)
        logger.error(event, {{"text", OwnText{text}}});
    else
        logger.warning(event, {{"text", OwnText{text}}});
}

/// What the self check found: told in the log; an error if the server must not run so.
Result<> tell(const Findings& findings) {
    for (const Finding& finding : findings.sorted())
        if (finding.weight != Finding::Weight::fatal)
            tell(finding.weight == Finding::Weight::wrong, "configuration", findings.said(finding));
    if (findings.has(Finding::Weight::fatal)) return fail(error_code::config, findings.text(true));
    return {};
}

/// Ends the stay in memory of idle accounts and other actors, as long as the shard runs. What many
/// of them leave free goes back to the system: the allocator by itself keeps it.
Task<> evict(core::Core& core) {
    constexpr std::uint64_t many = 200;
    std::uint64_t trimmed = 0;
    while (!core.stopping()) {
        co_await core.shard().sleep(evict_interval / evict_slices);
        std::uint64_t evicted = 0;
        for (core::ActorTable* directory : core.directories()) {
            directory->evict_slice(core.options<core::ServerOptions>().account_idle_time,
                                   evict_slices);
            evicted += directory->evicted();
        }
        if (evicted - trimmed < many) continue;
        trimmed = evicted;
        co_await core.shard().offload([] { ::malloc_trim(0); });
    }
}

/// Each of them is told of all.
template <class Peer>
void introduce(const std::vector<std::unique_ptr<Peer>>& by_shard) {
    std::vector<Peer*> all;
    for (const auto& each : by_shard) all.push_back(each.get());
    for (const auto& each : by_shard) each->set_peers(all);
}

void put_clock_mark(core::Context& context) {
    context.storage().put_clock_mark(context.shard().batch(), mark_system_clock());
}

}  // namespace

OptionRegistry all_options() {
    OptionRegistry registry;
    core::declare_options(registry);
    net::declare_options(registry);
    registry.add<CertificateWatchOptions>();
    registry.add<MetricsOptions>();
    registry.add<ConsoleOptions>();
    registry.add<LogTailOptions>();
    for (const auto& row : modules::all())
        if (row.declare_options) row.declare_options(registry);
    return registry;
}

App::App(std::shared_ptr<const Config> config)
    : config_(std::move(config)), registry_(all_options()) {
    keep_log_tail(*config_);
    net::count_tls_memory();  // nothing has used OpenSSL yet
}

App::~App() {
    // A start that failed half-way comes here without stop().
    if (shards_) shards_->stop();
    if (storage_) storage_->stop();
    if (shards_) shards_->discard();  // while what the coroutines refer to is there
    admin_.reset();
    tracing_.reset();
    relays_.clear();
    s2s_.clear();
    nets_.clear();
    if (shared_) shared_->cores.clear();
    shards_.reset();
    if (lock_ >= 0) ::close(lock_);
}

Result<> App::start() {
    started_ = system_clock().steady();
    history_ = std::make_unique<MetricHistory>(MetricHistory::usual_figures(), started_);
    if (auto ours = check_not_in_use(config_->get<core::ServerOptions>().data_dir); !ours)
        return ours;
    Findings findings(*config_);
    check_configuration(*config_, system_clock().wall(), findings);
    check_machine(*config_, PortsOf::nobody, findings);
    if (auto possible = tell(findings); !possible) return possible;
    raise_open_files_limit();
    if (auto opened = open_storage(); !opened) return opened;
    if (auto made = make_cores(); !made) return made;
    return listen();
}

Result<> App::open_storage() {
    const auto& options = config_->get<core::ServerOptions>();
    auto lock = lock_directory(options.data_dir);
    if (!lock) return lock.error();
    lock_ = *lock;
    auto storage = storage::open_storage(storage_config(*config_));
    if (!storage) return storage.error();
    storage_ = std::move(*storage);
    const auto mark = storage_->clock_mark();
    if (!mark) return mark.error();
    if (*mark) continue_lasting_time(**mark);
    return {};
}

Result<> App::make_cores() {
    for (auto& domain : served_domains(*config_)) domains_.add_host(std::move(domain));
    for (const auto& [name, options] : config_->named<core::ComponentOptions>())
        if (auto domain = prepare_domain(name)) domains_.add_component(std::move(*domain));
    if (auto served = core::declare_services(modules::all(), *config_, domains_); !served)
        return served;
    auto scram = storage_->installation_secret("scram", 32);
    auto dialback = storage_->installation_secret("dialback", 32);
    auto archive = storage_->installation_secret("archive", 32);
    for (const auto* secret : {&scram, &dialback, &archive})
        if (!*secret) return secret->error();
    const auto wanted = config_->get<core::ServerOptions>().shards;
    const auto count = static_cast<unsigned>(
        wanted > 0 ? wanted : std::max(1u, std::thread::hardware_concurrency()));
    shards_ = std::make_unique<core::ShardSet>(count, system_clock(), *storage_);
    shared_ = std::make_unique<core::Shared>(
        core::Shared{*shards_,
                     system_clock(),
                     *storage_,
                     domains_,
                     {std::move(*scram), std::move(*dialback), std::move(*archive)}});
    std::string files = file_state(*config_, domains_.hosts());
    auto tls = net::TlsContexts::load(*config_, domains_.hosts());
    if (!tls) return tls.error();
    const auto modules = core::install_order(modules::all());
    if (!modules) return modules.error();
    certificates_.set(*tls, std::move(files));
    admin_areas_ = std::make_unique<AdminAreas>(*this);
    console_ = std::make_unique<Console>(*this);
    for (unsigned i = 0; i < count; ++i) {
        shared_->cores.push_back(std::make_unique<core::Core>(*shared_, i, config_));
        core::Core& core = *shared_->cores.back();
        install_modules(core, *modules);
        serve_status(*this, core.http_routes());
        core::serve_page_assets(core.http_routes());
        console_->serve(core.http_routes());
        nets_.push_back(std::make_unique<net::ShardNet>(core));
        nets_.back()->set_tls(tls->contexts);
        s2s_.push_back(std::make_unique<net::RemoteDomains>(*nets_.back()));
        relays_.push_back(std::make_unique<net::BytestreamRelay>(*nets_.back()));
    }
    introduce(nets_);
    introduce(s2s_);
    introduce(relays_);
    return {};
}

void App::install_modules(core::Core& core, const std::vector<const core::ModuleRow*>& rows) {
    for (const auto* row : rows) {
        if (is_disabled(*config_, domains_, row->name)) continue;
        core::install_module(core, *row);
    }
    core.bus().on<events::StopOrdered>(events::StopOrdered::Stage::carry_out, "server",
                                       [this](const events::StopOrdered& event) {
                                           if (event.restart) restarts_ = true;
                                           request_stop();
                                       });
    if (core.shard().index() == 0 && log_level() == LogLevel::debug)
        for (const auto& line : core.bus().describe())
            logger.debug("event-order", {{"handler", line}});
}

Result<> App::listen() {
    for (const auto& options : config_->list<net::ListenOptions>()) {
        auto port = net::open_port(options, shards_->count());
        if (!port) return port.error();
        const bool is_v6 = options.address.find(':') != std::string::npos;
        const std::string address = is_v6 ? "[" + options.address + "]" : options.address;
        listening_.push_back(options.type + " " + address + ":" + std::to_string(port->port));
        for (unsigned i = 0; i < shards_->count(); ++i)
            if (auto ok = nets_[i]->listen(*port->type, std::move(port->sockets[i])); !ok)
                return ok;
        note_web_listener(options.type, port->port);
        logger.info("listening",
                    {{"type", options.type}, {"address", options.address}, {"port", port->port}});
    }
    for (const auto& core : shared_->cores) {  // before anything else happens there
        core::Core* const target = core.get();
        shards_->post(core->shard().index(), [this, target] {
            if (target->shard().index() == 0) {
                target->scope().spawn("certificates", watch_certificates(*target));
                target->scope().spawn("certificate-alarms", tell_certificate_alarms(*target));
                target->scope().spawn("clock-mark", keep_clock_mark(*target));
                target->scope().spawn("history", keep_history(*target));
            }
            target->scope().spawn("deadlines", core::watch_deadlines(*target));
            target->scope().spawn("put-away", evict(*target));
            core::acquire(*target, target->partitions(), false);
            target->bus().fire(events::ServerStarted{*target});
        });
    }
    shards_->start_threads();
    tracing_ = std::make_unique<Tracing>(*shared_);
    admin_ = std::make_unique<AdminServer>(*this);
    return admin_->start(config_->get<core::ServerOptions>().admin_socket);
}

/// What modules announce begins with the first listener for HTTPS; if there is none, for HTTP.
void App::note_web_listener(std::string_view type, std::uint16_t port) {
    if (type != "https" && type != "http") return;
    if (web_listener_ == type || web_listener_ == "https") return;
    web_listener_ = type;
    for (const auto& core : shared_->cores) core->http_routes().set_listener(web_listener_, port);
}

void App::run() {
    logger.info("ready", {{"domains", domains_.hosts().front()},
                          {"shards", shards_->count()},
                          {"modules", modules::all().size()}});
    ready_ = true;
    notify_service_manager("READY=1");
    while (signals_.wait() == Signals::Order::reload) {
        notify_service_manager("RELOADING=1");
        if (auto done = reload(); !done)
            logger.error("reload-failed", {{"text", done.error().text}});
        notify_service_manager("READY=1");
    }
    notify_service_manager(restarts_ ? "RELOADING=1" : "STOPPING=1");
    ready_ = false;
    logger.info("stopping");
    stop();
    logger.info("stopped");
}

void App::request_stop() { signals_.stop(); }

/// SIGHUP comes to the main thread, the administrator's command to a shard.
Result<App::Reload> App::reload() {
    const std::lock_guard lock(reloading_);
    auto fresh = load_config(registry_, config_->filename());
    if (!fresh) return fresh.error();
    Findings findings(**fresh);
    check_configuration(**fresh, system_clock().wall(), findings);
    check_machine(**fresh, PortsOf::this_server, findings);
    if (auto possible = tell(findings); !possible) return possible.error();
    const auto next = reloaded(registry_, *config_, **fresh);
    std::string files = file_state(*next, domains_.hosts());
    auto tls = net::TlsContexts::load(*next, domains_.hosts());
    if (!tls) return tls.error();
    Reload result;
    result.certificates = certificates_.set(*tls, std::move(files));
    for (const Finding& finding : findings.sorted())
        result.warnings.push_back(findings.said(finding));
    tell_of(result.certificates);
    for (auto& change : diff(*config_, **fresh))
        (change.live ? result.applied : result.need_restart).push_back(std::move(change));
    for (const auto& change : result.applied)
        logger.info("option-changed", {{"option", change.path}, {"now", change.after}});
    for (const auto& change : result.need_restart)
        logger.warning("needs-restart", {{"option", change.path}, {"now", change.after}});
    note_awaiting_restart(result.need_restart);
    config_ = next;
    if (auto level = parse_log_level(config_->get<core::LogOptions>().level)) set_log_level(*level);
    keep_log_tail(*config_);
    for (const auto& core : shared_->cores) {
        core::Core* const target = core.get();
        net::ShardNet* const net = nets_[core->shard().index()].get();
        shards_->post(core->shard().index(),
                      [target, net, config = config_, contexts = tls->contexts] {
                          target->set_config(config);
                          net->set_tls(contexts);
                          target->bus().fire(events::ConfigReloaded{*target});
                      });
    }
    return result;
}

void App::note_awaiting_restart(const std::vector<OptionChange>& changes) {
    const std::lock_guard lock(awaiting_);
    awaiting_restart_.clear();
    for (const OptionChange& change : changes) awaiting_restart_.push_back(change.path);
}

std::vector<std::string> App::awaiting_restart() const {
    const std::lock_guard lock(awaiting_);
    return awaiting_restart_;
}

/// Runs the task on each shard at the same time; returns when all have ended.
void App::on_every_shard(std::function<Task<>(core::Core&)> task) {
    struct Runner {
        static Task<> run(core::Core& core, std::function<Task<>(core::Core&)> what,
                          std::shared_ptr<std::promise<void>> done) {
            co_await what(core);
            done->set_value();
        }
    };
    std::vector<std::future<void>> waiting;
    for (const auto& core : shared_->cores) {
        auto done = std::make_shared<std::promise<void>>();
        waiting.push_back(done->get_future());
        core::Core* const target = core.get();
        shards_->post(core->shard().index(), [target, task, done] {
            target->scope().spawn("stop", Runner::run(*target, task, done));
        });
    }
    for (auto& future : waiting) future.wait_for(drain_limit + std::chrono::seconds(5));
}

void App::stop() {
    struct Steps {
        static Task<> quieten(core::Core& core, net::ShardNet& net) {
            core.set_stopping();
            net.stop_accepting();
            net.stop_reading();
            co_await core.shard().committed();
        }
        static Task<> close(core::Core& core, net::ShardNet& net) {
            co_await core::hibernate_everybody(core);
            if (core.shard().index() == 0) put_clock_mark(core);
            net.close_all(StreamErrorCondition::system_shutdown);
            co_await net.joined(farewell_limit);
            co_await core.shard().committed();
        }
    };
    admin_->stop();
    on_every_shard(
        [this](core::Core& core) { return Steps::quieten(core, *nets_[core.shard().index()]); });
    on_every_shard(
        [this](core::Core& core) { return Steps::close(core, *nets_[core.shard().index()]); });
    shards_->stop();
    storage_->stop();
}

/// How far time has come, for the next start. An hour of it may be lost if the machine dies, and
/// only if the clock was set in that hour.
Task<> App::keep_clock_mark(core::Context& context) {
    while (!context.stopping()) {
        put_clock_mark(context);
        co_await context.shard().sleep(std::chrono::hours(1));
    }
}

/// A value of each figure a minute.
Task<> App::keep_history(core::Context& context) {
    while (!context.stopping()) {
        const SteadyTime now = context.clock().steady();
        const SteadyTime next = std::max(history_->next_sample(), now);
        co_await context.shard().sleep(std::chrono::duration_cast<Duration>(next - now));
        co_await measure_sessions(*this);
        count_dropped_lines();
        history_->sample(metrics(), context.clock().steady(), context.clock().wall());
    }
}

Result<> check(const Config& config, std::ostream& out) {
    const bool running = !check_not_in_use(config.get<core::ServerOptions>().data_dir);
    Findings findings(config);
    check_configuration(config, system_clock().wall(), findings);
    check_machine(config, running ? PortsOf::another_server : PortsOf::nobody, findings);
    for (const Finding& finding : findings.sorted())
        if (finding.weight == Finding::Weight::soon) out << findings.said(finding) << '\n';
    const std::string wrong = findings.text(false);
    if (wrong.empty()) {
        const auto warnings = findings.count(Finding::Weight::soon);
        out << "the configuration is good" << (warnings == 0 ? "" : ", but see the warnings above")
            << '\n';
    }
    const Result<> database = check_database(config, out);
    if (wrong.empty()) return database;
    return fail(error_code::config, wrong + (database ? "" : "\n" + database.error().text));
}

}  // namespace clarion::app
