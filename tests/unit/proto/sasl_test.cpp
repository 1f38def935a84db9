#include "proto/sasl.h"

#include "base/text.h"

#include <doctest/doctest.h>

#include <array>

using namespace clarion;
using namespace clarion::sasl;

namespace {

std::string unbase64(std::string_view text) {
    const auto bytes = base64_decode(text);
    REQUIRE(bytes.ok());
    return bytes.value();
}

ExchangeOptions options_for(Mechanism mechanism) {
    ExchangeOptions options;
    options.mechanism = mechanism;
    options.server_nonce = "3rfcNHYJY1ZVvWVs7j";
    options.decoy_secret = "secret of this server";
    options.iterations = 4096;
    return options;
}

// "pencil" as the RFCs' examples store it.
Credentials pencil() {
    return {*derive_scram(Hash::sha1, "pencil", unbase64("QSXCR+Q6sek8bf92"), 4096),
            *derive_scram(Hash::sha256, "pencil", unbase64("W22ZaJ0SNY7soEsUEjb6gQ=="), 4096)};
}

// The condition a step failed with, or what it was instead.
std::string outcome(const Step& step) {
    if (const auto* failure = std::get_if<Failure>(&step))
        return std::string(name(failure->condition));
    if (std::holds_alternative<Success>(step)) return "success";
    return std::holds_alternative<Challenge>(step) ? "challenge" : "need-credentials";
}

std::string challenge_of(const Step& step) {
    REQUIRE(std::holds_alternative<Challenge>(step));
    return std::get<Challenge>(step).bytes;
}

std::string attribute(std::string_view message, std::string_view key) {
    const std::size_t at = message.find(key);
    REQUIRE(at != std::string_view::npos);
    const std::string_view rest = message.substr(at + key.size());
    return std::string(rest.substr(0, rest.find(',')));
}

// What a client does with the server-first-message.
std::string client_final(Hash hash, std::string_view password, std::string_view first_bare,
                         std::string_view server_first, std::string_view channel) {
    const auto keys =
        derive_scram(hash, password, unbase64(attribute(server_first, "s=")),
                     static_cast<std::uint32_t>(std::stoul(attribute(server_first, ",i="))));
    const std::string salted =
        crypto::pbkdf2(hash, password, unbase64(attribute(server_first, "s=")),
                       static_cast<std::uint32_t>(std::stoul(attribute(server_first, ",i="))));
    std::string message = "c=" + base64_encode(channel) + ",r=" + attribute(server_first, "r=");
    const std::string auth =
        std::string(first_bare) + "," + std::string(server_first) + "," + message;
    std::string proof = crypto::hmac(hash, salted, "Client Key");
    const std::string signature = crypto::hmac(hash, keys.value().stored_key, auth);
    for (std::size_t i = 0; i < proof.size(); ++i) {
        proof[i] = static_cast<char>(proof[i] ^ signature[i]);
    }
    return message + ",p=" + base64_encode(proof);
}

// A whole exchange of a client that knows `password`; returns its outcome.
std::string authenticate(ExchangeOptions options, std::string_view gs2, std::string_view binding,
                         std::string_view password, const std::optional<Credentials>& stored) {
    const bool old = name(options.mechanism).starts_with("SCRAM-SHA-1");
    const Hash hash = old ? Hash::sha1 : Hash::sha256;
    ServerExchange exchange(std::move(options));
    const std::string bare = "n=user,r=fyko+d2lbbFgONRv9qkxdawL";
    const Step first = exchange.start(std::string(gs2) + bare);
    if (!std::holds_alternative<NeedCredentials>(first)) return outcome(first);
    const std::string server_first = challenge_of(exchange.credentials("user@example.org", stored));
    return outcome(exchange.response(
        client_final(hash, password, bare, server_first, std::string(gs2) + std::string(binding))));
}

std::string first_outcome(Mechanism mechanism, std::string_view message) {
    ServerExchange exchange(options_for(mechanism));
    return outcome(exchange.start(message));
}

// A SCRAM-SHA-1 exchange that has sent the challenge of RFC 5802's example.
ServerExchange challenged() {
    ServerExchange exchange(options_for(Mechanism::scram_sha_1));
    REQUIRE(outcome(exchange.start("n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL")) == "need-credentials");
    REQUIRE(outcome(exchange.credentials("user@example.org", pencil())) == "challenge");
    return exchange;
}

}  // namespace

TEST_CASE("SCRAM-SHA-1, the exchange of RFC 5802 section 5") {
    ServerExchange exchange(options_for(Mechanism::scram_sha_1));
    const Step first = exchange.start("n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL");
    REQUIRE(std::holds_alternative<NeedCredentials>(first));
    CHECK(std::get<NeedCredentials>(first).username == "user");
    CHECK(std::get<NeedCredentials>(first).authzid.empty());

    CHECK(challenge_of(exchange.credentials("user@example.org", pencil())) ==
          "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096");

    const Step last = exchange.response(
        "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=");
    REQUIRE(std::holds_alternative<Success>(last));
    CHECK(std::get<Success>(last).additional_data == "v=rmF9pqV8S7suAoZWja4dJRkFsKQ=");
}

TEST_CASE("SCRAM-SHA-256, the exchange of RFC 7677 section 3") {
    ExchangeOptions options = options_for(Mechanism::scram_sha_256);
    options.server_nonce = "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
    ServerExchange exchange(std::move(options));
    REQUIRE(outcome(exchange.start("n,,n=user,r=rOprNGfwEbeRWgbNEkqO")) == "need-credentials");

    // Between any two steps the exchange may move elsewhere.
    ServerExchange moved(std::move(exchange));
    CHECK(challenge_of(moved.credentials("user@example.org", pencil())) ==
          "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
          "s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096");
    const Step last = moved.response(
        "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
        "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=");
    REQUIRE(std::holds_alternative<Success>(last));
    CHECK(std::get<Success>(last).additional_data ==
          "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
}

TEST_CASE("the downgrade hash, the exchange of XEP-0474") {
    const std::array<std::string_view, 2> mechanisms{"SCRAM-SHA-1-PLUS", "SCRAM-SHA-1"};
    const std::array<std::string_view, 2> bindings{"tls-server-end-point", "tls-exporter"};
    ExchangeOptions options = options_for(Mechanism::scram_sha_1_plus);
    options.bindings.tls_exporter = "THIS IS FAKE CB DATA";
    options.server_nonce = "a09117a6-ac50-4f2f-93f1-93799c2bddf6";
    options.advertised = advertised_list(mechanisms, bindings);
    CHECK(options.advertised ==
          "SCRAM-SHA-1\x1eSCRAM-SHA-1-PLUS\x1ftls-exporter\x1etls-server-end-point");
    ServerExchange exchange(std::move(options));
    REQUIRE(
        outcome(exchange.start("p=tls-exporter,,n=user,r=12C4CD5C-E38E-4A98-8F6D-15C38F51CCC6")) ==
        "need-credentials");
    CHECK(challenge_of(exchange.credentials("user@example.org", pencil())) ==
          "r=12C4CD5C-E38E-4A98-8F6D-15C38F51CCC6a09117a6-ac50-4f2f-93f1-93799c2bddf6,"
          "s=QSXCR+Q6sek8bf92,i=4096,h=G6k/rBLDqgOhRRaCuuatSDFkJ08=");
    const Step last = exchange.response(
        "c=cD10bHMtZXhwb3J0ZXIsLFRISVMgSVMgRkFLRSBDQiBEQVRB,"
        "r=12C4CD5C-E38E-4A98-8F6D-15C38F51CCC6a09117a6-ac50-4f2f-93f1-93799c2bddf6,"
        "x=19C6532F-1CF4-4A27-A18D-DC9CEA41BBB3,p=M/SIDjT+dfcxUh89jZEypRvFxB4=");
    REQUIRE(std::holds_alternative<Success>(last));
    CHECK(std::get<Success>(last).additional_data == "v=MQrMPvv7yv4x4Cq4W4Ih25EqS2c=");
}

TEST_CASE("advertised_list without announced bindings") {
    const std::array<std::string_view, 2> mechanisms{"SCRAM-SHA-256", "PLAIN"};
    CHECK(advertised_list(mechanisms, std::nullopt) == "PLAIN\x1eSCRAM-SHA-256");
    CHECK(advertised_list(mechanisms, std::span<const std::string_view>{}) ==
          "PLAIN\x1eSCRAM-SHA-256\x1f");
}

TEST_CASE("-PLUS with every binding type and both hashes") {
    const std::array<std::pair<std::string_view, std::string_view>, 3> types{
        {{"tls-exporter", "exported key"},
         {"tls-server-end-point", "hash of the certificate"},
         {"tls-unique", "finished"}}};
    for (const auto mechanism : {Mechanism::scram_sha_256_plus, Mechanism::scram_sha_1_plus}) {
        for (const auto& [type, data] : types) {
            CAPTURE(type);
            ExchangeOptions options = options_for(mechanism);
            options.bindings = {"exported key", "hash of the certificate", "finished"};
            options.plus_offered = true;
            const std::string gs2 = "p=" + std::string(type) + ",,";
            CHECK(authenticate(options, gs2, data, "pencil", pencil()) == "success");
            CHECK(authenticate(options, gs2, "another channel", "pencil", pencil()) ==
                  "not-authorized");
            CHECK(authenticate(options, gs2, "", "pencil", pencil()) == "not-authorized");
            CHECK(authenticate(options, gs2, data, "pencils", pencil()) == "not-authorized");
        }
    }
}

TEST_CASE("channel binding and mechanism must agree") {
    ExchangeOptions plus = options_for(Mechanism::scram_sha_256_plus);
    plus.bindings.tls_exporter = "x";
    CHECK(authenticate(plus, "n,,", "", "pencil", pencil()) == "malformed-request");
    CHECK(authenticate(plus, "y,,", "", "pencil", pencil()) == "malformed-request");
    CHECK(authenticate(plus, "p=tls-unique,,", "", "pencil", pencil()) == "malformed-request");
    CHECK(authenticate(plus, "p=unknown,,", "", "pencil", pencil()) == "malformed-request");
    CHECK(authenticate(plus, "p=,,", "", "pencil", pencil()) == "malformed-request");
    CHECK(authenticate(options_for(Mechanism::scram_sha_256), "p=tls-exporter,,", "x", "pencil",
                       pencil()) == "malformed-request");
}

TEST_CASE("a client that was not shown our -PLUS is warned") {
    ExchangeOptions options = options_for(Mechanism::scram_sha_256);
    CHECK(authenticate(options, "y,,", "", "pencil", pencil()) == "success");
    options.plus_offered = true;
    CHECK(authenticate(options, "y,,", "", "pencil", pencil()) == "malformed-request");
    CHECK(authenticate(options, "n,,", "", "pencil", pencil()) == "success");
}

TEST_CASE("without an initial response there is an empty challenge first") {
    ServerExchange exchange(options_for(Mechanism::scram_sha_1));
    CHECK(challenge_of(exchange.start(std::nullopt)).empty());
    CHECK(outcome(exchange.response("n,,n=user,r=abc")) == "need-credentials");
}

TEST_CASE("names and authorization identities are unescaped") {
    ServerExchange exchange(options_for(Mechanism::scram_sha_256));
    const Step step = exchange.start("n,a=a=2Cb@example.org,n=a=2Cb=3Dc\xc3\xa9,r=abc,x=ignored");
    REQUIRE(std::holds_alternative<NeedCredentials>(step));
    CHECK(std::get<NeedCredentials>(step).username == "a,b=c\xc3\xa9");
    CHECK(std::get<NeedCredentials>(step).authzid == "a,b@example.org");
}

TEST_CASE("the authorization identity comes back at the end") {
    ServerExchange exchange(options_for(Mechanism::scram_sha_1));
    const std::string bare = "n=user,r=abc";
    REQUIRE(outcome(exchange.start("n,a=user@example.org," + bare)) == "need-credentials");
    const auto server_first = challenge_of(exchange.credentials("user@example.org", pencil()));
    const Step last = exchange.response(
        client_final(Hash::sha1, "pencil", bare, server_first, "n,a=user@example.org,"));
    REQUIRE(std::holds_alternative<Success>(last));
    CHECK(std::get<Success>(last).authzid == "user@example.org");
}

TEST_CASE("malformed first messages") {
    const std::string nul("n,,n=us\0er,r=abc", 16);
    const std::string wrong[] = {"",
                                 "n",
                                 "n,",
                                 "n,,",
                                 "x,,n=user,r=abc",
                                 "nn,,n=user,r=abc",
                                 "n,,n=user",
                                 "n,,n=user,",
                                 "n,,n=user,r=",
                                 "n,,n=,r=abc",
                                 "n,,r=abc,n=user",
                                 "n,,m=ext,n=user,r=abc",
                                 "n,,n=user,r=abc,m=ext",
                                 "n,,n=user,r=abc,",
                                 "n,,n=user,r=abc,x",
                                 "n,,n=user,r=abc,1=x",
                                 "n,,n=us=er,r=abc",
                                 "n,,n=user=,r=abc",
                                 "n,,n=user=2,r=abc",
                                 "n,,n=user=2c,r=abc",
                                 "n,,n=user,r=a c",
                                 "n,,n=user,r=a\x7f",
                                 "n,,n=user,r=\xc3\xa9",
                                 "n,,n=\xff,r=abc",
                                 "n,,n=user,r=" + std::string(1025, 'a'),
                                 "n,,n=" + std::string(8192, 'a') + ",r=abc",
                                 nul};
    for (const std::string& message : wrong) {
        CAPTURE(message);
        CHECK(first_outcome(Mechanism::scram_sha_256, message) == "malformed-request");
    }
    CHECK(first_outcome(Mechanism::scram_sha_256, "n,x,n=user,r=abc") == "invalid-authzid");
    CHECK(first_outcome(Mechanism::scram_sha_256, "n,a=,n=user,r=abc") == "invalid-authzid");
    CHECK(first_outcome(Mechanism::scram_sha_256, "n,a=a=b,n=user,r=abc") == "invalid-authzid");
    CHECK(first_outcome(Mechanism::scram_sha_256, "n,,n=user,r=" + std::string(1024, 'a')) ==
          "need-credentials");
}

TEST_CASE("malformed and wrong final messages") {
    const std::string nonce = "fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j";
    const std::string proof = ",p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=";
    const std::pair<std::string, std::string> cases[] = {
        {"c=biws,r=" + nonce + proof, "success"},
        {"", "malformed-request"},
        {"c=biws,r=" + nonce, "malformed-request"},
        {"c=biws" + proof, "malformed-request"},
        {"r=" + nonce + ",c=biws" + proof, "malformed-request"},
        {"c=biws,r=" + nonce + ",p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts", "malformed-request"},
        {"c=biws,r=" + nonce + ",p=!!!!", "malformed-request"},
        {"c=biws,r=" + nonce + ",p=", "not-authorized"},
        {"c=biws,r=" + nonce + ",p=AAAA", "not-authorized"},
        {"c=biws,r=" + nonce + proof + ",x=y", "malformed-request"},
        {"c=biws,r=" + nonce + ",m=y" + proof, "malformed-request"},
        {"c=biw,r=" + nonce + proof, "malformed-request"},
        {"c=eSws,r=" + nonce + proof, "not-authorized"},
        {"c=biws,r=" + nonce + "x" + proof, "not-authorized"},
        {"c=biws,r=fyko+d2lbbFgONRv9qkxdawL" + proof, "not-authorized"},
        {"c=biws,r=" + nonce + ",x=y" + proof, "not-authorized"},  // the proof covers extensions
        {"c=biws,r=" + nonce + ",x=\xff" + proof, "malformed-request"},
        {"c=biws,r=" + nonce + ",x=" + std::string(8192, 'a') + proof, "malformed-request"},
    };
    for (const auto& [message, expected] : cases) {
        CAPTURE(message);
        ServerExchange exchange = challenged();
        CHECK(outcome(exchange.response(message)) == expected);
        CHECK(outcome(exchange.response(message)) == "malformed-request");  // it is over
    }
}

TEST_CASE("steps out of order fail and end the exchange") {
    ServerExchange early(options_for(Mechanism::scram_sha_1));
    CHECK(outcome(early.response("n,,n=user,r=abc")) == "malformed-request");
    CHECK(outcome(early.start("n,,n=user,r=abc")) == "malformed-request");

    ServerExchange pipelined(options_for(Mechanism::scram_sha_1));
    REQUIRE(outcome(pipelined.start("n,,n=user,r=abc")) == "need-credentials");
    CHECK(outcome(pipelined.response("c=biws")) == "malformed-request");
    CHECK(outcome(pipelined.credentials("user@example.org", pencil())) == "malformed-request");
}

TEST_CASE("an unknown account looks like any other until the end") {
    const auto challenge_for = [](Mechanism mechanism, std::string_view account) {
        ServerExchange exchange(options_for(mechanism));
        REQUIRE(outcome(exchange.start("n,,n=user,r=abc")) == "need-credentials");
        return challenge_of(exchange.credentials(account, std::nullopt));
    };
    const std::string first = challenge_for(Mechanism::scram_sha_256, "ghost@example.org");
    CHECK(attribute(first, "i=") == "4096");
    CHECK(unbase64(attribute(first, "s=")).size() == salt_size);
    CHECK(challenge_for(Mechanism::scram_sha_256, "ghost@example.org") == first);
    CHECK(challenge_for(Mechanism::scram_sha_256, "spook@example.org") != first);
    CHECK(challenge_for(Mechanism::scram_sha_1, "ghost@example.org") != first);

    CHECK(authenticate(options_for(Mechanism::scram_sha_256), "n,,", "", "pencil", std::nullopt) ==
          "not-authorized");
    // An account that lacks this hash is treated the same way.
    Credentials half = pencil();
    half.sha1.reset();
    CHECK(authenticate(options_for(Mechanism::scram_sha_1), "n,,", "", "pencil", half) ==
          "not-authorized");
    CHECK(authenticate(options_for(Mechanism::scram_sha_256), "n,,", "", "pencil", half) ==
          "success");
}

TEST_CASE("a decoy's salt is the same with and without -PLUS, as a real one's is") {
    ExchangeOptions plus = options_for(Mechanism::scram_sha_256_plus);
    plus.bindings.tls_exporter = "x";
    ServerExchange bound(std::move(plus));
    ServerExchange unbound(options_for(Mechanism::scram_sha_256));
    REQUIRE(outcome(bound.start("p=tls-exporter,,n=user,r=abc")) == "need-credentials");
    REQUIRE(outcome(unbound.start("n,,n=user,r=abc")) == "need-credentials");
    CHECK(challenge_of(bound.credentials("ghost@example.org", std::nullopt)) ==
          challenge_of(unbound.credentials("ghost@example.org", std::nullopt)));
}

TEST_CASE("PLAIN") {
    const auto attempt = [](std::string_view message, const std::optional<Credentials>& stored) {
        ServerExchange exchange(options_for(Mechanism::plain));
        const Step first = exchange.start(message);
        if (!std::holds_alternative<NeedCredentials>(first)) return outcome(first);
        CHECK(std::get<NeedCredentials>(first).username == "user");
        return outcome(exchange.credentials("user@example.org", stored));
    };
    using namespace std::string_view_literals;
    CHECK(attempt("\0user\0pencil"sv, pencil()) == "success");
    CHECK(attempt("\0user\0pencils"sv, pencil()) == "not-authorized");
    CHECK(attempt("\0user\0pencil"sv, std::nullopt) == "not-authorized");
    CHECK(attempt("\0user\0pencil"sv, Credentials{}) == "not-authorized");
    Credentials old_only = pencil();
    old_only.sha256.reset();
    CHECK(attempt("\0user\0pencil"sv, old_only) == "success");

    for (const std::string_view wrong :
         {""sv, "user"sv, "\0user"sv, "\0user\0"sv, "\0\0pencil"sv, "\0user\0pencil\0"sv,
          "\0user\0p\0encil"sv, "\0us\xff\0pencil"sv}) {
        CHECK(attempt(wrong, pencil()) == "malformed-request");
    }
    CHECK(attempt(std::string("\0user\0", 6) + std::string(8192, 'a'), pencil()) ==
          "malformed-request");
}

TEST_CASE("PLAIN with an authorization identity") {
    using namespace std::string_view_literals;
    ServerExchange exchange(options_for(Mechanism::plain));
    const Step first = exchange.start("juliet@example.org\0user\0pencil"sv);
    REQUIRE(std::holds_alternative<NeedCredentials>(first));
    CHECK(std::get<NeedCredentials>(first).authzid == "juliet@example.org");
    const Step last = exchange.credentials("user@example.org", pencil());
    REQUIRE(std::holds_alternative<Success>(last));
    CHECK(std::get<Success>(last).authzid == "juliet@example.org");
    CHECK(std::get<Success>(last).additional_data.empty());
}

TEST_CASE("SASLprep, the examples of RFC 4013 section 3") {
    CHECK(saslprep("I\xc2\xadX").value() == "IX");
    CHECK(saslprep("user").value() == "user");
    CHECK(saslprep("USER").value() == "USER");
    CHECK(saslprep("\xc2\xaa").value() == "a");
    CHECK(saslprep("\xe2\x85\xa8").value() == "IX");
    CHECK_FALSE(saslprep("\x07").ok());
    CHECK_FALSE(saslprep("\xd8\xa7\x31").ok());
    CHECK_FALSE(saslprep("").ok());
    CHECK_FALSE(saslprep("\xc2\xad").ok());  // nothing is left
    CHECK_FALSE(saslprep("\xff").ok());
    CHECK(saslprep("\xc2\xa0x").value() == " x");                       // spaces become plain
    CHECK(saslprep("\xf0\x9f\xa6\x86").value() == "\xf0\x9f\xa6\x86");  // newer than Unicode 3.2
    std::string expanding;
    for (int i = 0; i < 40; ++i) expanding += "\xef\xb7\xba";  // U+FDFA: 18 characters each
    CHECK(saslprep(expanding).ok());
}

TEST_CASE("credentials of a new password") {
    const auto made = make_credentials("p\xc3\xa4ssword", 100);
    REQUIRE(made.ok());
    REQUIRE(made.value().sha1);
    REQUIRE(made.value().sha256);
    CHECK(made.value().sha256->salt.size() == salt_size);
    CHECK(made.value().sha256->salt != made.value().sha1->salt);
    CHECK(made.value().sha256->iterations == 100);
    CHECK(made.value().sha256->stored_key.size() == 32);
    CHECK(made.value().sha1->server_key.size() == 20);
    CHECK(verify_password(made.value(), "p\xc3\xa4ssword"));
    CHECK(verify_password(made.value(), "pa\xcc\x88ssword"));  // the same, decomposed
    CHECK_FALSE(verify_password(made.value(), "password"));
    CHECK_FALSE(verify_password(made.value(), ""));
    CHECK_FALSE(make_credentials("", 100).ok());
    CHECK_FALSE(make_credentials("\x01", 100).ok());
}

TEST_CASE("names") {
    for (const Mechanism mechanism : all_mechanisms()) {
        CHECK(parse_mechanism(name(mechanism)) == mechanism);
    }
    CHECK(all_mechanisms().size() == 5);
    CHECK(name(all_mechanisms().front()) == "SCRAM-SHA-256-PLUS");
    CHECK(name(all_mechanisms().back()) == "PLAIN");
    CHECK_FALSE(parse_mechanism("plain").has_value());
    CHECK_FALSE(parse_mechanism("").has_value());
    CHECK(name(Condition::aborted) == "aborted");
    CHECK(name(Condition::not_authorized) == "not-authorized");
    CHECK(name(Condition::temporary_auth_failure) == "temporary-auth-failure");
    CHECK(make_nonce().size() == 24);
    CHECK(make_nonce() != make_nonce());
    CHECK(make_nonce().find(',') == std::string::npos);
}
