// Phones: accounts with push enabled at the gateway, whose sessions have ended or hibernation.
//
// Phone i is account i of the run; its node says so. Owner: the modes push and outage; one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "tools/bench/crowd.h"
#include "tools/bench/loop.h"
#include "tools/bench/settings.h"

namespace clarion::bench {

class Phones {
public:
    Phones(const Settings& settings, Loop& loop, Crowd& crowd)
        : settings_(settings), loop_(loop), crowd_(crowd) {}

    /// Logs all in, enables push, ends each session or cuts its connection as soon as it is ready
    /// (so there may be more phones than descriptors), and waits for things to settle. Nothing is
    /// left unacknowledged that a server would notify at once.
    Result<void> evict();

    std::size_t count() const { return settings_.crowd.sessions; }
    /// Whose node that is; nullopt: not one of ours.
    std::optional<std::size_t> of_node(std::string_view node) const;
    /// Every phone once, in a random order that is the same in each run.
    std::vector<std::uint32_t> shuffled() const;

private:
    const Settings& settings_;
    Loop& loop_;
    Crowd& crowd_;
};

}  // namespace clarion::bench
