#include "modules/http_upload/content.h"

#include <doctest/doctest.h>

#include <chrono>

namespace clarion::http_upload {
namespace {

using namespace std::chrono_literals;

TEST_CASE("content: only what cannot run is shown") {
    for (const char* type : {"image/png", "image/jpeg", "image/webp", "image/gif", "audio/ogg",
                             "video/mp4", "audio/mpeg"}) {
        CAPTURE(type);
        CHECK(is_shown(type));
        CHECK(answered_type(type) == type);
    }
    for (const char* type : {"text/html", "image/svg+xml", "application/xhtml+xml", "text/xml",
                             "application/javascript", "image/svg", "video/x+xml", "text/css", "",
                             "application/x-shockwave-flash", "multipart/mixed", "image/unheard"}) {
        CAPTURE(type);
        CHECK_FALSE(is_shown(type));
        CHECK(answered_type(type) == "application/octet-stream");
        CHECK(disposition(type, "a").starts_with("attachment;"));
    }
    for (const char* type : {"text/plain", "application/pdf"}) {
        CHECK(answered_type(type) == type);
        CHECK(disposition(type, "a").starts_with("attachment;"));
    }
}

TEST_CASE("content: names in Content-Disposition") {
    CHECK(disposition("image/png", "cat.png") ==
          "inline; filename=\"cat.png\"; filename*=UTF-8''cat.png");
    CHECK(disposition("text/html", "très \"cool\".html") ==
          "attachment; filename=\"tr_s _cool_.html\"; "
          "filename*=UTF-8''tr%C3%A8s%20%22cool%22.html");
    CHECK(disposition("", "a\\b%41;x=y") ==
          "attachment; filename=\"a_b_41;x=y\"; filename*=UTF-8''a%5Cb%2541%3Bx%3Dy");
    // Names like this are refused; if one came here it would still be a value.
    const std::string hostile = disposition("", "a\r\nSet-Cookie: x=y");
    CHECK(hostile.find('\r') == std::string::npos);
    CHECK(hostile.find('\n') == std::string::npos);
}

TEST_CASE("content: what is said of every file") {
    const auto value = [](const std::vector<core::HttpField>& fields, std::string_view name) {
        for (const auto& [key, said] : fields)
            if (key == name) return said;
        return std::string();
    };
    const auto fields = fields_of("text/html", "a.html", std::nullopt);
    CHECK(value(fields, "Content-Security-Policy") ==
          "default-src 'none'; frame-ancestors 'none'; sandbox");
    CHECK(value(fields, "X-Content-Type-Options") == "nosniff");
    CHECK(value(fields, "Cache-Control") == "public, max-age=31536000, immutable");
    // What will not be there any more is not kept longer by others.
    CHECK(value(fields_of("", "a", 90500ms), "Cache-Control") == "public, max-age=90, immutable");
    CHECK(value(fields_of("", "a", 24h * 1000), "Cache-Control") ==
          "public, max-age=31536000, immutable");
}

TEST_CASE("content: types") {
    CHECK(media_type(" Image/PNG ; q=1") == "image/png");
    CHECK(media_type("application/vnd.a+b") == "application/vnd.a+b");
    for (const char* none :
         {"", "image", "image/", "/png", "a b/c", "a/b c", "a/b\r\nX: y", "a/b/c"})
        CHECK_FALSE(media_type(none));
    CHECK_FALSE(media_type("a/" + std::string(126, 'b')));
    CHECK(is_one_of("image/png", {"audio/*", "image/*"}));
    CHECK(is_one_of("image/png", {"*/*"}));
    CHECK_FALSE(is_one_of("image/png", {"image/pn"}));
    CHECK_FALSE(is_one_of("", {"image/*"}));
}

}  // namespace
}  // namespace clarion::http_upload
