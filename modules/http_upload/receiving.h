// A file is uploaded (PUT): who sends it has a slot, and it is as that says, or it is refused; and
// whatever goes wrong on the way, nothing of it stays.
#pragma once

#include "modules/http_upload/uploads.h"
#include "server/core/http/http_routes.h"

namespace clarion::http_upload {

/// Decides by the head of the request. `self` lasts as long as the shard.
Task<core::HttpReceipt> receive(Uploads& self, core::HttpRequest request);

/// What is wrong with the head of an upload for that slot; nullopt: nothing. Pure.
std::optional<core::HttpResponse> find_fault(const Slot& slot, const core::HttpRequest& request,
                                             LastingTime now);

}  // namespace clarion::http_upload
