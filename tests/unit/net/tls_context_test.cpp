#include "server/net/transport/tls_context.h"

#include <doctest/doctest.h>

#include <fstream>

#include "base/clock.h"
#include "server/net/transport/tls_names.h"
#include "tests/unit/net/loop.h"

using namespace clarion;
using namespace clarion::net;

namespace {

Result<TlsContexts::Loaded> load(const std::string& tls) {
    const auto config = test::make_config("[server]\ndomains = [\"example.org\"]\n[tls]\n" + tls);
    return TlsContexts::load(*config, {"example.org"});
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

    TEST_CASE("what a certificate says is there to be judged") {
        test::TemporaryDirectory directory;
        directory.make_certificate("a", "example.org", 10);
        directory.make_certificate("b", "shop.example", 10);
        const std::string base = directory.path() + "/";
        const auto own = load(files(base + "a.pem", base + "a.key.pem"));
        REQUIRE(own.ok());
        REQUIRE(own->certificates.size() == 1);
        const CertificateInfo& info = own->certificates[0];
        CHECK(info.domain == "example.org");
        CHECK(info.file == base + "a.pem");
        CHECK(info.names_domain);
        CHECK(info.names == std::vector<std::string>{"example.org", "*.example.org"});
        const auto left = info.valid_until - system_clock().wall();
        CHECK(left > std::chrono::hours(9 * 24));
        CHECK(left <= std::chrono::hours(10 * 24));
        CHECK(
            own->contexts->is_made_out_to("push.example.org"));  // no domain of ours: by the first
        CHECK_FALSE(own->contexts->is_made_out_to("push.example.net"));

        const auto foreign = load(files(base + "b.pem", base + "b.key.pem"));
        REQUIRE(foreign.ok());
        CHECK(foreign->contexts->has_certificate("example.org"));
        CHECK_FALSE(foreign->certificates.at(0).names_domain);
        CHECK(foreign->certificates.at(0).fingerprint != info.fingerprint);
    }

    TEST_CASE("everything that is wrong is found, and whose option it is") {
        const auto config = test::make_config(
            "[server]\ndomains = [\"a.example\", \"b.example\"]\n"
            "[tls]\ncertificate = \"/no/a.pem\"\nprivate_key = \"/no/a.key\"\n"
            "ca = \"/no/ca.pem\"\n"
            "[host.\"b.example\".tls]\ncertificate = \"/no/b.pem\"\n");
        const auto found = TlsContexts::inspect(*config, {"a.example", "b.example"});
        std::vector<std::string> options;
        for (const auto& problem : found.problems)
            options.push_back(problem.domain + " " + problem.option);
        CHECK(options == std::vector<std::string>{"a.example ca", "a.example certificate",
                                                  "b.example certificate"});
    }

    TEST_CASE("when files have changed, a domain with a problem keeps what it has") {
        test::TemporaryDirectory directory;
        for (const char* name : {"a", "b"})
            directory.make_certificate(name, std::string(name) + ".example");
        const std::string base = directory.path() + "/";
        const auto config = test::make_config(
            "[server]\ndomains = [\"a.example\", \"b.example\"]\n[tls]\n" +
            files(base + "a.pem", base + "a.key.pem") + "[host.\"b.example\".tls]\n" +
            files(base + "b.pem", base + "b.key.pem"));
        const std::vector<std::string> domains{"a.example", "b.example"};
        auto before = TlsContexts::load(*config, domains);
        REQUIRE(before.ok());
        std::ofstream(base + "a.pem") << "nothing\n";
        const auto now = TlsContexts::renew(*config, domains, *before->contexts);
        REQUIRE(now.problems.size() == 1);
        CHECK(now.problems[0].domain == "a.example");
        REQUIRE(now.certificates.size() == 2);
        CHECK(now.certificates[0].fingerprint == before->certificates[0].fingerprint);
        CHECK(now.contexts->context_for("a.example") == before->contexts->context_for("a.example"));
        CHECK(now.contexts->context_for("b.example") != before->contexts->context_for("b.example"));
        CHECK(now.contexts->has_certificate("a.example"));
        CHECK(now.contexts->is_made_out_to("a.example"));
        // What is kept outlives the set that it came from.
        before = TlsContexts::renew(*config, domains, *now.contexts);
        CHECK(now.contexts->is_made_out_to("a.example"));
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
