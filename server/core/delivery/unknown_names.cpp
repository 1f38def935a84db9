#include "server/core/delivery/unknown_names.h"

#include <chrono>

namespace clarion::core {

namespace {

constexpr std::size_t most_domains = 2000;  // further ones get no answers until the minute is over

}  // namespace

UnknownNames::Verdict UnknownNames::count(SteadyTime now, std::string_view domain,
                                          std::int64_t most) {
    if (now - began_ >= std::chrono::minutes(1)) {
        domains_.clear();
        began_ = now;
    }
    auto at = domains_.find(domain);
    if (at == domains_.end()) {
        if (domains_.size() >= most_domains) return Verdict::ignore;
        at = domains_.emplace(std::string(domain), 0).first;
    }
    if (at->second > most) return Verdict::ignore;
    ++at->second;
    return at->second > most ? Verdict::ignore_first : Verdict::answer;
}

}  // namespace clarion::core
