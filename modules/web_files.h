// Files for browsers: a directory, a web client in it for one; and, wherever HTTP is spoken, the
// answers by which certificate authorities see that a domain is ours (RFC 8555, 8.3).
//
// Files are opened on workers: disks are slow.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/option.h"
#include "base/time.h"
#include "server/core/http/http_file_response.h"
#include "server/core/setup/module.h"

namespace clarion::web_files {

struct WebOptions {
    std::string directory;
    std::string acme_directory;
    std::string security_txt;
    /// What a web client needs: its own code, servers and pictures anywhere, and no other's code.
    std::string content_security_policy =
        "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self' "
        "'unsafe-inline'; img-src 'self' data: blob: https:; media-src 'self' data: blob: https:; "
        "connect-src 'self' https: wss:; object-src 'none'; base-uri 'self'; frame-ancestors "
        "'self'";
    Duration cache_time{};
    static void declare(OptionTable<WebOptions>& table);
};

/// By the end of the name; "application/octet-stream" if that says nothing.
std::string_view content_type(std::string_view name);

/// Whether a path may be looked for: no name in it is empty or begins with a dot, but for
/// "/.well-known/" at its beginning.
bool may_be_served(std::string_view path);

/// Whether it is a token of a challenge (RFC 8555, 8.3): base64url without padding.
bool is_token(std::string_view text);

/// What a path leads to.
struct Found {
    std::optional<core::OpenedFile> file{};
    bool is_directory = false;  // without a slash at the end of the path: it belongs there
    std::string name{};         // of the file: index.html in a directory
};

/// Looks below `directory`, and nowhere else: symbolic links may lead about in it, not out of it.
/// Blocks.
Found find_below(const std::string& directory, std::string_view path);

/// What a short file says; nullopt: there is none. Blocks.
std::optional<std::string> read_below(const std::string& directory, std::string_view path);

void declare_options(OptionRegistry& registry);
void install(core::ModuleSetup& setup);

}  // namespace clarion::web_files
