#include "server/app/self_check.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <set>
#include <utility>

#include "base/text.h"
#include "modules/all.h"
#include "modules/http_upload/options.h"
#include "modules/muc/muc_options.h"
#include "modules/proxy65.h"
#include "modules/pubsub/domain/service_options.h"
#include "modules/web_files.h"
#include "proto/jid.h"
#include "server/app/certificates.h"
#include "server/core/administrator_options.h"
#include "server/core/options.h"
#include "server/net/listener.h"
#include "server/net/transport/tls_context.h"

namespace clarion::app {

using Weight = Finding::Weight;

// ---- Findings ----------------------------------------------------------------------------------

void Findings::add(Weight weight, std::string_view path, std::string text) {
    int line = config_.line_of(path);
    for (std::size_t end = path.rfind('.'); line == 0 && end != std::string_view::npos;
         end = path.substr(0, end).rfind('.'))
        line = config_.line_of(path.substr(0, end));
    all_.push_back({weight, line, std::move(text)});
}

std::vector<Finding> Findings::sorted() const {
    auto result = all_;
    std::stable_sort(result.begin(), result.end(),
                     [](const Finding& a, const Finding& b) { return a.line < b.line; });
    return result;
}

std::size_t Findings::count(Weight weight) const {
    return static_cast<std::size_t>(
        std::count_if(all_.begin(), all_.end(),
                      [weight](const Finding& finding) { return finding.weight == weight; }));
}

bool Findings::has(Weight weight) const { return count(weight) > 0; }

std::string Findings::said(const Finding& finding) const {
    const std::string line = finding.line > 0 ? ":" + std::to_string(finding.line) : "";
    const std::string kind = finding.weight == Weight::soon ? "warning: " : "";
    return config_.filename() + line + ": " + kind + finding.text;
}

std::string Findings::text(bool fatal_only) const {
    std::string result;
    for (const Finding& finding : sorted()) {
        if (finding.weight == Weight::soon) continue;
        if (fatal_only && finding.weight != Weight::fatal) continue;
        result += (result.empty() ? "" : "\n") + said(finding);
    }
    return result;
}

// ---- The rules ---------------------------------------------------------------------------------

namespace {

/// Where the option that applies to a domain is set, or would be.
std::string path_for(const Config& config, const std::string& host, const std::string& option) {
    const std::string own = "host." + quote(host) + "." + option;
    return config.line_of(own) > 0 ? own : option;
}

std::string joined(const std::vector<std::string>& words) {
    std::string result;
    for (const auto& word : words) result += (result.empty() ? "" : ", ") + word;
    return result;
}

std::string nearest_module(std::string_view name) {
    const auto rows = modules::all();
    const auto best = std::min_element(rows.begin(), rows.end(), [&](const auto& a, const auto& b) {
        return edit_distance(a.name, name) < edit_distance(b.name, name);
    });
    return std::string(best->name);
}

void check_module_names(const Config& config, const std::string& host, Findings& findings) {
    const auto rows = modules::all();
    for (const auto& name : config.get<core::ModulesOptions>(host).disabled)
        if (std::none_of(rows.begin(), rows.end(),
                         [&](const auto& row) { return row.name == name; }))
            findings.add(Weight::fatal, path_for(config, host, "modules.disabled"),
                         "modules.disabled: there is no module \"" + name +
                             "\"; the nearest is \"" + nearest_module(name) + "\"");
}

void check_domains(const Config& config, Findings& findings) {
    std::set<std::string> seen;
    for (const auto& name : config.get<core::ServerOptions>().domains) {
        const auto domain = prepare_domain(name);
        if (!domain)
            findings.add(Weight::fatal, "server.domains",
                         "server.domains: \"" + name + "\": " + domain.error().text);
        else if (!seen.insert(*domain).second)
            findings.add(Weight::wrong, "server.domains",
                         "server.domains: " + *domain + " stands there twice");
    }
    if (config.get<core::ServerOptions>().domains.empty())
        findings.add(Weight::fatal, "server.domains",
                     "server.domains: at least one domain is needed");
    check_module_names(config, {}, findings);
    for (const auto& host : config.hosts()) {
        if (!seen.contains(host))
            findings.add(Weight::fatal, "host." + quote(host),
                         "[host." + quote(host) +
                             "]: server.domains does not have this domain, but " +
                             joined({seen.begin(), seen.end()}));
        else
            check_module_names(config, host, findings);
    }
}

/// Who is to administer the server is somebody here: others could not prove who they are.
void check_administrators(const Config& config, const std::vector<std::string>& names,
                          const std::string& path, Findings& findings) {
    const auto hosts = served_domains(config);
    for (const auto& name : names) {
        const auto jid = Jid::parse(name);
        if (!jid || !jid->has_local() || jid->is_full())
            findings.add(Weight::wrong, path,
                         path + ": \"" + name + "\" is no account. Expected \"name@" +
                             (hosts.empty() ? "domain" : hosts.front()) + "\"");
        else if (std::find(hosts.begin(), hosts.end(), jid->domain()) == hosts.end())
            findings.add(Weight::soon, path,
                         path + ": " + name + " has no account here, so it administers nothing");
    }
}

void check_administrators(const Config& config, Findings& findings) {
    check_administrators(config, config.get<core::ServerAdministrators>().admins, "server.admins",
                         findings);
    const std::string option = "administration.admins";
    const auto& everywhere = config.get<core::HostAdministrators>().admins;
    check_administrators(config, everywhere, option, findings);
    for (const auto& host : config.hosts()) {
        const std::string path = path_for(config, host, option);
        if (path != option)
            check_administrators(config, config.get<core::HostAdministrators>(host).admins, path,
                                 findings);
    }
}

bool listens(const Config& config, std::string_view type) {
    const auto& all = config.list<net::ListenOptions>();
    return std::any_of(all.begin(), all.end(), [&](const auto& each) { return each.type == type; });
}

void check_components(const Config& config, Findings& findings) {
    const auto hosts = served_domains(config);
    const auto& components = config.named<core::ComponentOptions>();
    for (const auto& [name, options] : components) {
        const std::string path = "component." + quote(name);
        const auto domain = prepare_domain(name);
        if (!domain)
            findings.add(Weight::fatal, path, "[" + path + "]: " + domain.error().text);
        else if (std::find(hosts.begin(), hosts.end(), *domain) != hosts.end())
            findings.add(Weight::fatal, path,
                         "[" + path +
                             "]: this is a domain of [server]; a component needs one of "
                             "its own");
        if (options.secret.empty())
            findings.add(Weight::fatal, path + ".secret",
                         "[" + path + "] secret: it is empty, so anybody could attach");
    }
    if (!components.empty() && !listens(config, "component"))
        findings.add(Weight::soon, "component",
                     "there are components, but nothing to attach to. Expected [[listen]] type = "
                     "\"component\"");
}

/// Whether what a section is named for is a domain.
template <class Options>
void check_names(const Config& config, std::string_view section, Findings& findings) {
    for (const auto& [name, options] : config.named<Options>()) {
        const auto domain = prepare_domain(name);
        if (domain) continue;
        const std::string path = std::string(section) + "." + quote(name);
        findings.add(Weight::fatal, path, "[" + path + "]: " + domain.error().text);
    }
}

/// Domains that modules serve.
void check_services(const Config& config, Findings& findings) {
    check_names<muc::MucOptions>(config, "muc", findings);
    check_names<pubsub::ServiceOptions>(config, "pubsub", findings);
    check_names<proxy65::ProxyOptions>(config, "proxy65", findings);
    check_names<http_upload::ServiceOptions>(config, "upload", findings);
}

/// Services to which files are uploaded.
void check_uploads(const Config& config, Findings& findings) {
    if (listens(config, "https") || listens(config, "http")) return;
    for (const auto& [name, options] : config.named<http_upload::ServiceOptions>()) {
        if (options.is_external()) continue;
        const std::string path = "upload." + quote(name);
        findings.add(Weight::wrong, path,
                     "[" + path +
                         "]: nothing listens to which files could be uploaded. Expected "
                         "[[listen]] type = \"https\" or \"http\"");
    }
}

/// Proxies for bytestreams.
void check_proxies(const Config& config, Findings& findings) {
    const auto& proxies = config.named<proxy65::ProxyOptions>();
    const bool listening = listens(config, "proxy65");
    if (!proxies.empty() && !listening)
        findings.add(Weight::wrong, "proxy65." + quote(proxies.begin()->first),
                     "there is a proxy for bytestreams, but nothing to connect to. Expected "
                     "[[listen]] type = \"proxy65\"");
    if (proxies.empty() && listening)
        findings.add(Weight::soon, "listen",
                     "[[listen]] type = \"proxy65\": there is no proxy that would have a stream "
                     "activated. Expected [proxy65.\"proxy.DOMAIN\"]");
}

/// What browsers and certificate authorities are to be given.
void check_web_files(const Config& config, Findings& findings) {
    std::set<std::string> seen;
    for (const auto& host : served_domains(config)) {
        const auto& options = config.get<web_files::WebOptions>(host);
        for (const auto& [option, path] : {std::pair("web.directory", options.directory),
                                           std::pair("web.acme_directory", options.acme_directory),
                                           std::pair("web.security_txt", options.security_txt)})
            if (!path.empty() && ::access(path.c_str(), R_OK) != 0 && seen.insert(path).second)
                findings.add(Weight::wrong, path_for(config, host, option),
                             std::string(option) + ": " + path + ": " + std::strerror(errno));
    }
}

// ---- Encryption --------------------------------------------------------------------------------

/// [[listen]] type = "c2s-tls", or a port that demands STARTTLS, for domains without certificate.
void check_encryption(const Config& config, Findings& findings) {
    for (const net::ListenerType& type : net::listener_types()) {
        if (!type.needs_certificate || !listens(config, type.name)) continue;
        std::vector<std::string> without;
        for (const auto& host : served_domains(config))
            if (config.get<core::TlsOptions>(host).certificate.empty() &&
                type.needs_certificate(config, host))
                without.push_back(host);
        if (without.empty()) continue;
        const std::string option(type.encryption_option);
        const std::string why =
            option.empty() ? "[[listen]] type = \"" + std::string(type.name) + "\" needs one"
                           : option + " is on";
        const std::string other = option.empty() ? "" : ", or " + option + " = false";
        findings.add(Weight::wrong, "tls.certificate",
                     "[tls] certificate: there is none for " + joined(without) + ", and " + why +
                         ": " + std::string(type.without_certificate) +
                         ". Expected [tls] certificate and private_key" + other);
    }
}

bool is_read_by_all(const std::string& file) {
    struct stat status {};
    return ::stat(file.c_str(), &status) == 0 && (status.st_mode & S_IROTH) != 0;
}

void check_key_files(const Config& config, Findings& findings) {
    std::set<std::string> seen;
    for (const auto& host : served_domains(config)) {
        const std::string& key = config.get<core::TlsOptions>(host).private_key;
        if (key.empty() || !seen.insert(key).second || !is_read_by_all(key)) continue;
        findings.add(Weight::soon, path_for(config, host, "tls.private_key"),
                     "private key " + key + ": every user of this machine may read it; chmod 600");
    }
}

/// What other servers see who ask for a component.
void check_component_names(const Config& config, const net::TlsContexts& contexts,
                           Findings& findings) {
    if (!listens(config, "s2s") && !listens(config, "s2s-tls")) return;
    const auto hosts = served_domains(config);
    if (hosts.empty() || !contexts.has_certificate(hosts.front())) return;
    for (const auto& [name, options] : config.named<core::ComponentOptions>())
        if (const auto domain = prepare_domain(name); domain && !contexts.is_made_out_to(*domain))
            findings.add(Weight::soon, "component." + quote(name),
                         "the certificate of " + hosts.front() + " is not made out to " + *domain +
                             ": servers that check certificates do not talk to this component. "
                             "Expected a certificate that names it too, or *.DOMAIN");
}

void check_certificates(const Config& config, WallTime now, Findings& findings) {
    const auto loaded = net::TlsContexts::inspect(config, served_domains(config));
    for (const auto& problem : loaded.problems)
        findings.add(Weight::fatal, path_for(config, problem.domain, "tls." + problem.option),
                     problem.text);
    for (const auto& certificate : loaded.certificates) {
        const auto& options = config.get<core::TlsOptions>(certificate.domain);
        if (const auto alarm = judge(certificate, now, options.expiry_warning))
            findings.add(alarm->serious ? Weight::wrong : Weight::soon,
                         path_for(config, certificate.domain, "tls.certificate"),
                         alarm->what + ". " + alarm->next);
    }
    check_key_files(config, findings);
    if (loaded.problems.empty()) check_component_names(config, *loaded.contexts, findings);
}

}  // namespace

std::vector<std::string> served_domains(const Config& config) {
    std::vector<std::string> result;
    for (const auto& name : config.get<core::ServerOptions>().domains) {
        auto domain = prepare_domain(name);
        if (domain && std::find(result.begin(), result.end(), *domain) == result.end())
            result.push_back(std::move(*domain));
    }
    return result;
}

void check_configuration(const Config& config, WallTime now, Findings& findings) {
    check_domains(config, findings);
    check_administrators(config, findings);
    check_components(config, findings);
    check_services(config, findings);
    check_served_domains(config, findings);
    check_uploads(config, findings);
    check_proxies(config, findings);
    check_web_files(config, findings);
    check_encryption(config, findings);
    check_certificates(config, now, findings);
}

}  // namespace clarion::app
