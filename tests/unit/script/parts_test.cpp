#include <doctest/doctest.h>

#include "proto/sasl.h"
#include "tests/script/runner/config_text.h"
#include "tests/script/runner/scram_client.h"
#include "tests/script/runner/transcript.h"
#include "tests/script/runner/variables.h"

using namespace clarion;
using namespace clarion::script;

TEST_CASE("variables: replaced wherever they stand, escaped for XML") {
    Variables variables;
    variables.set("Juliet's full JID", "juliet@localhost/o'clock");
    variables.set("id", "old");
    variables.set("id", "new");
    using Escape = Variables::Escape;
    CHECK(*variables.expand("to='${Juliet's full JID}' ${id}", Escape::xml) ==
          "to='juliet@localhost/o&apos;clock' new");
    CHECK(*variables.expand("${Juliet's full JID}", Escape::none) == "juliet@localhost/o'clock");
    CHECK(*variables.expand("a $ b ${", Escape::xml) == "a $ b ${");
    CHECK(variables.expand("${who}", Escape::xml).error().code == "unknown-variable");
}

TEST_CASE("configuration: later keys replace earlier ones in their table, lists are added") {
    ConfigText config;
    config.add("[push]\nmax_errors = 16\n[[listen]]\nport = 1\n");
    config.add("[[listen]]\nport = 2\n[push]\nmax_errors=2\ncoalesce_time = 0.1\n# comment\n");
    CHECK(config.text() ==
          "[push]\nmax_errors=2\ncoalesce_time = 0.1\n\n[[listen]]\nport = 1\n\n"
          "[[listen]]\nport = 2\n\n");
    CHECK(config.has_table("[push]"));
    CHECK_FALSE(config.has_table("[mam]"));
}

TEST_CASE("scram: the client convinces the server's side, and checks it in turn") {
    const auto stored = *sasl::make_credentials("password", 4096);
    ScramClient client("romeo", "password");
    sasl::ServerExchange server({.mechanism = sasl::Mechanism::scram_sha_256,
                                 .bindings = {},
                                 .plus_offered = false,
                                 .server_nonce = "nonce",
                                 .decoy_secret = {},
                                 .iterations = 4096,
                                 .advertised = {}});
    REQUIRE(std::holds_alternative<sasl::NeedCredentials>(server.start(client.first())));
    const auto challenge = server.credentials("romeo@localhost", stored);
    REQUIRE(std::holds_alternative<sasl::Challenge>(challenge));
    const auto reply = client.final_message(std::get<sasl::Challenge>(challenge).bytes);
    REQUIRE(reply.ok());
    const auto end = server.response(*reply);
    REQUIRE(std::holds_alternative<sasl::Success>(end));
    CHECK(client.verify(std::get<sasl::Success>(end).additional_data));
    CHECK_FALSE(client.verify("v=AAAA"));
    CHECK_FALSE(client.final_message("r=other,s=AAAA,i=1").ok());
}

TEST_CASE("transcript: XML is shown with a line per element") {
    CHECK(indented_xml("<a><b x='1'/><c>text</c><d><e/></d></a>", 2) ==
          "  <a>\n    <b x='1'/>\n    <c>text</c>\n    <d>\n      <e/>\n    </d>\n  </a>\n");
}
