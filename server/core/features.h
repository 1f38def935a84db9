// Features: what the server says about itself in service discovery (XEP-0030), by target. One per shard.
//
// Modules add theirs in install(); modules/disco answers. Nothing central lists them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace clarion::core {

class Features {
public:
    struct Identity {
        std::string category, type, name;
    };
    /// disco#info of a host.
    void add_host_feature(std::string_view var) { host_.emplace_back(var); }
    /// disco#info of an account's bare JID.
    void add_account_feature(std::string_view var) { account_.emplace_back(var); }
    void add_account_identity(Identity identity) { account_identities_.push_back(std::move(identity)); }

    const std::vector<std::string>& host() const { return host_; }
    const std::vector<std::string>& account() const { return account_; }
    const std::vector<Identity>& account_identities() const { return account_identities_; }

private:
    std::vector<std::string> host_, account_;
    std::vector<Identity> account_identities_;
};

}  // namespace clarion::core
