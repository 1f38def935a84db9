// ShardSet: all shards, their threads, and the workers for slow computations.
#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <optional>
#include <thread>

#include "server/runtime/shard.h"
#include "server/runtime/work_in_turn.h"

namespace clarion::core {

namespace asio = boost::asio;

struct ShardSet::Threads {
    WorkInTurn waiting;  // outlives the workers
    std::optional<asio::thread_pool> workers{std::in_place,
                                             std::max(1u, std::thread::hardware_concurrency())};
    std::vector<std::thread> threads;
};

ShardSet::ShardSet(unsigned count, Clock& clock, storage::Storage& storage)
    : count_(count), threads_(std::make_unique<Threads>()) {
    shards_.reserve(count);
    for (unsigned i = 0; i < count; ++i)
        shards_.push_back(std::make_unique<Shard>(*this, i, clock, storage));
}

ShardSet::~ShardSet() {
    stop();
    discard();
}

void ShardSet::post(unsigned shard, UniqueFunction<void()> fn) {
    Shard* const here = Shard::current();
    if (here && &here->set_ == this)
        here->post_at_turn_end(shard, std::move(fn));
    else
        shards_[shard]->accept_post(std::move(fn));
}

/// As often as something is pushed a worker takes what has its turn then.
void ShardSet::on_worker(std::string cause, UniqueFunction<void()> work) {
    if (!threads_->workers) return;
    threads_->waiting.push(std::move(cause), std::move(work));
    asio::post(*threads_->workers, [&waiting = threads_->waiting] {
        if (auto mine = waiting.take()) mine();
    });
}

void ShardSet::start_threads() {
    for (auto& shard : shards_) threads_->threads.emplace_back([&shard] { shard->run(); });
}

void ShardSet::stop() {
    if (threads_->workers) {
        threads_->workers->stop();
        threads_->workers->join();
    }
    for (auto& shard : shards_) shard->stop();
    for (auto& thread : threads_->threads) thread.join();
    threads_->threads.clear();
}

void ShardSet::discard() {
    threads_->workers.reset();
    while (threads_->waiting.take()) {
    }
    for (bool more = true; more;) {  // what dies on one shard may post to another
        more = false;
        for (const auto& shard : shards_) more = shard->discard() || more;
    }
}

}  // namespace clarion::core
