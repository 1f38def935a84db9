// Proxies for SOCKS5 bytestreams (XEP-0065): what two clients send each other, files for one, goes
// through this server where they cannot reach each other.
//
// Each [proxy65."DOMAIN"] is one. Who may use it learns from it the address to which both clients
// connect, and has a stream activated once they are there. This module answers these requests; the
// connections are net's (core::BytestreamPort).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/option.h"
#include "server/core/setup/module.h"

namespace clarion::proxy65 {

/// One [proxy65."DOMAIN"].
struct ProxyOptions {
    std::string access = "local";
    std::string host;       // empty: the domain
    std::int64_t port = 0;  // 0: that of the listener
    static void declare(OptionTable<ProxyOptions>& table);
};

void declare_options(OptionRegistry& registry);
std::vector<core::ServiceDomain> domains(const Config& config, std::span<const std::string> hosts);
void install(core::ModuleSetup& setup);

}  // namespace clarion::proxy65
