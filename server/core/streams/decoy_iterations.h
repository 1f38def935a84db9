// DecoyIterations: how many iterations the password of an account that does not exist pretends to
// have, so that SCRAM's challenge (RFC 5802) does not tell which accounts exist.
//
// A server that lives long has passwords of several counts: a name that does not exist gets the
// count of some account of its host, always the same one. Which accounts may be that is the same
// for all names, hence looked up once an hour and not for each login; one that exists asks here,
// too, so that time tells nothing. One for each shard, used on it only.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/task.h"
#include "proto/jid.h"

namespace clarion::core {

class Context;

class DecoyIterations {
public:
    /// nullopt: no account of its host has a password of this kind.
    Task<std::optional<std::uint32_t>> of(Context& context, const Jid& account);

private:
    struct Sample {
        std::vector<std::uint32_t> counts;
        SteadyTime until = SteadyTime::min();
    };
    std::map<std::string, Sample, std::less<>> by_host_;
};

}  // namespace clarion::core
