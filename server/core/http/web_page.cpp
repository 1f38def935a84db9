#include "server/core/http/web_page.h"

#include "base/text.h"
#include "proto/crypto.h"
#include "server/core/http/page_assets.h"

namespace clarion::core {

namespace {

constexpr std::string_view policy =
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src "
    "'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Browsers keep them until they change: the address says which they are.
std::string versioned(std::string_view path, std::string_view content) {
    return std::string(path) + "?" + hex_encode(crypto::sha256(content)).substr(0, 12);
}

Html head(const WebPage& page) {
    static const std::string style = versioned(style_path, page_style);
    static const std::string script = versioned(script_path, page_script);
    return html(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
        "<meta name=\"color-scheme\" content=\"light dark\">\n"
        "<meta name=\"robots\" content=\"noindex\">\n<title>{}</title>\n"
        "<link rel=\"stylesheet\" href=\"{}\">\n<link rel=\"icon\" href=\"data:,\">\n"
        "<script src=\"{}\" defer></script>\n</head>\n",
        page.title, style, script);
}

HttpResponse asset(std::string_view type, std::string_view content) {
    HttpResponse response;
    response.fields.emplace_back("Content-Type", std::string(type));
    response.fields.emplace_back("X-Content-Type-Options", "nosniff");
    response.fields.emplace_back("Cache-Control", "public, max-age=31536000, immutable");
    response.body = std::string(content);
    return response;
}

}  // namespace

HttpResponse answer_with_page(WebPage page) {
    Html whole = head(page);
    whole += html(
        "<body>\n<a class=\"skip\" href=\"#main\">Skip to the content</a>\n{}<main "
        "id=\"main\">\n{}\n</main>\n</body>\n</html>\n",
        page.header, page.body);
    HttpResponse response;
    response.status = page.status;
    response.fields.emplace_back("Content-Type", "text/html; charset=utf-8");
    response.fields.emplace_back("Content-Security-Policy", std::string(policy));
    response.fields.emplace_back("X-Frame-Options", "DENY");
    response.fields.emplace_back("X-Content-Type-Options", "nosniff");
    response.fields.emplace_back("Referrer-Policy",
                                 page.secret_address ? "no-referrer" : "same-origin");
    response.fields.emplace_back("Cross-Origin-Opener-Policy", "same-origin");
    response.fields.emplace_back("Cache-Control", "no-store");
    response.body = whole.text();
    return response;
}

HttpResponse see_other(std::string location) {
    HttpResponse response = http_text(303, "see " + location);
    response.fields.emplace_back("Location", std::move(location));
    response.fields.emplace_back("Cache-Control", "no-store");
    return response;
}

void serve_page_assets(HttpRoutes& routes) {
    routes.add({.path = std::string(style_path),
                .methods = {"GET"},
                .handle = [](Context&, HttpRequest) -> Task<HttpResponse> {
                    co_return asset("text/css; charset=utf-8", page_style);
                }});
    routes.add({.path = std::string(script_path),
                .methods = {"GET"},
                .handle = [](Context&, HttpRequest) -> Task<HttpResponse> {
                    co_return asset("text/javascript; charset=utf-8", page_script);
                }});
}

}  // namespace clarion::core
