#include "modules/web_files.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <utility>
#include <vector>

#include "base/text.h"
#include "server/core/http/http_host.h"
#include "server/core/http/http_target.h"
#include "server/core/options.h"
#include "server/runtime/shard.h"

namespace clarion::web_files {

namespace fs = std::filesystem;
using core::Context;
using core::HttpRequest;
using core::HttpResponse;

namespace {

constexpr std::string_view well_known = "/.well-known/";
constexpr std::string_view acme_path = "/.well-known/acme-challenge/";
constexpr std::string_view security_path = "/.well-known/security.txt";
constexpr std::size_t longest_token = 255;
constexpr std::uint64_t longest_short_file = 65536;

constexpr std::array<std::pair<std::string_view, std::string_view>, 36> types{{
    {"html", "text/html; charset=utf-8"},
    {"htm", "text/html; charset=utf-8"},
    {"js", "text/javascript; charset=utf-8"},
    {"mjs", "text/javascript; charset=utf-8"},
    {"css", "text/css; charset=utf-8"},
    {"json", "application/json"},
    {"map", "application/json"},
    {"webmanifest", "application/manifest+json"},
    {"txt", "text/plain; charset=utf-8"},
    {"md", "text/markdown; charset=utf-8"},
    {"xml", "application/xml"},
    {"wasm", "application/wasm"},
    {"pdf", "application/pdf"},
    {"zip", "application/zip"},
    {"gz", "application/gzip"},
    {"apk", "application/vnd.android.package-archive"},
    {"svg", "image/svg+xml"},
    {"png", "image/png"},
    {"jpg", "image/jpeg"},
    {"jpeg", "image/jpeg"},
    {"gif", "image/gif"},
    {"webp", "image/webp"},
    {"avif", "image/avif"},
    {"ico", "image/vnd.microsoft.icon"},
    {"woff", "font/woff"},
    {"woff2", "font/woff2"},
    {"ttf", "font/ttf"},
    {"otf", "font/otf"},
    {"mp3", "audio/mpeg"},
    {"ogg", "audio/ogg"},
    {"opus", "audio/ogg"},
    {"wav", "audio/wav"},
    {"m4a", "audio/mp4"},
    {"mp4", "video/mp4"},
    {"webm", "video/webm"},
    {"mov", "video/quicktime"},
}};

bool is_below(const fs::path& root, const fs::path& target) {
    return std::mismatch(root.begin(), root.end(), target.begin(), target.end()).first ==
           root.end();
}

const WebOptions& options_for(const Context& here, const HttpRequest& request) {
    const auto host = core::http_host(here.domains(), here.config(), request.host);
    return here.options<WebOptions>(host ? std::string_view(*host) : std::string_view());
}

HttpResponse nothing_there() { return core::http_text(404, "there is nothing here"); }

HttpResponse redirect_to_directory(const HttpRequest& request) {
    HttpResponse response = core::http_text(301, "this is a directory");
    std::string location = core::percent_encode(request.path, "/") + "/";
    if (!request.query.empty()) location += "?" + request.query;
    response.fields.emplace_back("Location", std::move(location));
    return response;
}

std::vector<core::HttpField> policy(const WebOptions& options) {
    std::vector<core::HttpField> fields;
    fields.emplace_back("X-Content-Type-Options", "nosniff");
    if (!options.content_security_policy.empty())
        fields.emplace_back("Content-Security-Policy", options.content_security_policy);
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(options.cache_time);
    fields.emplace_back("Cache-Control", seconds.count() == 0
                                             ? "no-cache"
                                             : "max-age=" + std::to_string(seconds.count()));
    return fields;
}

HttpResponse respond(const HttpRequest& request, Found found, const WebOptions& options) {
    core::HttpFileContent content;
    content.file = {std::move(found.file->file), 0, found.file->size};
    content.etag = std::move(found.file->etag);
    content.modified = found.file->modified;
    content.type = content_type(found.name);
    content.fields = policy(options);
    return core::answer_with_file(request, std::move(content));
}

Task<HttpResponse> answer_file(Context& here, HttpRequest request) {
    const WebOptions options = options_for(here, request);
    if (options.directory.empty() || !may_be_served(request.path)) co_return nothing_there();
    Found found;
    co_await here.shard().offload([&] { found = find_below(options.directory, request.path); },
                                  request.peer.network);
    if (found.is_directory) co_return redirect_to_directory(request);
    if (!found.file) co_return nothing_there();
    co_return respond(request, std::move(found), options);
}

HttpResponse text_of(std::string text, std::string_view type) {
    HttpResponse response;
    response.fields.emplace_back("Content-Type", std::string(type));
    response.fields.emplace_back("X-Content-Type-Options", "nosniff");
    response.fields.emplace_back("Cache-Control", "no-cache");
    response.body = std::move(text);
    return response;
}

/// Where programs that get certificates put them: below what they call the webroot, or there
/// itself.
std::optional<std::string> challenge(const std::string& directory, const std::string& token) {
    auto text = read_below(directory, std::string(acme_path) + token);
    return text ? text : read_below(directory, "/" + token);
}

Task<HttpResponse> answer_challenge(Context& here, HttpRequest request) {
    const WebOptions options = options_for(here, request);
    const std::string token = request.path.substr(acme_path.size());
    if (options.acme_directory.empty() || !is_token(token)) co_return nothing_there();
    std::optional<std::string> text;
    co_await here.shard().offload([&] { text = challenge(options.acme_directory, token); },
                                  request.peer.network);
    if (!text) co_return nothing_there();
    co_return text_of(std::move(*text), "text/plain; charset=utf-8");
}

Task<HttpResponse> answer_security(Context& here, HttpRequest request) {
    const WebOptions options = options_for(here, request);
    const fs::path file(options.security_txt);
    const std::string directory = file.parent_path(), name = "/" + file.filename().string();
    std::optional<std::string> text;
    if (!options.security_txt.empty())
        co_await here.shard().offload([&] { text = read_below(directory, name); },
                                      request.peer.network);
    if (text) co_return text_of(std::move(*text), "text/plain; charset=utf-8");
    auto from_directory = answer_file(here, std::move(request));
    co_return co_await std::move(from_directory);
}

bool has_directory(const Context& here) {
    const auto& hosts = here.domains().hosts();
    return std::any_of(hosts.begin(), hosts.end(), [&](const std::string& host) {
        return !here.options<WebOptions>(host).directory.empty();
    });
}

}  // namespace

std::string_view content_type(std::string_view name) {
    const std::size_t dot = name.rfind('.');
    const std::string end =
        dot == std::string_view::npos ? "" : to_lower_ascii(name.substr(dot + 1));
    for (const auto& [extension, type] : types)
        if (end == extension) return type;
    return "application/octet-stream";
}

bool may_be_served(std::string_view path) {
    if (path.starts_with(well_known)) path.remove_prefix(well_known.size() - 1);
    return path.starts_with('/') && path.find("/.") == std::string_view::npos &&
           path.find("//") == std::string_view::npos;
}

bool is_token(std::string_view text) {
    return !text.empty() && text.size() <= longest_token &&
           std::all_of(text.begin(), text.end(), [](char c) {
               return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '-' || c == '_';
           });
}

Found find_below(const std::string& directory, std::string_view path) {
    std::error_code error;
    const fs::path root = fs::canonical(directory, error);
    if (error || !path.starts_with('/')) return {};
    const bool slash = path.ends_with('/');
    const fs::path wanted = root.string().append(path).append(slash ? "index.html" : "");
    const fs::path target = fs::canonical(wanted, error);
    if (error || !is_below(root, target)) return {};
    // What a link leads to is no more to be seen than by its own name.
    if (target != root && !may_be_served("/" + target.lexically_relative(root).string())) return {};
    Found found;
    found.is_directory = !slash && fs::is_directory(target, error);
    if (found.is_directory) return found;
    if (auto opened = core::open_regular_file(target)) {
        found.file = std::move(*opened);
        found.name = target.filename();
    }
    return found;
}

std::optional<std::string> read_below(const std::string& directory, std::string_view path) {
    const Found found = find_below(directory, path);
    if (!found.file || found.file->size > longest_short_file) return std::nullopt;
    std::string text(found.file->size, '\0');
    const ssize_t got = ::pread(found.file->file->get(), text.data(), text.size(), 0);
    if (got < 0) return std::nullopt;
    text.resize(static_cast<std::size_t>(got));
    return text;
}

void WebOptions::declare(OptionTable<WebOptions>& t) {
    using namespace std::chrono_literals;
    t.section("web",
              "Files that are served by the listeners of type https and http, at the names of each "
              "host and of its [http] external_url.")
        .per_host();
    t.add("directory", &WebOptions::directory)
        .path()
        .doc(
            "Directory whose files are served at /, with index.html for what ends with a slash. "
            "Files whose names begin with a dot are not, nor what symbolic links lead to outside. "
            "Empty: nothing is.");
    t.add("acme_directory", &WebOptions::acme_directory)
        .path()
        .live()
        .doc(
            "Where a program that gets certificates (certbot, lego, acme.sh) puts the answers to "
            "an authority's challenge over HTTP: what it calls the webroot. They are served at "
            "/.well-known/acme-challenge/, for every name. Empty: they are not.");
    t.add("security_txt", &WebOptions::security_txt)
        .path()
        .live()
        .doc(
            "File served at /.well-known/security.txt (RFC 9116): whom to tell of holes, for "
            "people with a browser. Empty: what the directory has there.");
    t.add("content_security_policy", &WebOptions::content_security_policy)
        .live()
        .doc(
            "What pages in the directory may load and be shown in (Content-Security-Policy). "
            "Empty: "
            "browsers set no limits.");
    t.add("cache_time", &WebOptions::cache_time)
        .min(0s)
        .live()
        .doc(
            "How long browsers may keep a file of the directory without asking whether it has "
            "changed.");
}

void declare_options(OptionRegistry& registry) { registry.add<WebOptions>(); }

void install(core::ModuleSetup& setup) {
    setup.serve_http(
        {.path = std::string(acme_path), .methods = {"GET"}, .handle = answer_challenge});
    setup.serve_http(
        {.path = std::string(security_path), .methods = {"GET"}, .handle = answer_security});
    if (has_directory(setup.context()))
        setup.serve_http({.path = "/", .methods = {"GET"}, .handle = answer_file});
}

}  // namespace clarion::web_files
