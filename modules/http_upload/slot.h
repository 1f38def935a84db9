// A slot: leave to upload one file, once. What it is for travels in the token that who uploads
// brings back with the file (RFC 6750), signed so that nobody else can make or change one. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "modules/http_upload/purpose.h"

namespace clarion::http_upload {

/// Of random bytes in a file's address, which nobody can guess.
inline constexpr std::size_t id_bytes = 20;

struct Slot {
    std::string id;       // hexadecimal, of id_bytes
    std::string account;  // bare
    std::string domain;   // of the service or host that gave it
    std::uint64_t size = 0;
    std::string name;
    std::string type;  // empty: it was not said
    Purpose purpose = Purpose::message;
    std::optional<WallTime> expire_before;  // of an ephemeral one
    LastingTime ends{};                     // its upload has begun by then

    bool operator==(const Slot&) const = default;
};

std::string make_id();
bool is_id(std::string_view text);

/// The value of the field Authorization.
std::string make_authorization(const Slot& slot, std::string_view key);
/// The slot that is in such a value. Error "not-authorized": it is none that `key` signed.
Result<Slot> read_authorization(std::string_view value, std::string_view key);

/// A file's path and query on the server: "/upload/ID/NAME", percent-encoded.
std::string path_of(const Slot& slot);
inline constexpr std::string_view path_prefix = "/upload/";
/// Of such a path, decoded.
struct FilePath {
    std::string_view id, name;
};
std::optional<FilePath> parse_path(std::string_view path);

/// The addresses that another server takes and gives the file at: its scheme signs name, size and
/// type in the query v2 (docs/web.md).
struct ExternalUrls {
    std::string put, get;
};
ExternalUrls external_urls(const Slot& slot, std::string_view base_url, std::string_view secret);

}  // namespace clarion::http_upload
