// Catalogue: the public rooms of a service as a search finds them, on one shard.
//
// Made of what is stored when somebody searches, and used again for a while: a search by anybody
// costs one pass over all rooms a minute, whoever else searches. What is found is looked up anew
// before it is told, so a room that was hidden meanwhile is not. When nobody searched for a while,
// it is forgotten.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/task.h"
#include "modules/muc/channel_search.h"
#include "modules/muc/one_at_a_time.h"
#include "modules/muc/rooms.h"
#include "server/core/actors/iq_table.h"

namespace clarion::muc {

class Catalogue {
public:
    /// `rooms` lasts as long.
    Catalogue(core::Context& context, const Rooms& rooms) : context_(context), rooms_(rooms) {}

    /// `<search/>`: the form, or what is found.
    Task<core::IqAnswer> search(core::IqRequest request);

private:
    static constexpr Duration lasts = std::chrono::minutes(1);

    Task<Result<>> renew();
    Task<Result<>> make();
    Task<ChannelPage> find(const ChannelQuery& query, std::string asker) const;
    Task<> forget_when_unused();
    bool is_fresh() const;

    core::Context& context_;
    const Rooms& rooms_;
    std::shared_ptr<const std::vector<Channel>> channels_;  // shared with workers that search
    SteadyTime made_{}, used_{};
    bool is_kept_ = false;
    OneAtATime making_;
};

}  // namespace clarion::muc
