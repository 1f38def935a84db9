#include "modules/caps/desk.h"

#include <memory>

#include "server/runtime/scope.h"
#include "server/runtime/shard.h"

namespace clarion::caps {

void Desk::look_up(const std::string& host, const std::string& key, unsigned shard, Reply reply) {
    const auto known = being_stored_.find({host, key});
    if (known != being_stored_.end()) return tell({shard, std::move(reply)}, known->second);
    const auto [found, is_new] = cases_.try_emplace({host, key});
    found->second.push_back({shard, std::move(reply)});
    if (is_new) context_.scope().spawn("read-caps", read(found->first));
}

Task<> Desk::read(Id id) {
    const auto text = co_await stored_.get(id.first, id.second);
    const auto found = cases_.find(id);
    if (found == cases_.end()) co_return;
    if (text)
        tell_all(found, text);
    else
        give_turn(found);
}

void Desk::answered(const std::string& host, const std::string& key,
                    std::optional<std::string> text) {
    const auto found = cases_.find({host, key});
    if (found != cases_.end()) {
        if (text)
            tell_all(found, text);
        else
            give_turn(found);
    }
    if (!text) return;
    being_stored_.insert_or_assign({host, key}, std::move(*text));
    context_.scope().spawn("store-caps", store({host, key}));
}

Task<> Desk::store(Id id) {
    const auto known = being_stored_.find(id);
    if (known == being_stored_.end()) co_return;
    std::string text = known->second;
    co_await stored_.put(id.first, id.second, std::move(text));
    context_.shard().after_commit([this, id](const Result<>&) { being_stored_.erase(id); });
}

void Desk::tell(Waiting waiting, std::optional<std::string> text) {
    auto reply = [reply = std::move(waiting.reply), text = std::move(text)]() mutable {
        reply(std::move(text));
    };
    context_.shards().post(waiting.shard, std::move(reply));
}

void Desk::tell_all(Cases::iterator found, const std::optional<std::string>& text) {
    auto waiting = std::move(found->second);
    cases_.erase(found);
    for (Waiting& each : waiting) tell(std::move(each), text);
}

void Desk::give_turn(Cases::iterator found) {
    if (found->second.empty()) {
        cases_.erase(found);
        return;
    }
    Waiting first = std::move(found->second.front());
    found->second.pop_front();
    tell(std::move(first), std::nullopt);
}

void Desk::drop(const PartitionSet& partitions) {
    std::erase_if(being_stored_, [&](const auto& each) {
        return partitions.contains(partition_of(owner_address(each.first.first)));
    });
    for (auto at = cases_.begin(); at != cases_.end();) {
        const auto next = std::next(at);
        if (partitions.contains(partition_of(owner_address(at->first.first))))
            tell_all(at, std::nullopt);
        at = next;
    }
}

}  // namespace clarion::caps
