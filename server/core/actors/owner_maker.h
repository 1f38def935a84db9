// OwnerMaker: the one place where owners get their names, so that no two are made of one name.
//
// Storage finds only what is committed, and a batch that gives one name to two ids fails with all
// that its shard wrote in the turn. So who makes or removes an owner, or would make one if there is
// none, holds the name from before it looks until that is committed. One per shard; a name is held
// at its home.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <utility>

#include "base/task.h"
#include "server/runtime/signal.h"
#include "storage/owners.h"

namespace clarion::core {

class Context;

class OwnerMaker {
public:
    explicit OwnerMaker(Context& context) : context_(context) {}

    /// The id of the actor of that address, which is made if there is none, and committed. Who asks
    /// while it is being made waits for that and gets the same. Errors: "moved" (it is not at home
    /// here), storage errors.
    Task<Result<storage::OwnerId>> find_or_make(std::string address);

    /// A name that is held. It is free again when this goes: when what was written is committed.
    class Claim;
    /// nullopt: somebody holds it.
    std::optional<Claim> try_claim(storage::OwnerKind kind, std::string address);
    /// Waits until it is free.
    Task<Claim> claim(storage::OwnerKind kind, std::string address);

private:
    using Name = std::pair<storage::OwnerKind, std::string>;

    Context& context_;
    std::set<Name> held_;
    Signal freed_;
};

/// That of this shard.
OwnerMaker& owner_maker(const Context& context);

class OwnerMaker::Claim {
public:
    Claim(Claim&& other) noexcept : maker_(std::exchange(other.maker_, nullptr)), at_(other.at_) {}
    Claim& operator=(Claim&&) = delete;
    ~Claim() {
        if (!maker_) return;
        maker_->held_.erase(at_);
        maker_->freed_.notify();
    }

private:
    friend OwnerMaker;
    Claim(OwnerMaker& maker, std::set<Name>::iterator at) : maker_(&maker), at_(at) {}

    OwnerMaker* maker_;
    std::set<Name>::iterator at_;
};

}  // namespace clarion::core
