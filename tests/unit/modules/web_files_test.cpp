// Files for browsers, and the answers to the challenges of authorities.
#include "modules/web_files.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>

#include "tests/support/directory.h"
#include "tests/support/web.h"

using namespace clarion;
using namespace clarion::test;
using namespace clarion::web_files;
namespace fs = std::filesystem;

namespace {

/// A directory with files, and one beside it that is nobody's business.
struct Site {
    Site() {
        write("www/index.html", "<p>home</p>");
        write("www/app/index.html", "<p>app</p>");
        write("www/app/main.js", "main()");
        write("www/.hidden", "secret");
        write("www/.git/config", "secret");
        write("www/.well-known/thing.json", "{}");
        write("outside/key.pem", "secret");
        fs::create_symlink("app/main.js", base / "www/inside.js");
        fs::create_symlink(base / "outside/key.pem", base / "www/out.pem");
        fs::create_directory_symlink(base / "outside", base / "www/out");
        fs::create_symlink(".hidden", base / "www/shown");
    }
    void write(const std::string& name, std::string_view text) const {
        fs::create_directories((base / name).parent_path());
        std::ofstream(base / name) << text;
    }
    std::string www() const { return base / "www"; }
    Directory directory;
    const fs::path base = directory.path;
};

struct Web {
    explicit Web(std::string config)
        : world({.modules = {{.name = "web_files",
                              .install = web_files::install,
                              .declare_options = web_files::declare_options}},
                 .config = std::move(config)}) {}
    core::HttpResponse get(std::string path, std::string host = "example.org") {
        core::HttpRequest request;
        request.method = "GET";
        request.path = std::move(path);
        request.host = std::move(host);
        auto answer = ask_web(world, std::move(request));
        REQUIRE(answer);
        return std::move(*answer);
    }
    World world;
};

std::string name_found(const Site& site, std::string_view path) {
    const Found found = find_below(site.www(), path);
    return found.file ? found.name : found.is_directory ? "a directory" : "nothing";
}

}  // namespace

TEST_CASE("the type of a file is known by its name") {
    CHECK(content_type("index.html") == "text/html; charset=utf-8");
    CHECK(content_type("a.b.WOFF2") == "font/woff2");
    CHECK(content_type("README") == "application/octet-stream");
    CHECK(content_type("a.unknown") == "application/octet-stream");
}

TEST_CASE("names that begin with a dot are not for everybody") {
    for (const char* good : {"/", "/a", "/a/b.c/", "/.well-known/a"}) CHECK(may_be_served(good));
    for (const char* bad : {"", "a", "/.a", "/a/.b", "/a/../b", "//a", "/a//b", "/.well-known/.a",
                            "/a/.well-known/b", "/.well-known"})
        CHECK_FALSE(may_be_served(bad));
}

TEST_CASE("tokens of challenges are base64url") {
    CHECK(is_token("LoqXcYV8q5ONbJQxbmR7SCTNo3tiAXDfowyjxAjEuX0"));
    CHECK(is_token("a-b_c"));
    for (const char* bad : {"", "a/b", "a.b", "a=", "a b", "..", "\xc3\xa4"})
        CHECK_FALSE(is_token(bad));
    CHECK_FALSE(is_token(std::string(256, 'a')));
}

TEST_CASE("a path leads below the directory or to nothing") {
    const Site site;
    CHECK(name_found(site, "/") == "index.html");
    CHECK(name_found(site, "/app/") == "index.html");
    CHECK(name_found(site, "/app") == "a directory");
    CHECK(name_found(site, "/app/main.js") == "main.js");
    CHECK(name_found(site, "/inside.js") == "main.js");
    CHECK(name_found(site, "/.well-known/thing.json") == "thing.json");
    for (const char* bad : {"/none", "/app/none/", "/index.html/", "/out.pem", "/out/key.pem",
                            "/out", "/shown", "/../outside/key.pem", "relative", ""})
        CHECK(name_found(site, bad) == "nothing");
    CHECK(name_found(site, site.www() + "/index.html") == "nothing");
    CHECK_FALSE(find_below("/nowhere/at/all", "/").file);
    CHECK(read_below(site.www(), "/app/main.js") == "main()");
    CHECK_FALSE(read_below(site.www(), "/out.pem"));
}

TEST_CASE("files are served with what browsers must know") {
    const Site site;
    Web web("[web]\ndirectory = \"" + site.www() + "\"\n");
    const auto page = web.get("/");
    CHECK(page.status == 200);
    CHECK(field(page, "Content-Type") == "text/html; charset=utf-8");
    CHECK(field(page, "X-Content-Type-Options") == "nosniff");
    CHECK(field(page, "Cache-Control") == "no-cache");
    CHECK(field(page, "Content-Security-Policy").starts_with("default-src 'self'"));
    CHECK_FALSE(field(page, "ETag").empty());
    const auto& file = std::get<core::HttpFile>(page.body);
    CHECK(file.size == 11);
    const auto moved = web.get("/app");
    CHECK(moved.status == 301);
    CHECK(field(moved, "Location") == "/app/");
    for (const char* hidden : {"/.hidden", "/.git/config", "/out.pem", "/none", "//app"})
        CHECK(web.get(hidden).status == 404);
}

TEST_CASE("each host may have a directory of its own, with a policy") {
    const Site site;
    Web web("[host.\"example.net\".web]\ndirectory = \"" + site.www() +
            "\"\ncontent_security_policy = \"\"\ncache_time = \"1h\"\n");
    CHECK(web.get("/", "example.org").status == 404);
    const auto page = web.get("/", "example.net");
    CHECK(page.status == 200);
    CHECK(field(page, "Content-Security-Policy").empty());
    CHECK(field(page, "Cache-Control") == "max-age=3600");
}

TEST_CASE("without a directory nothing is served at /") {
    Web web("");
    CHECK(web.world.core(0).http_routes().find("/index.html") == nullptr);
    CHECK(web.get("/.well-known/security.txt").status == 404);
    CHECK(web.get("/.well-known/acme-challenge/abc").status == 404);
}

TEST_CASE("challenges are answered from the webroot, or from the directory itself") {
    const Site site;
    site.write("acme/.well-known/acme-challenge/token-1", "token-1.thumb");
    site.write("acme/token-2", "token-2.thumb");
    site.write("acme/secret.txt", "secret");
    Web web("[web]\nacme_directory = \"" + (site.base / "acme").string() + "\"\n");
    for (const char* token : {"token-1", "token-2"}) {
        const auto answer =
            web.get("/.well-known/acme-challenge/" + std::string(token), "any.name");
        CHECK(answer.status == 200);
        CHECK(field(answer, "Content-Type") == "text/plain; charset=utf-8");
        CHECK(std::get<std::string>(answer.body) == std::string(token) + ".thumb");
    }
    for (const char* other : {"", "none", "secret.txt", "a/b", ".well-known"})
        CHECK(web.get("/.well-known/acme-challenge/" + std::string(other)).status == 404);
}

TEST_CASE("security.txt is a file of its own, or the directory's") {
    const Site site;
    site.write("security.txt", "Contact: mailto:security@example.org\n");
    Web own("[web]\nsecurity_txt = \"" + (site.base / "security.txt").string() + "\"\n");
    const auto answer = own.get("/.well-known/security.txt");
    CHECK(answer.status == 200);
    CHECK(std::get<std::string>(answer.body).starts_with("Contact: "));
    site.write("www/.well-known/security.txt", "Contact: https://example.org\n");
    Web shared("[web]\ndirectory = \"" + site.www() + "\"\n");
    CHECK(shared.get("/.well-known/security.txt").status == 200);
}
