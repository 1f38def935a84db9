// When certificate files are read again, and what is said of those that are in use.
#include "server/app/certificates.h"

#include <doctest/doctest.h>

namespace clarion::app {
namespace {

using Step = FileWatch::Step;

TEST_CASE("files are read when they have changed, and only then") {
    FileWatch watch;
    watch.note("1", true);
    CHECK(watch.look("1") == Step::nothing);
    CHECK(watch.look("2") == Step::read);
    watch.note("2", true);
    CHECK(watch.look("2") == Step::nothing);
}

TEST_CASE("what cannot be used is told once, when nobody writes any more") {
    FileWatch watch;
    watch.note("certificate 1, key 1", true);
    CHECK(watch.look("certificate 2, key 1") == Step::read);
    watch.note("certificate 2, key 1", false);
    SUBCASE("the key follows") {
        CHECK(watch.look("certificate 2, key 2") == Step::read);
        watch.note("certificate 2, key 2", true);
        CHECK(watch.look("certificate 2, key 2") == Step::nothing);
    }
    SUBCASE("the key does not follow") {
        CHECK(watch.look("certificate 2, key 1") == Step::tell);
        CHECK(watch.look("certificate 2, key 1") == Step::nothing);
        CHECK(watch.look("certificate 2, key 2") == Step::read);
        watch.note("certificate 2, key 2", false);
        CHECK(watch.look("certificate 2, key 2") == Step::tell);
    }
}

TEST_CASE("of several things that are wrong with a certificate the worst is told") {
    using namespace std::chrono_literals;
    const WallTime now{std::chrono::seconds(1'800'000'000)};
    net::CertificateInfo good{.domain = "example.org",
                              .file = "/a.pem",
                              .valid_from = now - 24h,
                              .valid_until = now + 24h * 60,
                              .names_domain = true};
    CHECK_FALSE(judge(good, now, 24h * 14));
    auto soon = good;
    soon.valid_until = now + 24h * 3 + 1h;
    CHECK(judge(soon, now, 24h * 14)->what.find("in 3 days") != std::string::npos);
    CHECK_FALSE(judge(soon, now, 24h * 14)->serious);
    auto expired = good;
    expired.valid_until = now;
    expired.names_domain = false;
    CHECK(judge(expired, now, 24h * 14)->what.find("expired on") != std::string::npos);
    auto other = good;
    other.names_domain = false;
    CHECK(judge(other, now, 24h * 14)->serious);
}

}  // namespace
}  // namespace clarion::app
