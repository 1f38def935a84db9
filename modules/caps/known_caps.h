// KnownCaps: what this shard knows of kinds of clients, in memory.
//
// One per shard. Each hash that some resource has said is a Mark, once, however many say it. What it
// stands for may be known; all that is known takes no more than a bound, and the least used is
// forgotten first (modules/caps/desk.h finds it again).
#pragma once

#include <cstddef>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "proto/entity_caps.h"

namespace clarion::caps {

struct Mark {
    explicit Mark(std::string text) : key(std::move(text)) {}

    const std::string key;
    /// nullptr: not known, or forgotten.
    std::shared_ptr<const Capabilities> known{};
    /// Of one resource only: what it said is not what it hashed.
    bool is_private = false;

private:
    friend class KnownCaps;
    std::list<std::shared_ptr<Mark>>::iterator place{};
};

using MarkPtr = std::shared_ptr<Mark>;

class KnownCaps {
public:
    /// The mark of that key, made if nobody has it.
    MarkPtr mark(const std::string& key);
    /// For one resource alone. It is not counted here.
    static MarkPtr make_private(const std::string& key, std::string text);

    /// What it stands for, which is in use now. nullptr: not known.
    std::shared_ptr<const Capabilities> use(const MarkPtr& mark);
    /// That is known now; others may be forgotten, so that all take `bound` bytes at most.
    void learn(const MarkPtr& mark, std::string text, std::size_t bound);

    std::size_t bytes() const { return bytes_; }
    std::size_t known() const { return by_use_.size(); }
    std::size_t marks() const { return marks_.size(); }

private:
    static std::size_t bytes_of(const Mark& mark);
    void forget_unused();

    std::unordered_map<std::string, std::weak_ptr<Mark>> marks_;
    std::size_t next_sweep_ = 100;
    std::list<MarkPtr> by_use_;  // those that are known, the last used first
    std::size_t bytes_ = 0;
};

}  // namespace clarion::caps
