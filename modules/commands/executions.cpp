#include "modules/commands/executions.h"

#include <algorithm>

namespace clarion::commands {

namespace {

/// A full JID's bare one.
std::string_view account_of(std::string_view who) { return who.substr(0, who.find('/')); }

}  // namespace

void Executions::keep(Execution execution, SteadyTime now, std::size_t most) {
    expire(now);
    const auto same = [&execution](const Execution& other) {
        return account_of(other.who) == account_of(execution.who);
    };
    while (static_cast<std::size_t>(std::count_if(kept_.begin(), kept_.end(), same)) >= most) {
        const auto oldest = std::find_if(kept_.begin(), kept_.end(), same);
        end_at(static_cast<std::size_t>(oldest - kept_.begin()));
    }
    kept_.push_back(std::move(execution));
}

Result<Execution> Executions::take(SteadyTime now, const ExecutionKey& key) {
    expire(now);
    for (auto at = kept_.begin(); at != kept_.end(); ++at) {
        if (at->id != key.id || at->who != key.who) continue;
        if (at->whom != key.whom || at->command->node != key.node) break;
        Execution found = std::move(*at);
        kept_.erase(at);
        return found;
    }
    const bool over = std::any_of(ended_.begin(), ended_.end(), [&key](const Ended& ended) {
        return ended.id == key.id && ended.who == key.who;
    });
    if (over) return fail(session_expired, "this command has ended");
    return fail(bad_sessionid, "no such command is being executed");
}

void Executions::end(const Execution& execution) {
    if (ended_.size() >= most_ended) ended_.pop_front();
    ended_.push_back({execution.id, execution.who});
}

void Executions::expire(SteadyTime now) {
    for (std::size_t i = kept_.size(); i-- > 0;)
        if (kept_[i].expires <= now) end_at(i);
}

void Executions::end_at(std::size_t index) {
    end(kept_[index]);
    kept_.erase(kept_.begin() + static_cast<std::ptrdiff_t>(index));
}

}  // namespace clarion::commands
