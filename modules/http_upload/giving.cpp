#include "modules/http_upload/giving.h"

#include <chrono>
#include <utility>

#include "base/clock.h"
#include "base/log.h"
#include "modules/http_upload/content.h"
#include "server/core/http/http_file_response.h"
#include "server/runtime/shard.h"

namespace clarion::http_upload {

namespace {

using core::HttpRequest;
using core::HttpResponse;

constexpr Logger logger{"http-upload"};

HttpResponse not_there() { return core::http_text(404, "There is no such file."); }

/// Blocks.
Result<FileStore::Found> find_in(const std::vector<std::shared_ptr<const FileStore>>& stores,
                                 const std::string& id) {
    Result<FileStore::Found> found = fail(error_code::item_not_found);
    for (const auto& store : stores) {
        found = store->find(id);
        if (found || !found.error().is(error_code::item_not_found)) break;
    }
    return found;
}

}  // namespace

std::optional<HttpResponse> answer_with(const HttpRequest& request, const FileStore::Found& found,
                                        WallTime now) {
    const auto path = parse_path(request.path);
    const FileRecord& file = found.head.file;
    if (!path || path->name != file.name) return std::nullopt;
    std::optional<Duration> left;
    if (file.expire_before) {
        if (*file.expire_before <= now) return std::nullopt;
        left = std::chrono::floor<Duration>(*file.expire_before - now);
    }
    core::HttpFileContent content{
        .file = {.file = found.file, .offset = 0, .size = file.size},
        .etag = "\"" + std::string(path->id) + "\"",  // what has an id never changes
        .modified = file.uploaded,
        .type = std::string(answered_type(file.type)),
        .fields = fields_of(file.type, file.name, left)};
    return core::answer_with_file(request, std::move(content));
}

Task<HttpResponse> give(Uploads& self, HttpRequest request) {
    const auto path = parse_path(request.path);
    if (!path) co_return not_there();
    const std::string id(path->id);
    const auto stores = self.stores();
    Result<FileStore::Found> found = fail("internal-server-error");
    co_await self.context().shard().offload([&] { found = find_in(stores, id); },
                                            request.peer.network);
    if (!found && found.error().is(error_code::item_not_found)) co_return not_there();
    if (!found) {
        logger.error("unreadable", {{"file", id.substr(0, 8)}, {"error", found.error().text}});
        co_return core::http_text(500, "The file cannot be read.");
    }
    auto answer = answer_with(request, *found, self.context().clock().wall());
    if (!answer) co_return not_there();
    counts().downloads.add();
    co_return std::move(*answer);
}

}  // namespace clarion::http_upload
