#include "modules/pubsub/domain/turns.h"

#include <utility>

namespace clarion::pubsub {

Task<Turns::Turn> Turns::take(core::Shard& shard, std::string asker) {
    auto& kept = lines_[asker];
    if (!kept) kept = std::make_shared<Line>();
    const std::shared_ptr<Line> line = kept;
    const std::uint64_t mine = ++line->last;
    Turn turn(*this, std::move(asker));
    while (line->serving != mine) co_await line->moved.wait(shard);
    co_return std::move(turn);
}

void Turns::end(const std::string& asker) {
    const auto at = lines_.find(asker);
    if (at == lines_.end()) return;
    Line& line = *at->second;
    if (line.serving++ == line.last) {
        lines_.erase(at);
        return;
    }
    line.moved.notify();
}

}  // namespace clarion::pubsub
