// Features: what the server says about itself in service discovery (XEP-0030), by target. One per
// shard.
//
// Modules add theirs in install(); modules/disco answers. Nothing central lists them.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "server/core/actors/iq_target.h"

namespace clarion::core {

/// The domains for which a module is off: hosts whose [host."…".modules] disabled names it,
/// services that it leaves out. nullptr: none, the usual case.
using OffHosts = std::shared_ptr<const std::set<std::string, std::less<>>>;

inline bool is_off(const OffHosts& off, std::string_view domain) {
    return off && off->contains(domain);
}

class Features {
public:
    /// One <feature/> of disco#info. `module` of targets service and actor: for that module's own
    /// only; empty: for all. `needs`: another feature, without which this one is not said; empty:
    /// none.
    void add(IqTarget target, std::string_view var, OffHosts off = {}, std::string_view module = {},
             std::string_view needs = {}) {
        features_.push_back({target, std::string(var), std::move(off), module, std::string(needs)});
    }
    /// What a target says at a domain of ours; `module`: whose the service is.
    std::vector<std::string_view> of(IqTarget target, std::string_view domain,
                                     std::string_view module = {}) const {
        std::vector<std::string_view> result;
        for (const auto& feature : features_)
            if (feature.is_of(target, domain, module) &&
                (feature.needs.empty() || has(feature.needs, target, domain, module)))
                result.push_back(feature.var);
        return result;
    }

private:
    struct Feature {
        IqTarget target;
        std::string var;
        OffHosts off;
        std::string_view module;
        std::string needs;

        bool is_of(IqTarget whose, std::string_view domain, std::string_view service) const {
            return target == whose && !is_off(off, domain) && (module.empty() || module == service);
        }
    };
    bool has(std::string_view var, IqTarget target, std::string_view domain,
             std::string_view module) const {
        for (const auto& feature : features_)
            if (feature.var == var && feature.is_of(target, domain, module)) return true;
        return false;
    }
    std::vector<Feature> features_;
};

}  // namespace clarion::core
