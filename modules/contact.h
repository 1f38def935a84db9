// Contact addresses (XEP-0157): whom to write to about the server, in what a host says of itself
// (XEP-0128).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/option.h"
#include "server/core/setup/module.h"

namespace clarion::contact {

struct ContactOptions {
    std::vector<std::string> abuse;
    std::vector<std::string> admin;
    std::vector<std::string> feedback;
    std::vector<std::string> sales;
    std::vector<std::string> security;
    std::vector<std::string> status;
    std::vector<std::string> support;
    static void declare(OptionTable<ContactOptions>& table);
};

/// Whether it is the address of something: "mailto:xmpp@example.org", not "xmpp@example.org"
/// (RFC 3986).
bool is_uri(std::string_view text);

void declare_options(OptionRegistry& registry);
void install(core::ModuleSetup& setup);

}  // namespace clarion::contact
