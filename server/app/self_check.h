// SelfCheck: what is wrong with a configuration although each of its values is possible: by itself,
// compared with the certificates it names, and with the machine it is to run on.
//
// `clariond --check` and every start say the same words. All is found in one run. Main thread;
// blocks on the disk for moments.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/config.h"

namespace clarion::app {

struct Finding {
    enum class Weight {
        fatal,  // the server cannot run so, or must not
        wrong,  // it can, but somebody is left out: --check fails, a start says it and goes on
        soon,   // it works, and will bite
    };
    Weight weight;
    int line;  // 0: no line of the file is to blame
    std::string text;
};

class Findings {
public:
    explicit Findings(const Config& config) : config_(config) {}

    /// `path`: the option to blame (`tls.certificate`), or where it would stand; the line is that
    /// of the nearest table that is in the file.
    void add(Finding::Weight weight, std::string_view path, std::string text);
    /// In the order of the file.
    std::vector<Finding> sorted() const;
    bool has(Finding::Weight weight) const;
    std::size_t count(Finding::Weight weight) const;
    /// "FILE:LINE: what is wrong".
    std::string said(const Finding& finding) const;
    /// All but those of weight `soon` (or all that are fatal), one a line.
    std::string text(bool fatal_only) const;

private:
    const Config& config_;
    std::vector<Finding> all_;
};

/// The domains of [server], prepared, each once. What cannot be a domain is left out.
std::vector<std::string> served_domains(const Config& config);

/// The configuration by itself, and the certificates.
void check_configuration(const Config& config, WallTime now, Findings& findings);
/// Domains that would be served twice, as no start can serve them.
void check_served_domains(const Config& config, Findings& findings);

/// Whose the ports of a configuration may be. Only what nobody listens to yet must be free.
enum class PortsOf {
    nobody,          // no server runs with this data directory
    another_server,  // one runs, in another process
    this_server,     // this process is it
};
/// Addresses, ports and directories of this machine. Leaves no trace.
void check_machine(const Config& config, PortsOf ports, Findings& findings);

}  // namespace clarion::app
