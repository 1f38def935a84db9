// Looks after the files of accounts that are at home on this shard: what is old goes, what a crash
// has left, and what belonged to accounts that are not there any more.
//
// A task that lives as long as the shard and mostly sleeps. It goes through the directories, owner by
// owner, with a pause after each, and begins when the server starts.
#pragma once

#include "modules/http_upload/uploads.h"

namespace clarion::http_upload {

inline constexpr Duration sweep_interval = std::chrono::hours(1);

/// `self` lasts as long as the shard.
Task<> sweep(Uploads& self);
/// Once, over all.
Task<> sweep_once(Uploads& self);

}  // namespace clarion::http_upload
