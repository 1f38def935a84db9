#include "server/core/http/http_form.h"

#include <doctest/doctest.h>

using namespace clarion::core;

TEST_CASE("a form is decoded; what is none is refused") {
    const auto form = HttpForm::parse("name=J%C3%BCrgen+M&empty=&flag&name=second&a%3Db=c");
    REQUIRE(form);
    CHECK(form->value("name") == "J\xc3\xbcrgen M");
    CHECK(form->value("empty") == "");
    CHECK(form->has("flag"));
    CHECK_FALSE(form->has("other"));
    CHECK(form->value("a=b") == "c");
    CHECK(HttpForm::parse("")->fields().empty());
    CHECK_FALSE(HttpForm::parse("a=%zz"));
    CHECK_FALSE(HttpForm::parse("a=%ff"));
    CHECK_FALSE(HttpForm::parse("%c3=a"));
    std::string many;
    for (std::size_t i = 0; i < HttpForm::most_fields; ++i) many += "a=b&";
    CHECK(HttpForm::parse(many));
    CHECK_FALSE(HttpForm::parse(many + "a=b"));
    CHECK(encode_query({{"a b", "c&d"}, {"e", "f"}}) == "a%20b=c%26d&e=f");
}

TEST_CASE("cookies are found by their whole name") {
    HttpRequest request;
    request.fields = {{"cookie", "x=1; __Host-session=abc; session=other"}};
    CHECK(cookie(request, "__Host-session") == "abc");
    CHECK(cookie(request, "session") == "other");
    CHECK(cookie(request, "sess") == "");
    CHECK(cookie(HttpRequest{}, "x") == "");
}

TEST_CASE("who was sent by another site is told from who was not") {
    struct Row {
        std::vector<HttpField> fields;
        bool ours;
    };
    const std::vector<Row> rows{
        {{{"Sec-Fetch-Site", "same-origin"}}, true},
        {{{"Sec-Fetch-Site", "none"}}, true},
        {{{"Sec-Fetch-Site", "same-site"}}, false},
        {{{"Sec-Fetch-Site", "cross-site"}, {"Origin", "https://chat.example.org"}}, false},
        {{{"Origin", "https://chat.example.org:5281"}}, true},
        {{{"Origin", "https://evil.example.org"}}, false},
        {{{"Origin", "null"}}, false},
        {{}, true},
    };
    for (const Row& row : rows) {
        HttpRequest request;
        request.host = "chat.example.org";
        request.fields = row.fields;
        CAPTURE(row.fields.empty() ? std::string() : row.fields[0].second);
        CHECK(is_of_this_site(request) == row.ours);
    }
}
