#include "server/core/setup/module.h"

#include <algorithm>
#include <set>

#include "server/core/options.h"
#include "server/core/setup/admin_as_command.h"
#include "server/core/setup/core.h"

namespace clarion::core {

ModuleSetup::ModuleSetup(Core& core, std::string_view name)
    : core_(core), bus_(core.bus()), slot_counts_(core.slot_counts()), name_(name) {
    std::set<std::string, std::less<>> off;
    for (const auto& host : core.domains().hosts()) {
        const auto& disabled = core.options<ModulesOptions>(host).disabled;
        if (std::find(disabled.begin(), disabled.end(), name) != disabled.end()) off.insert(host);
    }
    if (!off.empty())
        off_ = std::make_shared<const std::set<std::string, std::less<>>>(std::move(off));
}

Result<> declare_services(std::span<const ModuleRow> rows, const Config& config, Domains& domains) {
    const auto hosts = domains.hosts();
    for (const ModuleRow& row : rows) {
        if (!row.domains) continue;
        for (ServiceDomain& service : row.domains(config, hosts)) {
            const std::string domain = service.domain;
            if (!domains.add_service(std::move(service), row.name))
                return fail(error_code::config, "module " + std::string(row.name) +
                                                    ": the domain " + domain +
                                                    " is served otherwise already");
        }
    }
    return {};
}

Context& ModuleSetup::context() const { return core_; }

void ModuleSetup::serve(IqTarget target, StanzaType type, std::string_view ns,
                        std::string_view name, IqHandler handler, Relation audience) {
    add({target, type, std::string(ns), std::string(name), std::move(handler), {}, audience});
}

void ModuleSetup::serve_async(IqTarget target, StanzaType type, std::string_view ns,
                              std::string_view name, AsyncIqHandler handler, Relation audience) {
    add({target, type, std::string(ns), std::string(name), {}, std::move(handler), audience});
}

void ModuleSetup::serve_about(IqTarget target, StanzaType type, std::string_view ns,
                              std::string_view name,
                              std::function<bool(const xml::Element& payload)> about,
                              AsyncIqHandler handler, Relation audience) {
    IqTable::Entry entry{target,  type, std::string(ns), std::string(name), {}, std::move(handler),
                         audience};
    entry.about = std::move(about);
    add(std::move(entry));
}

void ModuleSetup::command(Command command) { core_.commands().add(std::move(command), off_); }

void ModuleSetup::serve_http(HttpRoute route) { core_.http_routes().add(std::move(route)); }

const CommandTable& ModuleSetup::commands() const { return core_.commands(); }

void ModuleSetup::add(IqTable::Entry entry) {
    entry.off = off_;
    entry.module = whose(entry.target);
    entry.by = name_;
    core_.iqs().add(std::move(entry));
}

void ModuleSetup::serve_stream(std::string_view ns, std::string_view name, StreamHandler handler) {
    add(ns, name, std::move(handler), StreamPhase::bind);
}

void ModuleSetup::serve_before_login(std::string_view ns, std::string_view name,
                                     StreamHandler handler) {
    add(ns, name, std::move(handler), StreamPhase::login);
}

void ModuleSetup::serve_too_early(std::string_view ns, std::string_view name,
                                  StreamHandler handler) {
    add(ns, name, std::move(handler), StreamPhase::any);
}

void ModuleSetup::add(std::string_view ns, std::string_view name, StreamHandler handler,
                      StreamPhase phase) {
    core_.stream_handlers().push_back(
        {std::string(ns), std::string(name), std::move(handler), off_, phase});
}

void ModuleSetup::feature(IqTarget target, std::string_view var, std::string_view needs) {
    core_.features().add(target, var, off_, whose(target), needs);
}

void ModuleSetup::serve_domain(std::string domain, ServicePort& port) {
    core_.links().attach_service(std::move(domain), &port);
}

ResidentSpace ModuleSetup::resident_data(std::size_t bound) {
    if (bound != 0) core_.bounded_modules().push_back(name_);
    return {core_, name_, bound};
}

StoredSpace ModuleSetup::stored_data(DataQuota quota) { return {core_, name_, quota}; }

void install_module(Core& core, const ModuleRow& row) {
    ModuleSetup setup(core, row.name);
    row.install(setup);
    for (const auto& area : row.admin_areas) offer_to_clients(setup, area());
}

void ModuleSetup::keep(std::shared_ptr<void> state) { core_.keep(std::move(state)); }

std::vector<std::string> ModuleSetup::services() const {
    std::vector<std::string> mine;
    for (const ServiceDomain& service : core_.domains().services())
        if (service.module == name_) mine.push_back(service.domain);
    return mine;
}

void ModuleSetup::leave_out(const std::function<bool(const ServiceDomain&)>& leaves) {
    std::set<std::string, std::less<>> off;
    if (off_) off = *off_;
    for (const ServiceDomain& service : core_.domains().services())
        if (leaves(service)) off.insert(service.domain);
    if (!off.empty())
        off_ = std::make_shared<const std::set<std::string, std::less<>>>(std::move(off));
}

std::string_view ModuleSetup::whose(IqTarget target) const {
    const bool of_service = target == IqTarget::service || target == IqTarget::actor;
    return of_service && !services().empty() ? name_ : std::string_view();
}

}  // namespace clarion::core
