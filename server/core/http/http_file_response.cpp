#include "server/core/http/http_file_response.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <utility>

#include "base/text.h"
#include "server/core/context.h"
#include "server/core/http/http_date.h"
#include "server/runtime/shard.h"

namespace clarion::core {

namespace {

std::optional<std::uint64_t> parse_number(std::string_view digits) {
    std::uint64_t value = 0;
    const char* const end = digits.data() + digits.size();
    const auto [stopped, problem] = std::from_chars(digits.data(), end, value);
    if (digits.empty() || stopped != end || problem != std::errc()) return std::nullopt;
    return value;
}

/// Whether a list of entity tags has this one. A weak one is as good, unless it must be `strong`.
bool lists(std::string_view list, std::string_view etag, bool strong) {
    if (trim(list) == "*") return true;
    for (std::string_view each : split(list, ',')) {
        each = trim(each);
        if (!strong && each.starts_with("W/")) each.remove_prefix(2);
        if (each == etag) return true;
    }
    return false;
}

/// Dates of HTTP have no fractions.
bool changed_since(WallTime modified, std::string_view date) {
    const auto since = parse_http_date(date);
    return since && std::chrono::floor<std::chrono::seconds>(modified) > *since;
}

/// 304 or 412 where a condition of the client decides (RFC 9110, 13.2.2); 0: none does.
unsigned decided(const HttpRequest& request, const HttpFileContent& content) {
    if (request.has("If-Match")) {
        if (!lists(request.field("If-Match"), content.etag, true)) return 412;
    } else if (request.has("If-Unmodified-Since") &&
               changed_since(content.modified, request.field("If-Unmodified-Since"))) {
        return 412;
    }
    if (request.has("If-None-Match"))
        return lists(request.field("If-None-Match"), content.etag, false) ? 304 : 0;
    const std::string_view since = request.field("If-Modified-Since");
    const bool says_when = parse_http_date(since).has_value();
    return says_when && !changed_since(content.modified, since) ? 304 : 0;
}

/// A part goes to who has, or knows, the rest of this very file only.
bool wants_range(const HttpRequest& request, const HttpFileContent& content) {
    if (request.method != "GET" || !request.has("Range")) return false;
    const std::string_view known = request.field("If-Range");
    if (known.empty() || known == content.etag) return true;
    const auto date = parse_http_date(known);
    return date && std::chrono::floor<std::chrono::seconds>(content.modified) == *date;
}

HttpResponse begin_answer(unsigned status, HttpFileContent& content) {
    HttpResponse response;
    response.status = status;
    response.fields = std::move(content.fields);
    response.fields.emplace_back("ETag", content.etag);
    response.fields.emplace_back("Last-Modified", format_http_date(content.modified));
    return response;
}

std::string content_range(const std::string& which, std::uint64_t size) {
    return "bytes " + which + "/" + std::to_string(size);
}

HttpResponse unsatisfiable(HttpFileContent& content) {
    const std::uint64_t size = content.file.size;
    HttpResponse response = begin_answer(416, content);
    response.fields.emplace_back("Content-Range", content_range("*", size));
    return response;
}

HttpResponse partial(HttpFileContent content, HttpRange range) {
    const std::string which =
        std::to_string(range.first) + "-" + std::to_string(range.first + range.size - 1);
    HttpResponse response = begin_answer(206, content);
    response.fields.emplace_back("Content-Type", std::move(content.type));
    response.fields.emplace_back("Content-Range", content_range(which, content.file.size));
    response.fields.emplace_back("Accept-Ranges", "bytes");
    response.body = HttpFile{.file = std::move(content.file.file),
                             .offset = content.file.offset + range.first,
                             .size = range.size};
    return response;
}

std::string etag_of(const struct stat& status) {
    std::array<char, 96> text{};
    const int size = std::snprintf(text.data(), text.size(), "\"%llx-%llx-%llx.%lx\"",
                                   static_cast<unsigned long long>(status.st_ino),
                                   static_cast<unsigned long long>(status.st_size),
                                   static_cast<unsigned long long>(status.st_mtim.tv_sec),
                                   static_cast<unsigned long>(status.st_mtim.tv_nsec));
    return {text.data(), static_cast<std::size_t>(size)};
}

WallTime modified_at(const struct stat& status) {
    using namespace std::chrono;
    return WallTime(seconds(status.st_mtim.tv_sec) +
                    duration_cast<microseconds>(nanoseconds(status.st_mtim.tv_nsec)));
}

}  // namespace

HttpRangeKind parse_http_range(std::string_view value, std::uint64_t size, HttpRange& range) {
    using enum HttpRangeKind;
    const std::size_t equals = value.find('=');
    if (equals == std::string_view::npos || to_lower_ascii(value.substr(0, equals)) != "bytes")
        return none;
    const std::string_view spec = trim(value.substr(equals + 1));
    const std::size_t dash = spec.find('-');
    if (dash == std::string_view::npos || spec.find(',') != std::string_view::npos) return none;
    const auto first = parse_number(spec.substr(0, dash));
    const auto last = parse_number(spec.substr(dash + 1));
    if (dash == 0) {  // so many of the last
        if (!last) return none;
        if (*last == 0 || size == 0) return unsatisfiable;
        const std::uint64_t some = std::min(*last, size);
        range = {size - some, some};
        return one;
    }
    const bool is_open = dash + 1 == spec.size();
    if (!first || (!is_open && (!last || *last < *first))) return none;
    if (*first >= size) return unsatisfiable;
    range = {*first, (is_open ? size : std::min(*last, size - 1) + 1) - *first};
    return one;
}

HttpResponse answer_with_file(const HttpRequest& request, HttpFileContent content) {
    if (const unsigned status = decided(request, content); status != 0)
        return begin_answer(status, content);
    if (wants_range(request, content)) {
        HttpRange range;
        switch (parse_http_range(request.field("Range"), content.file.size, range)) {
            case HttpRangeKind::none: break;
            case HttpRangeKind::one: return partial(std::move(content), range);
            case HttpRangeKind::unsatisfiable: return unsatisfiable(content);
        }
    }
    HttpResponse response = begin_answer(200, content);
    response.fields.emplace_back("Content-Type", std::move(content.type));
    response.fields.emplace_back("Accept-Ranges", "bytes");
    response.body = std::move(content.file);
    return response;
}

Result<OpenedFile> open_regular_file(const std::string& path) {
    // O_NONBLOCK: a pipe has nobody at its other end.
    FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    if (!file) {
        const int why = errno;
        if (why == ENOENT || why == ENOTDIR || why == ELOOP || why == ENXIO || why == ENAMETOOLONG)
            return fail(error_code::item_not_found, "there is no such file");
        return fail("internal-server-error", path + ": " + std::strerror(why));
    }
    struct stat status {};
    if (::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode))
        return fail(error_code::item_not_found, "it is no regular file");
    return OpenedFile{.file = std::make_shared<const FileDescriptor>(std::move(file)),
                      .size = static_cast<std::uint64_t>(status.st_size),
                      .modified = modified_at(status),
                      .etag = etag_of(status)};
}

Task<HttpResponse> answer_from_disk(Context& here, HttpRequest request, HttpFileSource source) {
    Result<OpenedFile> opened = fail("internal-server-error");
    co_await here.shard().offload([&] { opened = open_regular_file(source.path); },
                                  request.peer.network);
    if (!opened && opened.error().is(error_code::item_not_found))
        co_return http_text(404, "There is no such file.");
    if (!opened) co_return http_text(500, "The file cannot be read.");
    HttpFileContent content{
        .file = {.file = std::move(opened->file), .offset = 0, .size = opened->size},
        .etag = std::move(opened->etag),
        .modified = opened->modified,
        .type = std::move(source.type),
        .fields = std::move(source.fields)};
    co_return answer_with_file(request, std::move(content));
}

}  // namespace clarion::core
