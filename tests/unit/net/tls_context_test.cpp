#include "server/net/tls_context.h"

#include <doctest/doctest.h>

#include <fstream>

#include "server/base/clock.h"
#include "server/net/tls_names.h"
#include "tests/unit/net/loop.h"

using namespace clarion;
using namespace clarion::net;

namespace {

Result<TlsContexts::Loaded> load(const std::string& tls, WallTime now = system_clock().wall()) {
    const auto config = test::make_config("[server]\ndomains = [\"example.org\"]\n[tls]\n" + tls);
    return TlsContexts::load(*config, {"example.org"}, now);
}

std::string files(const std::string& certificate, const std::string& key) {
    return "certificate = \"" + certificate + "\"\nprivate_key = \"" + key + "\"\n";
}

bool mentions(const Error& error, const std::string& what) {
    return error.code == "tls-config" && error.text.find(what) != std::string::npos;
}

}  // namespace

TEST_SUITE("net/tls_context") {
    TEST_CASE("no certificate is no error, and no TLS to offer") {
        const auto loaded = load("");
        REQUIRE(loaded.ok());
        CHECK(!loaded->contexts->has_certificate("example.org"));
        CHECK(loaded->contexts->context_for("example.org") != nullptr);  // for connecting out
        CHECK(loaded->contexts->context_named("example.org") == nullptr);
    }

    TEST_CASE("what is wrong with a file is said with its name") {
        test::TemporaryDirectory directory;
        directory.make_certificate("a", "example.org");
        directory.make_certificate("b", "example.org");
        const std::string base = directory.path() + "/";
        std::ofstream(base + "empty.pem") << "nothing\n";

        auto missing = load(files(base + "none.pem", base + "a.key.pem"));
        REQUIRE(!missing.ok());
        CHECK(mentions(missing.error(), "none.pem: No such file"));
        auto no_pem = load(files(base + "empty.pem", base + "a.key.pem"));
        REQUIRE(!no_pem.ok());
        CHECK(mentions(no_pem.error(), "empty.pem"));
        auto mismatch = load(files(base + "a.pem", base + "b.key.pem"));
        REQUIRE(!mismatch.ok());
        CHECK(mentions(mismatch.error(), "b.key.pem: does not belong to"));
        auto no_key = load("certificate = \"" + base + "a.pem\"\n");
        REQUIRE(!no_key.ok());
        CHECK(mentions(no_key.error(), "no private_key"));
        auto no_ca = load("ca = \"" + base + "none.pem\"\n");
        REQUIRE(!no_ca.ok());
        CHECK(mentions(no_ca.error(), "none.pem"));
    }

    TEST_CASE("expired certificates and foreign names are warnings") {
        test::TemporaryDirectory directory;
        directory.make_certificate("a", "example.org", 10);
        directory.make_certificate("b", "shop.example", 10);
        const std::string base = directory.path() + "/";
        const auto later = system_clock().wall() + std::chrono::hours(24 * 30);
        const auto expired = load(files(base + "a.pem", base + "a.key.pem"), later);
        REQUIRE(expired.ok());
        REQUIRE(expired->warnings.size() == 1);
        CHECK(expired->warnings[0].find("a.pem expired on") != std::string::npos);
        CHECK(expired->contexts->has_certificate("example.org"));
        const auto foreign = load(files(base + "b.pem", base + "b.key.pem"));
        REQUIRE(foreign.ok());
        REQUIRE(foreign->warnings.size() == 1);
        CHECK(foreign->warnings[0].find("not made out to example.org") != std::string::npos);
    }

    TEST_CASE("wildcards stand for exactly one label") {
        CHECK(dns_name_matches("example.org", "EXAMPLE.org"));
        CHECK(dns_name_matches("*.example.org", "a.example.org"));
        CHECK(!dns_name_matches("*.example.org", "example.org"));
        CHECK(!dns_name_matches("*.example.org", "a.b.example.org"));
        CHECK(!dns_name_matches("a*.example.org", "ab.example.org"));
        CHECK(!dns_name_matches("*.*.org", "a.b.org"));
        CHECK(!dns_name_matches("", ""));
    }
}
