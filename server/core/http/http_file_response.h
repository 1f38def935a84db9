// Answers GET and HEAD with a file: the whole of it, a part (Range), or that the client has it
// already (RFC 9110, 13 and 14). For what is on disk as it is: uploads, static files.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/task.h"
#include "base/time.h"
#include "server/core/http/http_message.h"

namespace clarion::core {

class Context;

struct HttpFileContent {
    HttpFile file;     // all of it
    std::string etag;  // a strong entity tag, with its quotes
    WallTime modified{};
    std::string type;               // Content-Type
    std::vector<HttpField> fields;  // said beside those, also where the client has it already
};

/// Pure. 200, 206, 304, 412 or 416. Who asks for several ranges gets the whole.
/// REQUIRES: request.is_get().
HttpResponse answer_with_file(const HttpRequest& request, HttpFileContent content);

/// A range of bytes of a file.
struct HttpRange {
    std::uint64_t first = 0;
    std::uint64_t size = 0;
};
enum class HttpRangeKind : std::uint8_t { none, one, unsatisfiable };
/// What the value of a field Range means for a file of that size. `none`: it is to be ignored.
HttpRangeKind parse_http_range(std::string_view value, std::uint64_t size, HttpRange& range);

/// A regular file that was opened.
struct OpenedFile {
    std::shared_ptr<const FileDescriptor> file;
    std::uint64_t size = 0;
    WallTime modified{};
    std::string etag;  // changes with the file: made of its inode, size and time
};
/// Blocks. A symbolic link at the end of the path, and what is no regular file, are not there.
/// Errors: "item-not-found", "internal-server-error".
Result<OpenedFile> open_regular_file(const std::string& path);

/// What is said of a file that is answered as it is on disk.
struct HttpFileSource {
    std::string path;
    std::string type;
    std::vector<HttpField> fields{};
};
/// Opens it on a worker, and answers with it; 404 if it is not there. REQUIRES: request.is_get().
Task<HttpResponse> answer_from_disk(Context& here, HttpRequest request, HttpFileSource source);

}  // namespace clarion::core
