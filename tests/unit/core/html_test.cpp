#include "server/core/http/html.h"

#include <doctest/doctest.h>

#include "server/core/http/web_page.h"

using namespace clarion::core;

TEST_CASE("what is put into a page is text, whatever it looks like") {
    const std::string name = "<script>alert(1)</script>\" onclick='x' &amp;\x01";
    const Html cell = html("<td title=\"{}\">{}</td>", name, name);
    CHECK(cell.text() ==
          "<td title=\"&lt;script&gt;alert(1)&lt;/script&gt;&quot; onclick=&#39;x&#39; "
          "&amp;amp;\">&lt;script&gt;alert(1)&lt;/script&gt;&quot; onclick=&#39;x&#39; "
          "&amp;amp;</td>");
    CHECK(html("<p>{}</p>", "{}").text() == "<p>{}</p>");
}

TEST_CASE("pieces of pages and numbers go in as they are") {
    Html list;
    CHECK(list.empty());
    for (int i = 0; i < 2; ++i) list += html("<li>{}</li>", i);
    CHECK(html("<ul>{}</ul>{}", list, std::uint64_t{7}).text() == "<ul><li>0</li><li>1</li></ul>7");
}

TEST_CASE("a page is not shown in frames, keeps nothing and loads nothing from elsewhere") {
    const HttpResponse response =
        answer_with_page({.title = "<b>", .body = html("<p>hello</p>"), .secret_address = true});
    const auto field = [&](std::string_view name) {
        for (const auto& [key, value] : response.fields)
            if (key == name) return value;
        return std::string();
    };
    CHECK(field("X-Frame-Options") == "DENY");
    CHECK(field("Content-Security-Policy").starts_with("default-src 'none';"));
    CHECK(field("Content-Security-Policy").find("frame-ancestors 'none'") != std::string::npos);
    CHECK(field("Referrer-Policy") == "no-referrer");
    CHECK(field("Cache-Control") == "no-store");
    const auto& text = std::get<std::string>(response.body);
    CHECK(text.find("<title>&lt;b&gt;</title>") != std::string::npos);
    CHECK(text.find("<main id=\"main\">\n<p>hello</p>\n</main>") != std::string::npos);
    CHECK(text.find("http") == std::string::npos);
}
