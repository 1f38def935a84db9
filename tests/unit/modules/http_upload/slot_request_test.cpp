#include "modules/http_upload/slot_request.h"

#include <doctest/doctest.h>

#include <chrono>

#include "proto/ns.h"
#include "proto/xml_writer.h"

namespace clarion::http_upload {
namespace {

using namespace std::chrono_literals;

constexpr WallTime now{1'700'000'000s};  // 2023-11-14T22:13:20Z

SlotVerdict judge(const std::string& attributes, const UploadOptions& options = {},
                  const std::string& inside = {}) {
    const auto request = xml::parse_element(
        "<request xmlns='urn:xmpp:http:upload:0' " + attributes + ">" + inside + "</request>",
        ns::client);
    return judge_request(request.root(), options, now);
}

/// "" if it is taken.
std::string refusal(const SlotVerdict& verdict) {
    const auto* refused = std::get_if<SlotRefusal>(&verdict);
    return refused ? std::string(name(refused->error.condition)) : std::string();
}

std::string with_name(const std::string& file) { return "filename='" + file + "' size='1'"; }
std::string with_size(const std::string& size) { return "filename='a' size='" + size + "'"; }
std::string purpose(const std::string& name, const std::string& attributes = {}) {
    return "<" + name + " xmlns='urn:xmpp:http:upload:purpose:0' " + attributes + "/>";
}

TEST_CASE("slot request: what is wanted") {
    const auto verdict =
        judge("filename='très cool.jpg' size='23456' content-type='Image/JPEG; x=y'");
    const auto* wanted = std::get_if<SlotRequest>(&verdict);
    REQUIRE(wanted);
    CHECK(wanted->name == "très cool.jpg");
    CHECK(wanted->size == 23456);
    CHECK(wanted->type == "image/jpeg");
    CHECK(wanted->purpose == Purpose::message);
    CHECK_FALSE(wanted->expire_before);
}

TEST_CASE("slot request: sizes that there are not") {
    for (const char* size : {"", "0", "-1", "x", "1.5", "0x10", " 1", "1 ", "+1",
                             "9223372036854775808", "99999999999999999999999"}) {
        CAPTURE(size);
        CHECK(refusal(judge(with_size(size))) == "bad-request");
    }
    CHECK(refusal(judge("filename='a'")) == "bad-request");
    CHECK(refusal(judge(with_size("1"))).empty());
}

TEST_CASE("slot request: a file that is too large, with what may be") {
    const UploadOptions options{.max_file_size = 1000};
    CHECK(refusal(judge(with_size("1000"), options)).empty());
    const auto verdict = judge(with_size("1001"), options);
    CHECK(refusal(verdict) == "not-acceptable");
    CHECK(std::get<SlotRefusal>(verdict).max_file_size == 1000);
    // However large files may be, one that is larger than all of them may be will never do.
    CHECK(refusal(judge(with_size("501"), {.quota = 500})) == "not-acceptable");
    CHECK(refusal(judge(with_size("501"), {.daily_quota = 500})) == "not-acceptable");
    CHECK(refusal(judge(with_size("501"), {.profile_quota = 500})).empty());
    CHECK(refusal(judge(with_size("501"), {.profile_quota = 500}, purpose("profile"))) ==
          "not-acceptable");
    CHECK(refusal(judge(with_size("9223372036854775807"))) == "not-acceptable");
}

TEST_CASE("slot request: names that files do not have") {
    for (const char* file : {"", "a/b", "/", "..", ".", "a\\b", "a&#x9;b", "a&#xA;b", "a&#x7f;",
                             "a&#x85;b", "a&#x9f;"}) {
        CAPTURE(file);
        CHECK(refusal(judge(with_name(file))) == "bad-request");
    }
    CHECK(refusal(judge("size='1'")) == "bad-request");
    CHECK(refusal(judge(with_name(std::string(255, 'a')))).empty());
    CHECK(refusal(judge(with_name(std::string(256, 'a')))) == "bad-request");
    for (const char* file : {"...", "a b", "%2e%2e", "&#xA0;", "日本.txt", "\"quoted\"", "-rf"})
        CHECK(refusal(judge(with_name(file))).empty());
}

TEST_CASE("slot request: types") {
    const auto typed = [](const std::string& type) {
        return with_size("1") + " content-type='" + type + "'";
    };
    for (const char* type : {"image", "image/", "/png", "a b/c", "text/pl&#xA;ain", "a/b/c", "é/x"})
        CHECK(refusal(judge(typed(type))) == "bad-request");
    CHECK(refusal(judge(typed(""))).empty());
    const UploadOptions options{.allowed_types = {"image/*", "Text/Plain"}};
    CHECK(refusal(judge(typed("image/png"), options)).empty());
    CHECK(refusal(judge(typed("text/plain; charset=utf-8"), options)).empty());
    CHECK(refusal(judge(typed("text/html"), options)) == "not-acceptable");
    CHECK(refusal(judge(typed("imagery/png"), options)) == "not-acceptable");
    CHECK(refusal(judge(with_size("1"), options)) == "not-acceptable");
}

TEST_CASE("slot request: purposes") {
    const auto of = [](const std::string& inside, const UploadOptions& options = {}) {
        return judge(with_size("1"), options, inside);
    };
    CHECK(std::get<SlotRequest>(of(purpose("message"))).purpose == Purpose::message);
    CHECK(std::get<SlotRequest>(of(purpose("profile"))).purpose == Purpose::profile);
    CHECK(std::get<SlotRequest>(of(purpose("permanent"))).purpose == Purpose::permanent);
    CHECK(refusal(of(purpose("party"))) == "feature-not-implemented");
    const UploadOptions few{.purposes = {"profile"}};
    CHECK(refusal(of(purpose("permanent"), few)) == "feature-not-implemented");
    CHECK(refusal(of(purpose("message"), few)).empty());
    CHECK(refusal(of("<other xmlns='urn:example:1'/>")).empty());
    const auto kept = of(purpose("ephemeral", "expire-before='2023-11-15T22:13:20Z'"));
    REQUIRE(refusal(kept).empty());
    CHECK(std::get<SlotRequest>(kept).expire_before == now + 24h);
    for (const char* before :
         {"", "expire-before=''", "expire-before='soon'", "expire-before='2023-11-14T22:13:20Z'",
          "expire-before='1999-01-01T00:00:00Z'"})
        CHECK(refusal(of(purpose("ephemeral", before))) == "bad-request");
}

TEST_CASE("slot request: what a refusal says") {
    auto document = xml::parse_element(
        "<iq type='get' id='1' from='romeo@example.org/a' to='upload.example.org'>"
        "<request xmlns='urn:xmpp:http:upload:0' filename='a' size='5'/></iq>",
        ns::client);
    const auto request = Stanza::from_document(std::move(document));
    REQUIRE(request);
    const auto large = make_refusal(
        **request, {.error = {StanzaErrorCondition::not_acceptable}, .max_file_size = 20000});
    const xml::Element* error = large->root().child(ns::client, "error");
    REQUIRE(error);
    CHECK(error->attr("type") == "modify");
    const xml::Element* too_large = error->child(ns::http_upload, "file-too-large");
    REQUIRE(too_large);
    CHECK(too_large->child_text(ns::http_upload, "max-file-size") == "20000");
    const auto later = make_refusal(
        **request, {.error = {StanzaErrorCondition::resource_constraint, StanzaErrorType::wait},
                    .again = now + 1ms});
    const xml::Element* retry =
        later->root().child(ns::client, "error")->child(ns::http_upload, "retry");
    REQUIRE(retry);
    CHECK(retry->attr("stamp") == "2023-11-14T22:13:21Z");  // not too early
    CHECK(later->to().full() == "romeo@example.org/a");
}

}  // namespace
}  // namespace clarion::http_upload
