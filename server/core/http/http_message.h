// HttpRequest, HttpResponse: what is asked and answered over HTTP, as those see it who answer.
//
// How it comes and goes (framing, deadlines, limits, keep-alive) is net's (server/net/http); who
// answers what is in HttpRoutes. Source: RFC 9110.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/file_descriptor.h"
#include "base/task.h"

namespace clarion::core {

/// A header field: name and value. In a request both as they were sent, without white space around
/// the value.
using HttpField = std::pair<std::string, std::string>;

/// Who asks.
struct HttpPeer {
    /// IP address; behind a trusted proxy what that says. Empty on a Unix socket.
    std::string address;
    /// Whom it is counted as (ConnectionInfo::network).
    std::string network;
    /// Nobody between the client and us, or the trusted proxy before us, reads along.
    bool encrypted = false;
    /// A trusted proxy said the above.
    bool proxied = false;
    /// On a Unix socket: numbers of user and process, as the system knows them.
    std::uint32_t user = 0;
    std::int32_t process = 0;
};

struct HttpRequest {
    std::string method;  // "GET", as it was sent
    /// Decoded: begins with '/', no segment is "." or "..", no byte below space.
    std::string path;
    std::string query;  // as it was sent, without '?'
    std::string host;   // for whom it is: the name in Host, in lower case, without port
    std::vector<HttpField> fields;
    std::string body;  // of a route that takes one
    /// What Content-Length says; nullopt: nothing.
    std::optional<std::uint64_t> length;
    HttpPeer peer;

    /// The value of the first field of that name, in any case; empty if there is none.
    std::string_view field(std::string_view name) const;
    bool has(std::string_view name) const;
    /// For HEAD: the same as GET, but only the head is sent.
    bool is_get() const { return method == "GET" || method == "HEAD"; }
};

/// A part of an open file.
struct HttpFile {
    std::shared_ptr<const FileDescriptor> file;
    std::uint64_t offset = 0;
    std::uint64_t size = 0;
};

/// What goes on after the head of an answer, piece by piece. Destroyed when it has ended, its reader
/// is gone, or the server stops.
class HttpFeed {
public:
    enum class End : std::uint8_t {
        none,     // it has no end of its own: whenever it ends, that was it
        ahead,    // it has, and is not there yet: if it ends now, the connection breaks
        reached,  // next() has just said the last of it
        broken,   // it cannot go on: the connection breaks
    };

    virtual ~HttpFeed() = default;
    virtual End end() const { return End::none; }
    /// What there is by now; empty after a fraction of a second without anything. A reader that is
    /// slow is not waited for: it is asked of again when that is sent.
    virtual Task<std::string> next() = 0;
};

struct HttpResponse {
    unsigned status = 200;
    /// Content-Length, Date, Connection and Transfer-Encoding are net's.
    std::vector<HttpField> fields;
    std::variant<std::string, HttpFile, std::unique_ptr<HttpFeed>> body;
};

/// An answer of a line of text.
HttpResponse http_text(unsigned status, std::string_view text);
/// The reason phrase of a status: "Not Found".
std::string_view http_reason(unsigned status);

}  // namespace clarion::core
