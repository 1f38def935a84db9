#include "server/core/delivery/slow_requests.h"

#include "server/core/address/domains.h"
#include "server/core/context.h"
#include "server/core/options.h"
#include "server/core/routing/router.h"

namespace clarion::core {

std::optional<SlowRequests::Place> SlowRequests::begin(Envelope& request) {
    const Jid& from = request.stanza->from();
    // Other servers invent as many users as they like.
    std::string asker(context_.domains().is_host(from.domain()) ? from.bare() : from.domain());
    Asker& mine = askers_[asker];
    const auto most = static_cast<std::size_t>(context_.options<C2sOptions>().max_pending_requests);
    if (mine.running >= most) {
        mine.waiting.push_back(std::move(request));
        return std::nullopt;
    }
    ++mine.running;
    return Place(*this, std::move(asker));
}

/// The one that comes next may be answered without running: so when none runs any more, all are
/// routed, and who finds no place waits again.
void SlowRequests::end(const std::string& asker) {
    const auto found = askers_.find(asker);
    Asker& mine = found->second;
    std::deque<Envelope> next;
    if (--mine.running == 0) {
        next = std::move(mine.waiting);
        askers_.erase(found);
    } else if (!mine.waiting.empty()) {
        next.push_back(std::move(mine.waiting.front()));
        mine.waiting.pop_front();
    }
    if (context_.stopping()) return;
    for (Envelope& request : next) context_.router().route(std::move(request));
}

std::size_t SlowRequests::waiting() const {
    std::size_t all = 0;
    for (const auto& [name, asker] : askers_) all += asker.waiting.size();
    return all;
}

}  // namespace clarion::core
