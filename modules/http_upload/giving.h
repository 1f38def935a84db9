// A file is asked for (GET, HEAD): whoever knows its address gets it.
#pragma once

#include "modules/http_upload/uploads.h"
#include "server/core/http/http_message.h"

namespace clarion::http_upload {

/// `self` lasts as long as the shard.
Task<core::HttpResponse> give(Uploads& self, core::HttpRequest request);

/// The answer with a file that was found; nullopt: to others it is not there, or not any more. Pure.
std::optional<core::HttpResponse> answer_with(const core::HttpRequest& request,
                                              const FileStore::Found& found, WallTime now);

}  // namespace clarion::http_upload
