// The part of the self check that asks the machine: addresses, ports, directories, whether there is
// a database.
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <optional>
#include <set>

#include "base/free_space.h"
#include "base/text.h"
#include "modules/http_upload/options.h"
#include "server/app/data_directory.h"
#include "server/app/self_check.h"
#include "server/core/options.h"
#include "server/net/dns/dns_channel.h"
#include "server/net/listener.h"
#include "server/net/transport/socket_address.h"
#include "storage/storage_tools.h"

namespace clarion::app {

namespace fs = std::filesystem;
using Weight = Finding::Weight;

namespace {

// ---- Ports -------------------------------------------------------------------------------------

struct Place {
    std::string path;  // listen[0]
    net::ListenOptions options;
    net::SocketAddress address;
};

/// Whether a socket at `a` keeps another from `b`: "::" takes IPv4 too.
bool overlap(const net::SocketAddress& a, const net::SocketAddress& b) {
    const std::string one = a.ip(), other = b.ip();
    if (a.port() != b.port()) return false;
    if (one == other || one == "::" || other == "::") return true;
    const auto is_v4 = [](const std::string& ip) { return ip.find(':') == std::string::npos; };
    return is_v4(one) && is_v4(other) && (one == "0.0.0.0" || other == "0.0.0.0");
}

std::uint16_t port_of(const net::ListenOptions& options) {
    if (options.port != 0) return static_cast<std::uint16_t>(options.port);
    const auto type = net::find_listener_type(options.type);
    return type ? (*type)->usual_port : std::uint16_t{0};
}

/// Whether the machine has this address: a port of the system's choice can be had there.
Result<> has_address(const std::string& address) {
    net::ListenOptions any;
    any.address = address;
    const auto port = net::open_port(any, 1, true);
    return port ? Result<>() : Result<>(port.error());
}

std::string said(const Place& place) { return "[[listen]] type = \"" + place.options.type + "\""; }

void check_port(const Config& config, const Place& place, const std::vector<Place>& before,
                bool ports, Findings& findings) {
    for (const Place& other : before) {
        if (!overlap(place.address, other.address)) continue;
        const int line = config.line_of(other.path);
        return findings.add(Weight::fatal, place.path + ".port",
                            said(place) + ": " + place.address.text() +
                                " is taken by the one in line " + std::to_string(line) + " (" +
                                other.address.text() + ")");
    }
    if (const auto has = has_address(place.options.address); !has)
        return findings.add(Weight::fatal, place.path + ".address",
                            said(place) + ": " + has.error().text +
                                ". Expected an address of this machine, or \"::\" for all");
    if (!ports) return;
    if (const auto free = net::open_port(place.options, 0); !free)
        findings.add(Weight::fatal, place.path + ".port", said(place) + ": " + free.error().text);
}

void check_listeners(const Config& config, bool ports, Findings& findings) {
    const auto& all = config.list<net::ListenOptions>();
    if (all.empty())
        findings.add(Weight::fatal, "listen",
                     "there is no [[listen]] table, so nobody can connect. Expected for clients: "
                     "[[listen]] type = \"c2s\", for other servers: [[listen]] type = \"s2s\"");
    std::vector<Place> before;
    for (std::size_t i = 0; i < all.size(); ++i) {
        const std::string path = "listen[" + std::to_string(i) + "]";
        const auto address = net::SocketAddress::parse(all[i].address, port_of(all[i]));
        if (!address) {
            findings.add(Weight::fatal, path + ".address",
                         "[[listen]] address: " + address.error().text);
            continue;
        }
        const Place place{path, all[i], *address};
        check_port(config, place, before, ports, findings);
        before.push_back(place);
    }
}

void check_source_address(const Config& config, const std::string& host, Findings& findings) {
    const std::string& address = config.get<core::S2sOptions>(host).bind_address;
    if (address.empty()) return;
    std::string path = "s2s.bind_address";
    if (const std::string own = "host." + quote(host) + "." + path; config.line_of(own) > 0)
        path = own;
    else if (!host.empty())
        return;  // said already
    if (const auto parsed = net::SocketAddress::parse(address, 0); !parsed)
        findings.add(Weight::fatal, path, "s2s.bind_address: " + parsed.error().text);
    else if (const auto has = has_address(address); !has)
        findings.add(
            Weight::wrong, path,
            "s2s.bind_address: " + has.error().text + ". Expected an address of this machine");
}

// ---- Directories -------------------------------------------------------------------------------

/// Makes a directory as far as it is not there; takes that back when it dies.
class TriedDirectory {
public:
    explicit TriedDirectory(const fs::path& directory) { make(directory); }
    ~TriedDirectory() {
        for (auto made = made_.rbegin(); made != made_.rend(); ++made) ::rmdir(made->c_str());
    }
    TriedDirectory(const TriedDirectory&) = delete;
    TriedDirectory& operator=(const TriedDirectory&) = delete;
    /// Why it cannot be.
    const std::optional<std::string>& problem() const { return problem_; }

private:
    void make(const fs::path& directory) {
        struct stat status {};
        if (directory.empty()) return;
        if (::stat(directory.c_str(), &status) == 0) {
            if (!S_ISDIR(status.st_mode)) problem_ = directory.string() + " is not a directory";
            return;
        }
        if (errno == ENOENT) make(directory.parent_path());
        if (problem_) return;
        if (::mkdir(directory.c_str(), 0700) == 0)
            made_.push_back(directory.string());
        else
            problem_ = "cannot make " + directory.string() + ": " + std::strerror(errno);
    }

    std::vector<std::string> made_;
    std::optional<std::string> problem_;
};

fs::path whole(const std::string& path) {
    auto result = fs::absolute(path).lexically_normal();
    return result.has_filename() ? result : result.parent_path();  // without a slash at its end
}

std::optional<std::string> why_not_writable(const fs::path& directory) {
    std::string probe = (directory / ".check-XXXXXX").string();
    const int fd = ::mkstemp(probe.data());
    if (fd < 0) return "cannot write to " + directory.string() + ": " + std::strerror(errno);
    ::close(fd);
    ::unlink(probe.c_str());
    return std::nullopt;
}

void check_directories(const Config& config, Findings& findings) {
    const auto& options = config.get<core::ServerOptions>();
    const TriedDirectory data(whole(options.data_dir));
    const auto problem =
        data.problem() ? data.problem() : why_not_writable(whole(options.data_dir));
    if (problem) findings.add(Weight::fatal, "server.data_dir", "server.data_dir: " + *problem);

    const auto add = [&](const std::string& text) {
        findings.add(Weight::fatal, "server.admin_socket", "server.admin_socket: " + text);
    };
    const fs::path socket = whole(options.admin_socket);
    constexpr std::size_t longest = 107;
    struct stat status {};
    if (options.admin_socket.size() > longest)
        return add(options.admin_socket + " is too long for a Unix socket, which takes " +
                   std::to_string(longest) + " bytes at most");
    if (::lstat(socket.c_str(), &status) == 0 && !S_ISSOCK(status.st_mode))
        return add(socket.string() + " is there already and is not a socket");
    const fs::path parent = socket.parent_path();
    if (problem && parent == whole(options.data_dir)) return;  // said already
    if (::stat(parent.c_str(), &status) != 0)
        return add("cannot be made, as there is no directory " + parent.string());
    if (const auto why = why_not_writable(parent)) add(*why);
}

/// Where files of uploads are to be: each directory once.
void check_upload_directories(const Config& config, Findings& findings) {
    std::set<std::string> seen;
    const auto look = [&](const http_upload::UploadOptions& options, const std::string& path) {
        // Below data_dir it is as that is. Files of an external server are kept there.
        if (options.directory.empty() || options.is_external()) return;
        if (!seen.insert(options.directory).second) return;
        const fs::path directory = whole(options.directory);
        const TriedDirectory tried(directory);
        const auto problem = tried.problem() ? tried.problem() : why_not_writable(directory);
        if (problem) findings.add(Weight::wrong, path, path + ": " + *problem);
    };
    look(config.get<http_upload::UploadOptions>(), "upload.directory");
    for (const auto& host : config.hosts())
        look(config.get<http_upload::UploadOptions>(host),
             "host." + quote(host) + ".upload.directory");
    for (const auto& [name, options] : config.named<http_upload::ServiceOptions>())
        look(options, "upload." + quote(name) + ".directory");
}

/// What cannot be a name server; otherwise those of the machine would be asked instead.
void check_name_servers(const Config& config, Findings& findings) {
    for (const std::string& server : config.get<core::DnsOptions>().servers)
        if (const auto possible = net::check_name_server(server); !possible)
            findings.add(
                Weight::fatal, "dns.servers",
                "dns.servers: \"" + server + "\" is no name server. Expected an IP " +
                    "address, with \":PORT\" behind it if that is not 53: \"192.0.2.1\", " +
                    "\"192.0.2.1:5353\", \"[2001:db8::1]:5353\"");
}

/// A full disk refuses whatever is to be kept, and says so to those who send it alone.
void check_free_space(const Config& config, Findings& findings) {
    constexpr std::uint64_t next_to_nothing = 1 << 20;
    const std::string& directory = config.get<core::ServerOptions>().data_dir;
    const auto wanted = config.get<core::StorageOptions>().free_space_warning;
    const auto free = free_bytes(directory);
    if (!free || *free >= static_cast<std::uint64_t>(wanted)) return;
    findings.add(*free < next_to_nothing ? Weight::wrong : Weight::soon, "server.data_dir",
                 "server.data_dir: the disk of " + directory + " has " + std::to_string(*free) +
                     " bytes left. Expected at least " + std::to_string(wanted) +
                     " ([storage] free_space_warning)");
}

// ---- The first start ---------------------------------------------------------------------------

/// Asked once, while no server has been talked to yet: later it would cut some off.
void check_first_start(const Config& config, Findings& findings) {
    const auto tools = storage::storage_tools(storage_config(config));
    if (!tools || (*tools)->has_data()) return;
    const auto& listeners = config.list<net::ListenOptions>();
    const bool federates = std::any_of(listeners.begin(), listeners.end(), [](const auto& one) {
        return one.type == "s2s" || one.type == "s2s-tls";
    });
    const std::string option = "s2s.require_valid_certificate";
    bool chosen = config.line_of(option) > 0;
    for (const auto& host : config.hosts())
        chosen = chosen || config.line_of("host." + quote(host) + "." + option) > 0;
    if (!federates || chosen) return;
    findings.add(Weight::soon, option,
                 option +
                     " is not set: servers without a valid certificate are taken if their DNS "
                     "vouches for them (dialback), so whoever can forge DNS answers can speak "
                     "for them. Expected true, which leaves out servers that have no valid "
                     "certificate, or false, which says that this is meant");
}

}  // namespace

void check_machine(const Config& config, PortsOf ports, Findings& findings) {
    check_listeners(config, ports == PortsOf::nobody, findings);
    check_source_address(config, {}, findings);
    for (const auto& host : config.hosts()) check_source_address(config, host, findings);
    check_directories(config, findings);
    check_upload_directories(config, findings);
    check_free_space(config, findings);
    check_name_servers(config, findings);
    // The database is open in this process: a reload is no first start.
    if (ports != PortsOf::this_server) check_first_start(config, findings);
}

}  // namespace clarion::app
