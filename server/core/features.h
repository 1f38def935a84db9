// Features: what the server says about itself in service discovery (XEP-0030), by target. One per
// shard.
//
// Modules add theirs in install(); modules/disco answers. Nothing central lists them.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace clarion::core {

/// The hosts whose [host."…".modules] disabled names a module; nullptr: none, the usual case.
using OffHosts = std::shared_ptr<const std::set<std::string, std::less<>>>;

inline bool is_off(const OffHosts& off, std::string_view host) {
    return off && off->contains(host);
}

class Features {
public:
    struct Identity {
        std::string category, type, name;
    };
    /// disco#info of a host; not for the hosts in `off`.
    void add_host_feature(std::string_view var, OffHosts off = {}) {
        host_.push_back({std::string(var), std::move(off)});
    }
    /// disco#info of an account's bare JID.
    void add_account_feature(std::string_view var, OffHosts off = {}) {
        account_.push_back({std::string(var), std::move(off)});
    }
    void add_account_identity(Identity identity) {
        account_identities_.push_back(std::move(identity));
    }

    std::vector<std::string_view> host(std::string_view host) const { return of(host_, host); }
    std::vector<std::string_view> account(std::string_view host) const {
        return of(account_, host);
    }
    const std::vector<Identity>& account_identities() const { return account_identities_; }

private:
    struct Feature {
        std::string var;
        OffHosts off;
    };
    static std::vector<std::string_view> of(const std::vector<Feature>& features,
                                            std::string_view host) {
        std::vector<std::string_view> result;
        for (const auto& feature : features)
            if (!is_off(feature.off, host)) result.push_back(feature.var);
        return result;
    }
    std::vector<Feature> host_, account_;
    std::vector<Identity> account_identities_;
};

}  // namespace clarion::core
