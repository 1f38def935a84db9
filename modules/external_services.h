// External services (XEP-0215): where calls find STUN and TURN servers, and what lets a user in.
//
// The configuration lists them. A service lets its users in by a name and password that all share,
// or by ones that this server makes for each account and that hold for a time: the user name is
// EXPIRY:ADDRESS, the end of that time in seconds since 1970 and the account's bare address; the
// password is the HMAC-SHA1 of the user name under a secret that the service shares, as base64.
// coturn (use-auth-secret) and eturnal (secret) check them so.
//
// Only accounts of this server are told; whoever else asks is refused with forbidden. Without
// services there is nothing to ask.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/option.h"
#include "proto/xml.h"
#include "server/core/setup/module.h"

namespace clarion::external_services {

/// One [[external_service]].
struct ServiceOptions {
    std::string type;
    std::string host;
    std::int64_t port = 0;
    std::string transport = "udp";
    std::string name;
    std::string username;
    std::string password;
    std::string secret;
    Duration lifetime = std::chrono::hours(24);
    static void declare(OptionTable<ServiceOptions>& table);

    bool needs_credentials() const { return !secret.empty() || !username.empty(); }
};

struct Credentials {
    std::string username;
    std::string password;
    WallTime expires;
};

/// For the account with this bare address, from now on.
Credentials make_credentials(std::string_view secret, std::string_view account, WallTime now,
                             Duration lifetime);

/// Appends <service/> as it is for that account.
void add_service(xml::Element& parent, const ServiceOptions& service, std::string_view account,
                 WallTime now);

/// Whether the <service/> of a request for credentials means it.
bool is_meant(const ServiceOptions& service, const xml::Element& wanted);

void declare_options(OptionRegistry& registry);
void install(core::ModuleSetup& setup);

}  // namespace clarion::external_services
